// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.SnapshotSchedules;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>The request to run the schedule of snapshots of the mounted PFS once.</summary>
internal static class ScheduleRequest
{
    private const int PercentMax = 99;

    /// <summary>The row.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<ScheduleResult>(
            "snapshot-schedule", "make the snapshots that are due, and delete those that are not kept any more",
            ResultJson.Default.ScheduleResult, Run)
        {
            IsEvent = true,
            Parameters =
            [
                .. SnapshotClasses.All.Select(static kind => new RequestParameter(
                    SnapshotClasses.NameOf(kind), ParameterType.Number, "how many are kept")),
                new("min-free", ParameterType.Number, "percent; below it further ones are deleted, the oldest first"),
                new("dry-run", ParameterType.Flag, "change nothing"),
            ],
            IsLong = true,
        },
    ];

    private static RequestOutcome<ScheduleResult> Run(RequestContext context, RequestArguments arguments)
    {
        var policy = new SnapshotPolicy();
        foreach (SnapshotClass kind in SnapshotClasses.All)
        {
            string name = SnapshotClasses.NameOf(kind);
            if (arguments.Number(name) is { } count && !policy.TryAdd(kind, count))
                return new(Errno.EINVAL, $"{name}: at most {SnapshotPolicy.CountMax} are kept", null);
        }
        ulong percent = arguments.Number("min-free") ?? 0;
        if (percent > PercentMax) return new(Errno.EINVAL, $"min-free: at most {PercentMax} percent", null);
        bool isDryRun = arguments.Flag("dry-run");
        AdministeredMount mount = context.Mount;
        if (mount.Pfs.Writer is null && !isDryRun)
            return new(Errno.EROFS, PfsChangeRequests.Reason(Hammer2Error.ReadOnly, ""), null);
        var scheduler = new SnapshotScheduler(
            mount.Pfs, change => mount.PfsList.Change(mount.Pfs, change), mount.Time);
        Hammer2Error error = scheduler.Run(
            new ScheduleOptions(policy, (int)percent, isDryRun), context.IsCancelled);
        var result = new ScheduleResult(isDryRun, [.. scheduler.Done.Select(static one => new ScheduledResult(
            SnapshotActionNames.NameOf(one.Action), one.Label, one.Reason))]);
        string message = error == Hammer2Error.None ? "" : ScheduleText.Refusal(error)
            ?? PfsChangeRequests.Reason(error, scheduler.Failed ?? "");
        return new(error.ToErrno(), message, result);
    }
}
