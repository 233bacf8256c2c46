// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about the state of a mount.</summary>
internal static class StatusRequests
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<StatusResult>("status", "state of the mount", ResultJson.Default.StatusResult, Status),
        new RequestRow<StatisticsResult>("stats", "requests of the kernel, and how long they took",
            ResultJson.Default.StatisticsResult, Statistics),
        new RequestRow<RemountResult>(
            "remount", "change options of the mount", ResultJson.Default.RemountResult, Remount)
        {
            IsEvent = true,
            Parameters = [new("options", ParameterType.Label, "ro, rw, commit=SECONDS ...", IsRequired: true)],
        },
    ];

    private static RequestOutcome<StatusResult> Status(RequestContext context, RequestArguments arguments) =>
        StatusOf(context.Mount);

    private static RequestOutcome<StatisticsResult> Statistics(RequestContext context, RequestArguments arguments) =>
        StatisticsOf(context.Mount);

    /// <summary>The state of a mount.</summary>
    internal static StatusResult StatusOf(AdministeredMount mount)
    {
        Pfs pfs = mount.Pfs;
        IReadOnlyList<NodeDescription> nodes = PfsReports.NodesOf(pfs);
        var condition = new MountCondition(
            mount.Vnodes.StopReason, nodes, PfsReports.LastDamageOf(pfs), pfs.Writer?.LeftOutTotal ?? 0,
            pfs.Writer?.IsEmergency ?? false,
            pfs.Writer is { IsStalled: true } stalled
                ? new StallCondition(pfs.SyncedTotal, pfs.View.Quorum, stalled.UnwrittenBytes) : null,
            OverdueOf(mount), PfsReports.UnnamedMastersOf(pfs));
        HealthVerdict health = MountHealth.Of(condition);
        return new StatusResult(MountHealth.NameOf(health.Health), health.Reasons, ByteText.Decode(pfs.Label.Span),
            mount.IsReadOnly(), PfsReports.LastCommitOf(pfs), pfs.View.Quorum, pfs.RepairedReads,
            pfs.Healed.Healed, pfs.Healed.Failed,
            condition.LeftOutInodes, [.. nodes.Select(ResultOf)], JobsOf(mount.Jobs),
            MediaRequests.SpaceOf(mount), ScrubRequests.ScrubsOf(pfs, hasPlaces: false), ScrubRequests.ErrorsOf(pfs),
            LiveBytesOf(mount), pfs.Writer?.Commits.LastAt, pfs.Writer?.StallsTotal ?? 0);
    }

    // On a mount that cannot be written nothing of it is done.
    private static IReadOnlyList<string> OverdueOf(AdministeredMount mount)
    {
        UpkeepLimits limits = mount.UpkeepLimits();
        if (!limits.IsSet || mount.Pfs.Writer is null || mount.IsReadOnly()) return [];
        Hammer2Error error = UpkeepReports.TimesOf(mount.Pfs, mount.Time.LocalTimeZone, out UpkeepTimes times);
        IReadOnlyList<string> overdue = limits.Overdue(times, mount.Time.GetUtcNow());
        return error == Hammer2Error.None ? overdue : [.. overdue, $"the snapshots cannot be listed: {error}"];
    }

    // Nothing where the root cannot be read, which is a reason of its own.
    private static ulong LiveBytesOf(AdministeredMount mount) =>
        mount.Vnodes.GetStored(VnodeOps.RootInum, out StoredInode root) == Errno.None ? root.DataCount : 0;

    /// <summary>What a mount has counted.</summary>
    internal static StatisticsResult StatisticsOf(AdministeredMount mount)
    {
        var operations = new List<OperationResult>();
        foreach (FuseOperationStatistics operation in mount.Statistics.Read())
        {
            int ranges = operation.Ranges.Count;
            while (ranges > 0 && operation.Ranges[ranges - 1] == 0) ranges--;
            operations.Add(new OperationResult(operation.Opcode.ToString(), operation.Count, operation.Errors,
                operation.TotalMicroseconds, [.. operation.Ranges.Take(ranges)]));
        }
        DateTimeOffset since = mount.Statistics.Since;
        SessionCounts session = mount.Session();
        return new StatisticsResult(since, (mount.Time.GetUtcNow() - since).TotalSeconds, operations,
            session.Queues > 0 ? "io_uring" : "device", session.Queues, session.Stalled, session.Malformed,
            session.Unknown, session.Thrown,
            [.. PfsReports.CachesOf(mount.Cluster).Select(static cache => new CacheResult(
                cache.Name, cache.HeldBytes, cache.MaxBytes, cache.Hits, cache.Misses))],
            mount.Pfs.Writer is { } writer ? CommitsOf(writer) : null, mount.Pfs.Writer?.DeduplicatedBlocks ?? 0,
            mount.Events.AddedTotal, Environment.WorkingSet);
    }

    private static CommitsResult CommitsOf(PfsWriter writer)
    {
        CommitCounts commits = writer.Commits;
        return new CommitsResult(commits.Ranges.Sum(), commits.Failed, (long)commits.Total.TotalMicroseconds,
            writer.CommitRunningFor is { } running ? (long)running.TotalMicroseconds : null, commits.BoundsSeconds,
            commits.Ranges);
    }

    private static RequestOutcome<RemountResult> Remount(RequestContext context, RequestArguments arguments)
    {
        RequestOutcome<MountOptions> outcome = context.Mount.ChangeOptions(arguments.Label("options")!);
        if (outcome.Result is not { } options) return new(outcome.Error, outcome.Message, null);
        return new RemountResult(options.IsReadOnly, options.CommitInterval.TotalSeconds);
    }

    private static NodeResult ResultOf(NodeDescription node) => new(
        node.Name, node.State.ToString(), ReasonOf(node), node.CommitTid,
        [.. node.Pins.Select(pin => new PinResult(pin.Purpose, pin.MirrorTid, pin.Since))], node.Role.ToString(),
        node.Behind, MembershipText.LeftWhen(node.State), node.Resync is { } resync ? ResultOf(resync) : null);

    private static ResyncResult ResultOf(ResyncProgress resync) => new(resync.Pass, Math.Round(resync.Percent, 1),
        resync.Changes, resync.CopiedBytes, resync.Remaining is { } rest ? Math.Round(rest.TotalSeconds) : null);

    // That of a synced node names the commit with which it was mounted.
    private static string ReasonOf(NodeDescription node) => node.State == NodeState.Synced ? "" : node.Reason;

    private static JobResult[] JobsOf(BackgroundJobs jobs) => [.. jobs.Running.Select(job => ResultOf(job, jobs.Time))];

    /// <summary>A running job as a result.</summary>
    internal static JobResult ResultOf(BackgroundJob job, TimeProvider time) => new(
        job.Number, job.Request, job.StartedAt, (long)(time.GetUtcNow() - job.StartedAt).TotalSeconds,
        job.DoneBytes, job.TotalBytes);
}
