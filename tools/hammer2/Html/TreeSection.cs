// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Html;

/// <summary>The part of the page about the sizes of trees, compression, and content that is stored once.</summary>
internal static class TreeSection
{
    private const double Percent = 100;

    /// <summary>Writes it.</summary>
    public static void Write(Report report, VolumeSet volumes, TreeSurvey survey)
    {
        report.Value("inodes", "inodes", Cell.Number(survey.Inodes));
        report.Value("entries", "directory entries", Cell.Number(survey.Entries));
        report.Value("nameBytes", "blocks of long names", Cell.Bytes(survey.NameBytes));
        report.Value("embeddedFiles", "files in inodes", Cell.Number(survey.EmbeddedFiles));
        report.Value("embeddedBytes", "content in inodes", Cell.Bytes(survey.EmbeddedBytes));
        WriteLevels(report, survey);
        WriteMethods(report, survey);
        report.BeginTable("storedOnce", new Column("kind", "CONTENT THAT IS STORED ONCE"),
            new Column("references", "FURTHER REFERENCES"), new Column("bytes", "SAVED"));
        report.Row(Cell.Text("equal blocks within a PFS (deduplication)"), Cell.Number(survey.DuplicateReferences),
            Cell.Bytes(survey.DuplicateBytes));
        report.Row(Cell.Text("blocks of another PFS or snapshot"), Cell.Number(survey.SharedReferences),
            Cell.Bytes(survey.SharedBytes));
        report.EndTable();
        report.BeginTable("damagedBlocks", new Column("kind", "BLOCK"), new Column("address", "AT"),
            new Column("reason", "REASON"));
        foreach (TreeFault fault in survey.Faults)
        {
            report.Row(Cell.Text(MediaText.Kind(fault.Kind)), Cell.Text(volumes.DescribeLocation(fault.Address)),
                Cell.Text(fault.Reason));
        }
        report.EndTable();
        if (survey.FaultsTotal > 0) report.Value("faults", "damaged blocks", Cell.Number(survey.FaultsTotal));
    }

    private static void WriteLevels(Report report, TreeSurvey survey)
    {
        report.BeginTable("blocksOfReferences", new Column("owner", "TREES OF"), new Column("level", "LEVEL"),
            new Column("blocks", "BLOCKS"), new Column("bytes", "SIZE"));
        foreach (TreeLevel level in survey.Levels)
        {
            report.Row(Cell.Text(NameOf(level.Owner)), Cell.Number(level.Level), Cell.Number(level.Blocks),
                Cell.Bytes(level.Bytes));
        }
        report.EndTable();
    }

    private static void WriteMethods(Report report, TreeSurvey survey)
    {
        report.BeginTable("fileData", new Column("method", "COMPRESSION"), new Column("blocks", "BLOCKS"),
            new Column("content", "CONTENT"), new Column("stored", "STORED"), new Column("share", "STORED %"));
        foreach (DataMethodSize method in survey.Methods)
            Row(MediaText.Compression(method.Method), method.Blocks, method.ContentBytes, method.StoredBytes);
        if (survey.Methods.Count > 1)
        {
            Row("all", survey.Methods.Sum(static one => one.Blocks),
                survey.Methods.Aggregate(0UL, static (sum, one) => sum + one.ContentBytes),
                survey.Methods.Aggregate(0UL, static (sum, one) => sum + one.StoredBytes));
        }
        report.EndTable();

        void Row(string name, long blocks, ulong content, ulong stored) => report.Row(Cell.Text(name),
            Cell.Number(blocks), Cell.Bytes(content), Cell.Bytes(stored), content == 0 ? Cell.Absent
                : Cell.Text((Percent * stored / content).ToString("F1", CultureInfo.InvariantCulture)));
    }

    private static string NameOf(TreeOwner owner) => owner switch
    {
        TreeOwner.SuperRoot => "the list of PFSs",
        TreeOwner.PfsRoot => "inodes and root directories",
        TreeOwner.Directory => "directories",
        _ => "files",
    };
}
