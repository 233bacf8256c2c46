// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Tool.Commands;

/// <summary>Checks and repairs whole filesystems; also the program that fsck(8) calls.</summary>
internal static class FsckCommand
{
    private static readonly OptionRow NoChanges =
        new("--no-changes", "check only (the default), regardless of other options") { Short = "-n" };

    private static readonly OptionRow Repair = new("--repair", "repair everything that can be repaired without guessing");

    private static readonly OptionRow Yes = new("--yes", "the same as --repair, for fsck(8)") { Short = "-y" };

    private static readonly OptionRow Preen =
        new("--preen", "for booting: repair what needs no decision, do not read file data, print little") { Short = "-p" };

    private static readonly OptionRow Automatic = new("--auto", "the same as --preen, for fsck(8)") { Short = "-a" };

    private static readonly OptionRow Force =
        new("--force", "read file data also with -a or -p") { Short = "-f" };

    private static readonly OptionRow Quick = new("--quick", "do not read file data, check everything else");

    private static readonly OptionRow ProgressTo =
        new("--progress-fd", "write progress to this file descriptor in the format of fsck(8); 0 draws a bar")
        {
            Short = "-C",
            ValueName = "FD",
        };

    private static readonly OptionRow FindingsMax =
        new("--max-findings", "list at most this number of findings of each severity (default 10000)") { ValueName = "NUMBER" };

