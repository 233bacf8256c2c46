// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Cluster.Reports;

namespace Hammer2.Fuse;

/// <summary>How long ago the work of timers may have been done at most, by mount options; null for work that the mount
/// has no limit for.</summary>
/// <param name="Scrub">A scrub of every node.</param>
/// <param name="Snapshot">A snapshot of the schedule.</param>
/// <param name="Bulkfree">Bulkfree of every node.</param>
public readonly record struct UpkeepLimits(TimeSpan? Scrub, TimeSpan? Snapshot, TimeSpan? Bulkfree)
{
    /// <summary>The option for <see cref="Scrub"/>.</summary>
    public const string ScrubOption = "scrub-within";

    /// <summary>The option for <see cref="Snapshot"/>.</summary>
    public const string SnapshotOption = "snapshot-within";

    /// <summary>The option for <see cref="Bulkfree"/>.</summary>
    public const string BulkfreeOption = "bulkfree-within";

    /// <summary>True when there is a limit.</summary>
    public bool IsSet => Scrub is not null || Snapshot is not null || Bulkfree is not null;

    /// <summary>What was not done in time, a sentence for each.</summary>
    /// <param name="times">When it was done.</param>
    /// <param name="now">The time.</param>
    internal IReadOnlyList<string> Overdue(in UpkeepTimes times, DateTimeOffset now)
    {
        var overdue = new List<string>();
        if (Scrub is { } scrub && IsLate(times.Scrub, scrub, now))
            overdue.Add(Sentence(ScrubOption, scrub, "scrub of all nodes", times.Scrub));
        if (Snapshot is { } snapshot && IsLate(times.Snapshot, snapshot, now))
            overdue.Add(Sentence(SnapshotOption, snapshot, "snapshot of the schedule", times.Snapshot));
        if (Bulkfree is { } bulkfree && IsLate(times.Bulkfree, bulkfree, now))
            overdue.Add(Sentence(BulkfreeOption, bulkfree, "bulkfree of all nodes", times.Bulkfree));
        return overdue;
    }

    private static bool IsLate(DateTimeOffset? done, TimeSpan limit, DateTimeOffset now) =>
        done is not { } at || now - at > limit;

    private static string Sentence(string option, TimeSpan limit, string work, DateTimeOffset? done) => done is { } at
        ? string.Create(CultureInfo.InvariantCulture,
            $"{option}={DurationText.Format(limit)}: the last {work} was at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")
        : $"{option}={DurationText.Format(limit)}: there was no {work} yet";
}
