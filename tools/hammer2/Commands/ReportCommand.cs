// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Html;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Makes a page of HTML about a mount or a filesystem.</summary>
internal static class ReportCommand
{
    private static readonly ArgumentRow Target =
        new("WHERE", "a directory in a mount, or all devices of a filesystem, DEVICE[:DEVICE...]")
        {
            Completes = Completion.File,
        };

    private static readonly OptionRow Output = new("--output", "write to this file, whole or not at all; else the page is printed")
    {
        Short = "-o",
        ValueName = "FILE",
        Completes = Completion.File,
    };

    private static readonly OptionRow Quick =
        new("--quick", "leave out what reads all indirect blocks: sizes of trees, what snapshots hold alone");

    public static readonly CommandRow Row = new("report", "make a page of HTML about a mount or a filesystem", Run)
    {
        Group = CommandGroup.Media,
        HasJson = false,
        HasUnits = true,
        Description = """
            One file that needs nothing else, no script and no network: health and nodes; a map of the space; the sizes of trees
            by kind and level; what compression and blocks that are stored once save; PFSs and snapshots by time, with what each
            holds alone; of a mount the requests and its last 200 events; errors and scrubs that the volumes keep; settings and
            copies of headers. Labels, paths and messages are shown as text, also those with markup.

            Indirect blocks are read twice, file data is not; each of these sections says how long it took. Memory: 256
            KiB for each GiB in use, and 64 MiB. A filesystem that is being written is shown as of its last commit, and
            blocks that are used again meanwhile are shown as damaged.
            """,
        Arguments = [Target],
        Options = [Output, Quick, .. MediaOptions.All],
        Examples =
        [
            new("hammer2 report /home -o home.html", "a page about a mount and its filesystem"),
            new("hammer2 report --quick disk.img -o disk.html", "without reading all indirect blocks"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string target = invocation.Text(Target);
        using VolumeSet volumes = MediaOptions.Open(invocation, MediaOptions.ParseReadable(target));
        var page = new FilesystemPage(invocation, target, invocation.Has(Quick));
        if (invocation.Text(Output) is { } output)
        {
            ReplacedFile.Write(output, file => page.Write(volumes, file));
            return ExitCode.Ok;
        }
        invocation.Terminal.Out.Flush();
        page.Write(volumes, invocation.Terminal.Output);
        return ExitCode.Ok;
    }
}
