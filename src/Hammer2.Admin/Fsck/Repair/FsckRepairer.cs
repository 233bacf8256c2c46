// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>
/// Repairs findings that can be repaired without guessing. Writes copy-on-write as the filesystem does: changed blocks
/// go to free space, the header is written last, between barriers. A power failure leaves the state before or after a
/// commit, and each commit leaves fewer findings than the one before.
/// </summary>
public sealed class FsckRepairer
{
    private const int RoundsMax = 8;

    private readonly VolumeSet _given;
    private readonly FsckRepairOptions _options;
    private readonly List<string> _done = [];
    private int _commits;

    private FsckRepairer(VolumeSet volumes, FsckRepairOptions options)
    {
        _given = volumes;
        _options = options;
    }

    /// <summary>
    /// Repairs the findings of a check that can be repaired without guessing, and checks again. Blocks in use are never
    /// overwritten: a power failure at any point leaves the filesystem before or after a repair.
    /// </summary>
    /// <param name="volumes">All volumes of the filesystem, opened for writing and not in use elsewhere.</param>
    /// <param name="options">What to repair; defaults when null.</param>
    /// <exception cref="OperationCanceledException">The caller ended a check; repairs committed before
    /// remain.</exception>
    public static FsckRepairReport Repair(VolumeSet volumes, FsckRepairOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        return new FsckRepairer(volumes, options ?? new FsckRepairOptions()).Run();
    }

    private FsckRepairReport Run()
    {
        VolumeSet volumes = _given;
        FsckContext context = FilesystemChecker.Gather(volumes, _options.Check);
        FsckReport before = context.Report;
        var error = Hammer2Error.None;
        for (int round = 0; round < RoundsMax; round++)
        {
            int doneBefore = _done.Count;
            long openBefore = Open(context.Report);
            error = Apply(volumes, context);
            if (error != Hammer2Error.None || _done.Count == doneBefore) break;
            volumes = Reopen(volumes);
            context = FilesystemChecker.Gather(volumes, _options.Check);
            if (Open(context.Report) >= openBefore) break; // no progress: the remaining findings cannot be repaired
        }
        return new FsckRepairReport
        {
            Before = before,
            After = context.Report,
            Done = _done,
            Error = error,
            Commits = _commits,
        };
    }

    private static long Open(FsckReport report) =>
        report.Errors + report.Warnings + report.Totals.GetValueOrDefault(FsckCode.InodeUnlinked)
        + report.Totals.GetValueOrDefault(FsckCode.AttributeFile);

    private Hammer2Error Apply(VolumeSet volumes, FsckContext context)
    {
        RepairPlan plan = context.Plan;
        if (plan.Actions.Count == 0 && !plan.HasBadFreemap) return RewriteCopies(volumes, plan);
        RepairFreemap freemap = RepairFreemap.Open(volumes);
        ulong mirrorTid = volumes.Header.Fields.MirrorTid + 1;
        var space = new RepairSpace(freemap, context.Ledger);
        if (RepairTree.Open(volumes, space, mirrorTid) is not { } tree) return Hammer2Error.None;
        int doneBefore = _done.Count;
        var steps = new RepairSteps(volumes, tree, context, _options, _done);
        foreach (RepairAction action in plan.Actions) steps.Apply(action);
        if (!plan.HasBadFreemap && _done.Count == doneBefore) return RewriteCopies(volumes, plan);
        if (plan.HasBadFreemap) _done.Add("made the freemap agree with the reachable blocks");
        if (!tree.TryWrite()) return tree.Error;
        ulong freeBytes = freemap.Correct(context.Ledger, context.IsReachabilityPartial);
        var commit = new RepairCommit(volumes, mirrorTid);
        Hammer2Error error = commit.Write(tree.Top, freemap, freeBytes);
        if (error == Hammer2Error.None) _commits++;
        return error;
    }

    private Hammer2Error RewriteCopies(VolumeSet volumes, RepairPlan plan)
    {
        if (!plan.HasBadHeaderCopy) return Hammer2Error.None;
        return RepairCommit.RewriteCopies(volumes, _done);
    }

    private static VolumeSet Reopen(VolumeSet volumes)
    {
        // The devices are owned by the set that the caller closes.
        var devices = new List<IBlockDevice>();
        foreach (Volume volume in volumes.Volumes) devices.Add(volume.Device);
        return VolumeSet.Open(devices, new VolumeSetOptions(IsReadOnly: false));
    }
}
