// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Runs bulkfree on all mounts, once for each filesystem.</summary>
internal static class CleanupCommand
{
    private static readonly ArgumentRow PathArgument = new("PATH", "only the filesystem that is mounted there")
    {
        IsOptional = true,
        Completes = Completion.Directory,
    };

    public static readonly CommandRow Row = new("cleanup", "free the blocks of deleted files of all mounts", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Runs bulkfree on every HAMMER2 filesystem that is mounted, once for each filesystem however many of its PFSs
            are mounted. Meant for a timer.
            """,
        Arguments = [PathArgument],
        Selects = SelectedPath.WhenAlone,
        Examples = [new("hammer2 cleanup", "clean up all mounted filesystems")],
    };

    private static int Run(Invocation invocation)
    {
        invocation.Interrupted = static () => "blocks freed so far stay free, run it again for the rest";
        List<(string Target, bool IsFirst)> wanted = invocation.OptionalText(PathArgument) is { } path
            ? [(path, true)]
            : Plan(MountTableLine.ReadAll());
        int code = ExitCode.Ok;
        bool isJson = invocation.Has(CommonOptions.Json);
        using Report? report = isJson ? invocation.OpenReport() : null;
        report?.BeginTable("mounts", new Column("path", "PATH"), new Column("isDone", "DONE"),
            new Column("freed", "FREED"));
        foreach ((string target, bool isFirst) in wanted)
        {
            string same = isFirst ? "" : " (same partition)";
            if (!isJson) invocation.Terminal.Out.WriteLine($"hammer2 cleanup \"{ByteText.ToPrintable(target)}\"{same}");
            BulkfreeRecord record = default;
            bool isDone = isFirst && Clean(invocation, target, ref record, ref code);
            report?.Row(Cell.Text(target), Cell.Flag(isDone), Cell.Bytes(record.FreedBytes));
        }
        report?.EndTable();
        if (wanted.Count == 0) invocation.Warn("cleanup: no HAMMER2 mounts");
        return code;
    }

    /// <summary>The mounts in the order of the table; false for those whose filesystem comes before.</summary>
    internal static List<(string Target, bool IsFirst)> Plan(IReadOnlyList<MountTableLine> table)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var plan = new List<(string, bool)>();
        foreach (MountTableLine line in table)
            if (line.IsHammer2) plan.Add((line.Target, seen.Add(line.SourceWithoutLabel)));
        return plan;
    }

    private static bool Clean(Invocation invocation, string target, ref BulkfreeRecord record, ref int code)
    {
        try
        {
            MountIoctl.Call(target, IoctlCommand.BulkfreeScan, ref record);
            return true;
        }
        catch (CommandException failure)
        {
            // The other filesystems are cleaned up as well.
            invocation.Warn(failure.Message);
            code = Math.Max(code, failure.Code);
            return false;
        }
    }
}
