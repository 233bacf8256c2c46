// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the usage of a filesystem's space, and draws it.</summary>
internal static class FreemapCommand
{
    private const int CellsMax = 65536;

    private static readonly OptionRow Svg =
        new("--svg", "draw the space into this file as SVG") { ValueName = "FILE", Completes = Completion.File };

    private static readonly OptionRow Html =
        new("--html", "draw the space into this file as a page with a table")
        {
            ValueName = "FILE",
            Completes = Completion.File,
        };

    private static readonly OptionRow Cells =
        new("--cells", "divide the space into at most this number of ranges") { ValueName = "NUMBER" };

    public static readonly CommandRow Row = new("freemap", "print or draw the usage of a filesystem's space",
        Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Reads the freemap and prints totals: bytes that are free, in use by kind, and staged for freeing.
            Blocks of deleted files stay in use until a later bulkfree; space that was never used has no freemap
            block and counts as free.

            A picture has a square for each range of the address space, coloured by the kind of its blocks.
            """,
        Arguments = [MediaOptions.Volume],
        Options = [Svg, Html, Cells, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 freemap disk.img", "print the sums"),
            new("hammer2 freemap disk.img --html space.html", "draw a picture"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        ulong cells = invocation.Number(Cells) ?? FreemapSurvey.CellsDefault;
        if (cells is 0 or > CellsMax)
            throw new CommandException(ExitCode.Usage, $"{Cells.Name} {cells}: must be 1 to {CellsMax}");
        using VolumeSet volumes = MediaOptions.Open(invocation,
            MediaOptions.ParseReadable(invocation.Text(MediaOptions.Volume)));
        FreemapSurvey survey = FreemapSurvey.Take(volumes, (int)cells);
        if (invocation.Text(Svg) is { } svg) Draw(svg, to => FreemapPicture.WriteSvg(survey, volumes.Name, to));
        if (invocation.Text(Html) is { } html) Draw(html, to => FreemapPicture.WriteHtml(survey, volumes.Name, to));
        using (Report report = invocation.OpenReport()) Write(report, volumes, survey);
        return survey.Faults.Count == 0 ? ExitCode.Ok : ExitCode.Damage;
    }

    private static void Draw(string path, Action<TextWriter> draw)
    {
        try
        {
            using StreamWriter to = File.CreateText(path);
            draw(to);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{path}: {failure.Message}", failure);
        }
    }

    /// <summary>Writes the totals.</summary>
    internal static void Write(Report report, VolumeSet volumes, FreemapSurvey survey)
    {
        FreemapCell total = survey.Total;
        report.Value("name", "devices", Cell.Text(volumes.Name));
        report.Value("size", "size", Cell.Bytes(survey.TotalBytes));
        report.Value("free", "free", Cell.Bytes(total.FreeBytes));
        report.Value("possiblyFree", "staged", Cell.Bytes(total.PossiblyFreeBytes));
        report.Value("allocated", "in use", Cell.Bytes(total.AllocatedBytes));
        report.Value("static", "static", Cell.Bytes(total.StaticBytes));
        report.Value("unknown", "unknown", Cell.Bytes(total.UnknownBytes));
        report.Value("leaves", "freemap leaves", Cell.Number(survey.Leaves));
        report.Value("nodes", "freemap nodes", Cell.Number(survey.Nodes));
        report.BeginTable("classes", new Column("class", "IN USE FOR"), new Column("bytes", "BYTES"));
        for (int kind = 0; kind < FreemapCell.ClassesTotal; kind++)
        {
            var type = (BlockrefType)kind;
            if (total.OfClass(type) == 0) continue;
            report.Row(Cell.Text(type == BlockrefType.Empty ? "no class" : MediaText.Kind(type)),
                Cell.Bytes(total.OfClass(type)));
        }
        report.EndTable();
        report.BeginTable("faults", new Column("address", "DAMAGED FOR"), new Column("fault", "FAULT"));
        foreach ((ulong address, WalkFault fault) in survey.Faults)
            report.Row(Cell.Hex(address), Cell.Text(fault.Reason));
        report.EndTable();
    }
}
