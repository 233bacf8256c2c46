// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.SnapshotSchedules;
using Hammer2.Format;

namespace Hammer2.Cluster.Reports;

/// <summary>When scrubs, bulkfree and the schedule of snapshots of a mounted PFS were last done.</summary>
/// <remarks>Thread-safe.</remarks>
public static class UpkeepReports
{
    /// <summary>Reads when each kind of work was done on all nodes, and when the newest snapshot was made.</summary>
    /// <param name="pfs">The PFS; open for writing, because nothing of this is done otherwise.</param>
    /// <param name="zone">The zone of local time, of labels of snapshots.</param>
    /// <param name="times">The times; without that of snapshots after an error.</param>
    /// <returns>None; the error of reading the list of PFSs.</returns>
    public static Hammer2Error TimesOf(Pfs pfs, TimeZoneInfo zone, out UpkeepTimes times)
    {
        DateTimeOffset? scrub = DateTimeOffset.MaxValue, bulkfree = DateTimeOffset.MaxValue;
        foreach (PresentNode node in pfs.Nodes)
        {
            if (node.Device.Committer is not { } committer) continue;
            UpkeepFields fields = committer.Upkeep.Current.Fields;
            bool isRunning = pfs.Writer?.Scrubs.IsRunning(node) ?? false;
            scrub = Earlier(scrub, ScrubOf(fields, isRunning));
            bulkfree = Earlier(bulkfree, MediaTime.Of(fields.BulkfreeMicroseconds));
        }
        times = new UpkeepTimes(scrub, null, bulkfree);
        Hammer2Error error = SnapshotListing.Read(pfs, static _ => false, out List<SnapshotFacts> snapshots);
        if (error != Hammer2Error.None) return error;
        var scheduled = new ScheduledPfs(pfs.Label.ToArray(), pfs.Nodes[0].Root.Meta.PfsClusterId);
        times = times with { Snapshot = SnapshotPlan.NewestOf(scheduled, zone, snapshots) };
        return error;
    }

    // One that began in time and runs is none that was forgotten.
    private static DateTimeOffset? ScrubOf(in UpkeepFields fields, bool isRunning) =>
        MediaTime.Of(isRunning ? fields.StartedMicroseconds : fields.EndedMicroseconds);

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other is null ? null : one < other ? one : other;
}
