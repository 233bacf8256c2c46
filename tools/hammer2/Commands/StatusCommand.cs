// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Says on one screen how a mount or a filesystem is.</summary>
internal static class StatusCommand
{
    private static readonly ArgumentRow Target =
        new("WHERE", "a directory in a mount, or all devices of a filesystem, DEVICE[:DEVICE...]; . when left out")
        {
            IsOptional = true,
            Completes = Completion.File,
        };

    private static readonly OptionRow Errors =
        new("--errors", "read every block and list the paths that damage hurts; this takes as long as 'hammer2 verify'");

    public static readonly CommandRow Row = new("status", "print how a mount or a filesystem is", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Of a mount: whether it is healthy and why not, its nodes, volumes and space, the number and time of its last
            commit (no time before the first one of the mount), long requests that run and how far they are, and the
            errors that were seen since it was mounted. For the user that mounted it, and root where it may enter the
            mount. Of devices: their headers, space and PFSs as of the last commit.

            With the mount options scrub-within=, snapshot-within= and bulkfree-within= a mount is degraded once the last scrub,
            snapshot of the schedule or bulkfree is longer ago. The times are on the devices, so that a restart does not
            change them.

            Space is that of one filesystem, shared by all its PFSs: what the PFS itself has, what other PFSs, snapshots
            and blocks of deleted files have, what is staged (the last bulkfree found it unreachable and has not freed
            it yet; no value until one has run on the mount), and what is free. Of a mount also what the next commit is
            about: changes in memory (not written yet) and on the devices (not committed yet), and what is reserved for
            them at worst.
            """,
        Arguments = [Target],
        Options = [Errors, .. MediaOptions.All],
        HasUnits = true,
        Selects = SelectedPath.WhenAlone,
        Examples =
        [
            new("hammer2 status /home", "print how a mount is"),
            new("hammer2 status --errors disk.img", "list damaged paths as well"),
        ],
        ExitCodes =
        [
            new(ExitCode.Ok, "healthy"),
            new(StatusLevels.Degraded,
                "degraded: it works; a node, or of devices a header copy or the freemap, does not; or a timer did not run in time"),
            new(StatusLevels.DataErrors, "data errors: a block cannot be read or a change could not be written"),
            new(StatusLevels.Unavailable, "unavailable: not mounted, not a filesystem, or writing has stopped"),
            new(ExitCode.Internal, "a defect of this program"),
        ],
        UsageExitCode = StatusLevels.Unavailable,
    };

    private static int Run(Invocation invocation)
    {
        string target = invocation.OptionalText(Target) ?? ".";
        using Report report = invocation.OpenReport();
        try
        {
            return MediaOptions.IsMount(target) ? OfMount(invocation, report, target) : OfDevices(invocation, report, target);
        }
        catch (CommandException failure) when (failure.Code != ExitCode.Interrupted)
        {
            report.Value("health", "health", Cell.Text(StatusLevels.NameOf(StatusLevels.Unavailable)));
            throw new CommandException(StatusLevels.Unavailable, failure.Message, failure);
        }
    }

    private static int OfMount(Invocation invocation, Report report, string path)
    {
        int level = WriteMount(report, path);
        if (!invocation.Has(Errors)) return level;
        using VolumeSet volumes = MediaOptions.Open(invocation, MountDevices.Of(path));
        return Math.Max(level, WriteErrors(report, volumes));
    }

    /// <summary>Writes how a mount is.</summary>
    /// <returns>Its level.</returns>
    internal static int WriteMount(Report report, string path)
    {
        MountStatus status = MountStatus.Read(path);
        int level = StatusLevels.OfMount(status.Health);
        report.Value("health", "health", Cell.Text(status.Health));
        report.BeginTable("reasons", new Column("reason", "REASONS"));
        foreach (string reason in status.Reasons) report.Row(Cell.Text(reason));
        report.EndTable();
        report.Value("pfs", "PFS", Cell.Text(status.Label));
        report.Value("isReadOnly", "read-only", Cell.Flag(status.IsReadOnly));
        report.Value("commit", "last commit", Cell.Text(status.Commit));
        report.Value("lastCommitAt", "committed at", status.LastCommitAt is { } at
            ? Cell.Time((ulong)at.ToUnixTimeMilliseconds() * 1000) : Cell.Absent);
        report.Value("repairedReads", "repaired reads", Cell.Number(status.RepairedReads));
        report.Value("healedPlaces", "healed", Cell.Number(status.HealedPlaces));
        report.Value("unhealedPlaces", "not healed", Cell.Number(status.UnhealedPlaces));
        report.Value("leftOutInodes", "inodes left out", Cell.Number(status.LeftOutInodes));
        report.Value("stalls", "stalls", Cell.Number(status.Stalls));
        report.Value("size", "size", Cell.Bytes(status.TotalBytes));
        report.Value("live", "live", Cell.Bytes(status.LiveBytes));
        report.Value("others", "snapshots, others", Cell.Bytes(status.OtherBytes));
        report.Value("reserved", "reserved", Cell.Bytes(status.ReservedBytes));
        report.Value("unwritten", "not written yet", Cell.Bytes(status.UnwrittenBytes));
        report.Value("uncommitted", "not committed yet", Cell.Bytes(status.UncommittedBytes));
        report.Value("staged", "staged", status.StagedBytes is { } staged ? Cell.Bytes(staged) : Cell.Absent);
        report.Value("free", "free", Cell.Bytes(status.FreeBytes));
        WriteNodes(report, status.Nodes);
        WriteJobs(report, status.Jobs);
        ScrubCommand.WriteSummary(report, status.Scrubs);
        ErrorTable.Write(report, status.Errors);
        report.BeginTable("volumes", new Column("id", "VOLUME"), new Column("device", "DEVICE"), new Column("size", "SIZE"));
        foreach (VolumeRecord volume in MountDevices.VolumesOf(MountDevices.ListOf(path)))
        {
            report.Row(Cell.Number((ulong)volume.Id), Cell.Text(MountDevices.PathOf(volume)),
                Cell.Bytes(volume.LengthBytes));
        }
        report.EndTable();
        return level;
    }

    private static void WriteJobs(Report report, IReadOnlyList<MountStatus.Job> jobs)
    {
        report.BeginTable("jobs", new Column("request", "RUNNING"), new Column("elapsedSeconds", "SECONDS"),
            new Column("done", "DONE"), new Column("total", "OF"), new Column("progress", "PROGRESS"));
        foreach (MountStatus.Job job in jobs)
        {
            report.Row(Cell.Text(job.Request), Cell.Number(job.ElapsedSeconds), Cell.Bytes(job.DoneBytes),
                Cell.Bytes(job.TotalBytes), Cell.Text(job.Progress));
        }
        report.EndTable();
    }

    private static void WriteNodes(Report report, IReadOnlyList<MountStatus.Node> nodes)
    {
        report.BeginTable("nodes", new Column("node", "NODE"), new Column("role", "ROLE"), new Column("state", "STATE"),
            new Column("commit", "COMMIT"), new Column("behind", "BEHIND"), new Column("percent", "RESYNC %"),
            new Column("reason", "REASON"), new Column("leftWhen", "UNTIL"));
        foreach (MountStatus.Node node in nodes)
        {
            report.Row(Cell.Text(node.Name), Cell.Text(node.Role), Cell.Text(node.State), Cell.Text(node.Commit),
                node.Behind is { } behind ? Cell.Number(behind) : Cell.Absent,
                node.Percent is { } percent ? Cell.Number((ulong)percent) : Cell.Absent,
                Cell.Text(node.Reason), Cell.Text(node.LeftWhen));
        }
        report.EndTable();
    }

    private static int OfDevices(Invocation invocation, Report report, string target)
    {
        using VolumeSet volumes = MediaOptions.Open(invocation, MediaOptions.Parse(target));
        int level = WriteDevices(report, volumes, PfsCatalog.Read(volumes), FreemapSurvey.Take(volumes, 1));
        return invocation.Has(Errors) ? Math.Max(level, WriteErrors(report, volumes)) : level;
    }

    /// <summary>Writes how a filesystem is that is not mounted.</summary>
    /// <returns>Its level.</returns>
    internal static int WriteDevices(Report report, VolumeSet volumes, PfsCatalog catalog, FreemapSurvey survey)
    {
        int level = StatusLevels.OfDevices(volumes.Notes.Count, survey.Faults.Count, catalog.Faults.Count);
        report.Value("health", "health", Cell.Text(StatusLevels.NameOf(level)));
        report.BeginTable("reasons", new Column("reason", "REASONS"));
        foreach (string note in volumes.Notes) report.Row(Cell.Text(note));
        foreach ((ulong address, WalkFault fault) in survey.Faults)
            report.Row(Cell.Text($"freemap at {volumes.DescribeLocation(address)}: {fault.Reason}"));
        foreach (PfsFault fault in catalog.Faults) report.Row(Cell.Text($"a PFS: {fault.Fault.Reason}"));
        report.EndTable();
        ref readonly VolumeHeaderSector fields = ref volumes.Header.Fields;
        report.Value("commit", "last header", Cell.Hex(fields.MirrorTid));
        report.Value("size", "size", Cell.Bytes(volumes.TotalBytes));
        report.Value("allocated", "in use", Cell.Bytes(survey.Total.AllocatedBytes));
        report.Value("staged", "staged", Cell.Bytes(survey.Total.PossiblyFreeBytes));
        report.Value("free", "free", Cell.Bytes(survey.Total.FreeBytes));
        report.BeginTable("pfs", new Column("label", "PFS"), new Column("subtype", "SUBTYPE"), new Column("data", "DATA"));
        foreach (PfsRecord pfs in catalog.Records)
        {
            report.Row(Cell.Text(NameText.Escape(pfs.Label)), Cell.Text(MediaText.Subtype(pfs.Meta.PfsSubtype)),
                Cell.Bytes(pfs.DataBytes));
        }
        report.EndTable();
        InfoCommand.WriteVolumes(report, volumes);
        return level;
    }

    private static int WriteErrors(Report report, VolumeSet volumes)
    {
        VerifyReport found = Verify.Run(volumes, new VerifyOptions());
        report.BeginTable("damage", new Column("path", "DAMAGED"), new Column("pfs", "PFS"), new Column("reason", "REASON"));
        foreach (VerifyFault fault in found.Faults)
        {
            IEnumerable<string> paths = fault.Paths.Select(path => NameText.Escape(path)).DefaultIfEmpty("-");
            foreach (string path in paths) report.Row(Cell.Text(path), Cell.Text(fault.Label), Cell.Text(fault.Reason));
        }
        report.EndTable();
        report.Value("damageTotal", "damaged blocks", Cell.Number(found.FaultsTotal));
        return found.FaultsTotal == 0 ? ExitCode.Ok : StatusLevels.DataErrors;
    }
}