    public static readonly CommandRow Row = new("fsck", "check filesystems as a whole", Run)
    {
        Group = CommandGroup.Media,
        ProgramNames = ["fsck.hammer2"],
        UsageExitCode = ExitCode.FsckUsage,
        HandlesSignals = true,
        Description = """
            Reads everything and checks every rule of the format: headers, check codes, structure, order,
            statistics, the freemap against the reachable blocks, entries against inodes and link counts.
            Findings are errors (data is lost, or the next write may lose data), warnings (inconsistent, but no
            data is lost) and notes (valid but worth knowing). Nothing is written unless a repair is requested.

            A repair corrects the freemap, statistics, link counts, types and keys of entries, parents, names of
            inodes and header copies, removes entries whose inode does not exist and orphans (inodes without
            links and entries), and adds entries in /lost+found of the PFS for inodes that lost theirs. It
            writes copy-on-write as the filesystem does: blocks in use are not overwritten and the header is
            written last, so that a power failure at any moment is safe. Damaged blocks are not changed; restore
            their content from a snapshot, from another node of the cluster or from a backup. In a PFS with
            several masters no change is made that the other nodes would need as well; use a resynchronization
            for that.

            With -a or -p, as fsck(8) calls it at boot, headers, freemap and all metadata are checked but file
            data is not read; a repair removes no entry and no inode and adds no entry; for a clean filesystem
            one line is printed. A filesystem of several volumes needs all of them and so cannot be checked by a
            line of fstab.

            A filesystem that is mounted for writing is rejected, because it changes while it is read.

            Memory: 64 MiB, 384 KiB for each GiB in use, 100 bytes for each directory of the largest PFS and a byte
            for each inode, those that snapshots share once. Where entries and inodes do not belong together,
            they are read again for each half million that is compared one by one, and to find paths. What
            snapshots share is read once.

            Give the nodes of a cluster as several volumes: each is checked by itself, and the nodes of one
            cluster that have the commit of the quorum are compared: keys, types, methods, change numbers, check
            codes, attributes and names. Nodes that do not have that commit are reported as stale.
            """,
        Arguments = [MediaOptions.UnmountedVolumes],
        Options = [NoChanges, Repair, Yes, Preen, Automatic, Force, Quick, ProgressTo, FindingsMax, .. MediaOptions.All],
        HasUnits = true,
        ExitCodes =
        [
            new(ExitCode.Ok, "no errors and no warnings"),
            new(ExitCode.FsckCorrected, "errors or warnings were found and repaired"),
            new(ExitCode.FsckUncorrected, "errors or warnings were found and not repaired"),
            new(ExitCode.FsckOperational, "a device cannot be opened, is in use or has no HAMMER2 filesystem"),
            new(ExitCode.FsckUsage, "malformed command line"),
            new(ExitCode.FsckCancelled, "stopped by the keyboard or a signal"),
        ],
        Examples =
        [
            new("hammer2 fsck /dev/sdb1", "check a partition"),
            new("fsck.hammer2 -n -C0 /dev/sdb1:/dev/sdc1", "check a filesystem of two volumes, with a bar"),
            new("fsck.hammer2 -a /dev/sdb1", "check and repair quickly, as at boot"),
            new("hammer2 fsck --repair /dev/sdb1", "check and repair"),
            new("hammer2 fsck --json n0.img n1.img n2.img", "check the nodes of a cluster, for a program"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, stop);
        using var progress = new FsckProgress(invocation.Terminal, OpenProgress(invocation));
        ulong findingsMax = invocation.Number(FindingsMax) ?? 10_000;
        if (findingsMax is 0 or > 1_000_000)
            throw new CommandException(ExitCode.FsckUsage, $"{FindingsMax.Name} {findingsMax}: must be 1 to 1000000");
        int code = ExitCode.Ok;
        var checkedSets = new List<VolumeSet>();
        using Report report = invocation.OpenReport();
        report.BeginList("filesystems");
        try
        {
            foreach (string text in invocation.Texts(MediaOptions.UnmountedVolumes))
            {
                if (TryOpen(invocation, text) is not { } volumes)
                {
                    code |= ExitCode.FsckOperational;
                    continue;
                }
                checkedSets.Add(volumes);
                var options = new FsckOptions
                {
                    FindingsMax = (int)findingsMax,
                    ReadsData = !invocation.Has(Quick) && (!Preens(invocation) || invocation.Has(Force)),
                    Progress = progress.Of(volumes),
                    Cancellation = stop.Token,
                };
                code |= Guard(invocation, progress, () => Check(invocation, report, volumes, options, progress));
                if (stop.IsCancellationRequested) break;
            }
            report.EndList();
            var compare = new FsckOptions { FindingsMax = (int)findingsMax, Cancellation = stop.Token };
            if (checkedSets.Count > 1) code |= Guard(invocation, progress, () => Compare(report, checkedSets, compare));
        }
        finally
        {
            foreach (VolumeSet volumes in checkedSets) volumes.Dispose();
        }
        return code;
    }

    private static bool Repairs(Invocation invocation) => !invocation.Has(NoChanges)
        && (invocation.Has(Repair) || invocation.Has(Yes) || Preens(invocation));

    private static bool Preens(Invocation invocation) => !invocation.Has(Repair) && !invocation.Has(Yes)
        && IsAtBoot(invocation);

    private static bool IsAtBoot(Invocation invocation) => invocation.Has(Preen) || invocation.Has(Automatic);

    private static int Check(
        Invocation invocation, Report report, VolumeSet volumes, FsckOptions options, FsckProgress progress)
    {
        var text = new FsckText(report, IsAtBoot(invocation), invocation.Unit);
        if (!Repairs(invocation))
        {
            FsckReport result = FilesystemChecker.Check(volumes, options);
            progress.Clear();
            text.Write(volumes, result, null);
            return result.IsClean ? ExitCode.Ok : ExitCode.FsckUncorrected;
        }
        var repairOptions = new FsckRepairOptions
        {
            Check = options,
            IsPreen = Preens(invocation),
            Time = invocation.Terminal.Time,
        };
        FsckRepairReport repair = FsckRepairer.Repair(volumes, repairOptions);
        progress.Clear();
        text.Write(volumes, repair.After, repair);
        int code = repair.After.IsClean ? ExitCode.Ok : ExitCode.FsckUncorrected;
        if (repair.HasChanged) code |= ExitCode.FsckCorrected;
        if (repair.Error == Hammer2Error.None) return code;
        invocation.Warn($"{volumes.Name}: the repair ended early: {repair.Error}");
        return code | ExitCode.FsckOperational;
    }

    private static int Compare(Report report, List<VolumeSet> sets, FsckOptions options)
    {
        int code = ExitCode.Ok;
        report.BeginList("clusters");
        foreach (ClusterReport cluster in ClusterCompare.Run(sets, options))
        {
            FsckText.Write(report, cluster);
            if (!cluster.IsClean) code = ExitCode.FsckUncorrected;
        }
        report.EndList();
        return code;
    }

    private static int Guard(Invocation invocation, FsckProgress progress, Func<int> action)
    {
        try
        {
            return action();
        }
        catch (OperationCanceledException)
        {
            progress.Clear();
            invocation.Warn(Repairs(invocation)
                ? "fsck: interrupted; not everything was checked, and a repair may have been made before that"
                : "fsck: interrupted; not everything was checked, and nothing was changed");
            return ExitCode.FsckCancelled;
        }
    }

    private static VolumeSet? TryOpen(Invocation invocation, string text)
    {
        try
        {
            MountSpec spec = MountSpec.Parse(text);
            // A shared lock excludes writers; a repair needs an exclusive lock.
            MediaSourceOptions options = MediaOptions.Read(invocation) with
            {
                TakesLock = true,
                IsReadOnly = !Repairs(invocation),
            };
            return MediaSource.Open(spec.Paths, options, invocation.Loggers.CreateLogger("Hammer2.Devices"));
        }
        catch (Exception failure) when (failure is MediaException or FormatException or ArgumentException)
        {
            invocation.Warn(failure.Message);
            return null;
        }
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });

    private static FileStream? OpenProgress(Invocation invocation)
    {
        ulong number = invocation.Number(ProgressTo) ?? 0;
        if (number == 0) return null;
        if (number > int.MaxValue)
            throw new CommandException(ExitCode.FsckUsage, $"{ProgressTo.Name} {number}: no open file");
        try
        {
            return new FileStream(new SafeFileHandle((nint)number, ownsHandle: false), FileAccess.Write, 1);
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.FsckUsage, $"{ProgressTo.Name} {number}: {failure.Message}", failure);
        }
    }
}
