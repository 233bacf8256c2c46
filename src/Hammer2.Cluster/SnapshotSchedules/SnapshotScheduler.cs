// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>Runs the schedule of a PFS once.</summary>
public sealed class SnapshotScheduler
{
    private readonly Pfs _pfs;
    private readonly ScheduledPfs _scheduled;
    private readonly Func<Func<PfsAdministration, Hammer2Error>, Hammer2Error> _change;
    private readonly TimeProvider _time;
    private readonly List<PlannedSnapshot> _done = [];

    /// <param name="pfs">The PFS; open for writing unless all runs are dry.</param>
    /// <param name="change">Carries out changes, one caller at a time: two runs at once then make one
    /// snapshot.</param>
    /// <param name="time">The clock, and the zone of local time.</param>
    public SnapshotScheduler(
        Pfs pfs, Func<Func<PfsAdministration, Hammer2Error>, Hammer2Error> change, TimeProvider time)
    {
        _pfs = pfs;
        _change = change;
        _time = time;
        _scheduled = new ScheduledPfs(pfs.Label.ToArray(), pfs.Nodes[0].Root.Meta.PfsClusterId);
    }

    /// <summary>What was done so far, or would be, in order.</summary>
    public IReadOnlyList<PlannedSnapshot> Done => _done;

    /// <summary>Label of the snapshot that could not be made or deleted; null when there is none.</summary>
    public string? Failed { get; private set; }

    /// <summary>Makes the snapshots that are due, and deletes those that are not kept any more.</summary>
    /// <param name="options">How.</param>
    /// <param name="isCancelled">True once no further snapshot is to be deleted for space.</param>
    /// <returns>None; NoSpace when too little is free and nothing more may be deleted; Interrupted; the first error of
    /// making or deleting a snapshot.</returns>
    public Hammer2Error Run(ScheduleOptions options, Func<bool> isCancelled)
    {
        Hammer2Error error = _change(pfses => RunPolicy(pfses, options));
        bool isShort = error == Hammer2Error.None && options.FreeMinPercent > 0 && IsShort(options.FreeMinPercent);
        return isShort ? MakeSpace(options, isCancelled) : error;
    }

    private Hammer2Error RunPolicy(PfsAdministration pfses, ScheduleOptions options)
    {
        Hammer2Error error = List(pfses, out List<SnapshotFacts> snapshots);
        if (error != Hammer2Error.None) return error;
        DateTimeOffset now = TimeZoneInfo.ConvertTime(_time.GetUtcNow(), _time.LocalTimeZone);
        IReadOnlyList<PlannedSnapshot> plan =
            SnapshotPlan.Make(_scheduled, now, _time.LocalTimeZone, snapshots, options.Policy);
        foreach (PlannedSnapshot one in plan)
        {
            if (!options.IsDryRun) error = CarryOut(pfses, one);
            if (error == Hammer2Error.Busy && one.Action == SnapshotAction.Delete)
            {
                _done.Add(one with { Action = SnapshotAction.Keep, Reason = "files in it are open" });
                error = Hammer2Error.None;
                continue;
            }
            if (error != Hammer2Error.None)
            {
                Failed = one.Label;
                return error;
            }
            _done.Add(one);
        }
        return error;
    }

    private static Hammer2Error CarryOut(PfsAdministration pfses, PlannedSnapshot one)
    {
        byte[] label = ByteText.Encode(one.Label);
        return one.Action switch
        {
            SnapshotAction.Create => pfses.SnapshotAs(PfsSubtype.AutoSnapshot, label),
            SnapshotAction.Delete => pfses.Delete(label, out _),
            _ => Hammer2Error.None,
        };
    }

    // Deleting frees nothing before bulkfree, and how much is known only then.
    private Hammer2Error MakeSpace(ScheduleOptions options, Func<bool> isCancelled)
    {
        string reason = string.Create(CultureInfo.InvariantCulture, $"less than {options.FreeMinPercent} % is free");
        while (true)
        {
            if (!options.IsDryRun)
            {
                if (isCancelled()) return Hammer2Error.Interrupted;
                Hammer2Error freed = _pfs.Writer!.Reclaim(new ReclaimOptions(IsCancelled: isCancelled), out _);
                if (freed != Hammer2Error.None) return freed;
                if (!IsShort(options.FreeMinPercent)) return Hammer2Error.None;
            }
            PlannedSnapshot? victim = null;
            Hammer2Error error = _change(pfses => DeleteOldest(pfses, options.IsDryRun, reason, out victim));
            if (error != Hammer2Error.None) return error;
            if (victim is null) return Hammer2Error.NoSpace;
            _done.Add(victim);
            // What it frees is not known beforehand.
            if (options.IsDryRun) return Hammer2Error.None;
        }
    }

    private Hammer2Error DeleteOldest(
        PfsAdministration pfses, bool isDryRun, string reason, out PlannedSnapshot? victim)
    {
        victim = null;
        Hammer2Error error = List(pfses, out List<SnapshotFacts> snapshots);
        if (error != Hammer2Error.None) return error;
        if (SnapshotPlan.OldestDeletable(_scheduled, _time.LocalTimeZone, snapshots) is not { } oldest) return error;
        victim = new PlannedSnapshot(SnapshotAction.Delete, oldest.Label, reason);
        return isDryRun ? error : CarryOut(pfses, victim);
    }

    private bool IsShort(int percent)
    {
        PfsSpace space = _pfs.GetSpace();
        return (UInt128)space.FreeBytes * 100 < (UInt128)space.TotalBytes * (uint)percent;
    }

    private Hammer2Error List(PfsAdministration pfses, out List<SnapshotFacts> snapshots) =>
        SnapshotListing.Read(_pfs, label => pfses.IsUsed(label), out snapshots);
}
