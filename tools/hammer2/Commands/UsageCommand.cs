// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Usage;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.Snapshots;

namespace Hammer2.Tool.Commands;

/// <summary>Prints what each PFS and snapshot holds alone.</summary>
internal static class UsageCommand
{
    private const int JsonVersion = 1;

    private static readonly ArgumentRow Target =
        new("WHERE", "a directory in a mount, or all devices of a filesystem, DEVICE[:DEVICE...]")
        {
            Completes = Completion.File,
        };

    public static readonly CommandRow Row = new("usage", "print what each PFS and snapshot holds alone", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            ALONE is what deleting the PFS frees, after bulkfree: blocks that no other PFS refers to, file data and the rest. It
            is exact as of the last commit, unless a block cannot be read, which the last column says. Deleting two snapshots may
            free more than the sum of both, since what only these two share is shared. REFERENCED is everything that the PFS
            refers to, as its root counts it; blocks that are shared within it are counted more than once.

            All indirect blocks are read, those that are shared twice at most. Memory: two bytes for each KiB of
            metadata, and 64 MiB.

            JSON: version; pfs, each with label, subtype, aloneData, aloneMetadata, referenced (bytes) and error or null;
            shared, the bytes that several PFSs refer to.
            """,
        Arguments = [Target],
        Options = MediaOptions.All,
        HasUnits = true,
        Examples = [new("hammer2 usage /home", "which snapshot should be deleted to gain space")],
    };

    private static int Run(Invocation invocation)
    {
        using SnapshotFilesystem filesystem = TreeArgument.Parse(invocation.Text(Target)).Open(invocation);
        FilesystemUsage usage = FilesystemUsage.Read(filesystem);
        using Report report = invocation.OpenReport();
        report.Detail("version", Cell.Number(JsonVersion));
        report.BeginTable("pfs", new Column("subtype", "SUBTYPE"), new Column("aloneData", "ALONE: DATA"),
            new Column("aloneMetadata", "METADATA"), new Column("referenced", "REFERENCED"), new Column("error", "UNREADABLE"),
            new Column("label", "LABEL"));
        bool isWhole = filesystem.ListError == Hammer2Error.None;
        foreach (PfsUsage pfs in usage.Pfses)
        {
            isWhole &= pfs.Errors == Hammer2Error.None;
            report.Row(Cell.Text(MediaText.Subtype(pfs.Subtype)), Cell.Bytes(pfs.AloneDataBytes),
                Cell.Bytes(pfs.AloneMetadataBytes), Cell.Bytes(pfs.ReferencedBytes),
                pfs.Errors == Hammer2Error.None ? Cell.Absent : Cell.Text(pfs.Errors.ToString()),
                Cell.Text(NameText.Escape(pfs.Label)));
        }
        report.EndTable();
        report.Value("shared", "shared by several", Cell.Bytes(usage.SharedBytes));
        return isWhole ? ExitCode.Ok : ExitCode.Damage;
    }
}
