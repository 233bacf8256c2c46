// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>Decides which snapshots of a PFS are made, kept and deleted.</summary>
/// <remarks>A snapshot is the schedule's own, and may be deleted, when its subtype is AutoSnapshot, its origin is the
/// PFS, and its label is that of the PFS with a class and a time: only this schedule makes such. Upstream makes
/// snapshots of the subtype Snapshot, and so does the snapshot command.</remarks>
public static class SnapshotPlan
{
    /// <summary>Makes the plan: for each class of the policy a snapshot in each period, and the newest ones
    /// kept.</summary>
    /// <param name="pfs">The PFS.</param>
    /// <param name="now">The time, in local time.</param>
    /// <param name="zone">The zone of local time.</param>
    /// <param name="snapshots">All PFSs of the filesystem.</param>
    /// <param name="policy">How many are kept.</param>
    /// <returns>New ones first, then all that are of the PFS by class, the newest first; other PFSs are not in
    /// it.</returns>
    public static IReadOnlyList<PlannedSnapshot> Make(ScheduledPfs pfs, DateTimeOffset now, TimeZoneInfo zone,
        IReadOnlyList<SnapshotFacts> snapshots, SnapshotPolicy policy)
    {
        List<Dated> dated = [.. snapshots.Select(one => Dated.Of(one, pfs, zone)).OfType<Dated>()
            .OrderBy(static one => one.Kind).ThenByDescending(static one => one.Local)];
        var created = new List<PlannedSnapshot>();
        var rest = new List<PlannedSnapshot>();
        foreach (SnapshotClass kind in SnapshotClasses.All)
        {
            List<Dated> ofKind = dated.FindAll(one => one.Kind == kind);
            int? count = policy.CountOf(kind);
            bool isDue = count > 0 && IsDue(kind, now, ofKind);
            if (isDue)
            {
                string label = ByteText.Decode(ScheduledLabel.Of(pfs.Label, kind, now));
                created.Add(new(SnapshotAction.Create, label, "there is none of this period"));
            }
            rest.AddRange(Sort(ofKind, count, isDue ? 1 : 0));
        }
        return [.. created, .. rest];
    }

    /// <summary>The snapshot to delete when space is short: the oldest one of the schedule's own that is neither held
    /// nor in use.</summary>
    /// <returns>Null when there is none.</returns>
    public static SnapshotFacts? OldestDeletable(
        ScheduledPfs pfs, TimeZoneInfo zone, IReadOnlyList<SnapshotFacts> snapshots) =>
        snapshots.Select(one => Dated.Of(one, pfs, zone)).OfType<Dated>()
            .Where(static one => one.IsOwn && !one.Facts.IsHeld && !one.Facts.IsUsed)
            .OrderBy(static one => one.Local).FirstOrDefault()?.Facts;

    /// <summary>When the newest snapshot of any class was made, by this schedule or by DragonFly's.</summary>
    /// <returns>Null when there is none.</returns>
    public static DateTimeOffset? NewestOf(
        ScheduledPfs pfs, TimeZoneInfo zone, IReadOnlyList<SnapshotFacts> snapshots) =>
        snapshots.Select(one => Dated.Of(one, pfs, zone)?.Local).Max();

    // A clock that was set back must not make a second snapshot of a period.
    private static bool IsDue(SnapshotClass kind, DateTimeOffset now, List<Dated> ofKind)
    {
        DateTimeOffset period = SnapshotClasses.PeriodOf(kind, now);
        return !ofKind.Exists(one => SnapshotClasses.PeriodOf(kind, one.Local) >= period);
    }

    private static IEnumerable<PlannedSnapshot> Sort(List<Dated> ofKind, int? count, int newer)
    {
        int number = newer;
        foreach (Dated one in ofKind)
        {
            if (!one.IsOwn)
            {
                yield return Keep(one, "this schedule did not make it");
                continue;
            }
            if (count is not { } most)
            {
                yield return Keep(one, "the policy does not name its class");
                continue;
            }
            number++;
            if (number <= most)
            {
                yield return Keep(one, string.Create(CultureInfo.InvariantCulture, $"{number} of {most}"));
                continue;
            }
            if (one.Facts.IsHeld) yield return Keep(one, "it is held");
            else if (one.Facts.IsUsed) yield return Keep(one, "it is mounted");
            else
            {
                string reason = string.Create(CultureInfo.InvariantCulture, $"{most} newer ones are kept");
                yield return new(SnapshotAction.Delete, one.Facts.Label, reason);
            }
        }
    }

    private static PlannedSnapshot Keep(Dated one, string reason) =>
        new(SnapshotAction.Keep, one.Facts.Label, reason);

    /// <summary>A snapshot with a label of a schedule.</summary>
    private sealed record Dated(SnapshotFacts Facts, SnapshotClass Kind, DateTimeOffset Local, bool IsOwn)
    {
        public static Dated? Of(SnapshotFacts facts, ScheduledPfs pfs, TimeZoneInfo zone)
        {
            bool isSnapshot = facts.Subtype is PfsSubtype.Snapshot or PfsSubtype.AutoSnapshot;
            if (!isSnapshot || ScheduledLabel.Parse(facts.Label) is not { } label) return null;
            bool isOwn = facts.Subtype == PfsSubtype.AutoSnapshot && facts.OriginId == pfs.ClusterId;
            string name = ByteText.Decode(pfs.Label);
            // DragonFly names its snapshots after the directory where the PFS is mounted.
            if (!isOwn && label.Pfs != name && label.Pfs != "/" + name) return null;
            DateTimeOffset made = facts.Made
                ?? new DateTimeOffset(label.LocalTime, zone.GetUtcOffset(label.LocalTime));
            return new Dated(facts, label.Kind, TimeZoneInfo.ConvertTime(made, zone), isOwn);
        }
    }
}
