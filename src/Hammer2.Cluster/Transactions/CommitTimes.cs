// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.Transactions;

/// <summary>How long commits took.</summary>
/// <remarks>One thread at a time adds, the one that holds the lock of commits; any thread reads, and may miss a part of
/// the commit that ends meanwhile.</remarks>
internal sealed class CommitTimes
{
    // The first ends at a millisecond, each further one at four times the end of the one before; the last has none.
    private const int RangesTotal = 10;

    private readonly long[] _ranges = new long[RangesTotal];
    private long _ticksTotal;
    private long _failed;
    private long _lastTicks;

    /// <summary>The ends of the ranges, in seconds; the last range has none.</summary>
    public static IReadOnlyList<double> Bounds { get; } =
        [0.001, 0.004, 0.016, 0.064, 0.256, 1.024, 4.096, 16.384, 65.536];

    /// <summary>Counts a commit that became durable on a quorum.</summary>
    /// <param name="duration">How long it took.</param>
    /// <param name="at">When it was durable.</param>
    public void Add(TimeSpan duration, DateTimeOffset at)
    {
        Volatile.Write(ref _lastTicks, at.UtcTicks);
        int range = 0;
        while (range < Bounds.Count && duration.TotalSeconds > Bounds[range]) range++;
        _ = Interlocked.Increment(ref _ranges[range]);
        _ = Interlocked.Add(ref _ticksTotal, duration.Ticks);
    }

    /// <summary>Counts an attempt that too few nodes took.</summary>
    public void AddFailed() => _ = Interlocked.Increment(ref _failed);

    /// <summary>What was counted.</summary>
    public CommitCounts Read()
    {
        long[] ranges = new long[RangesTotal];
        for (int range = 0; range < RangesTotal; range++) ranges[range] = Volatile.Read(ref _ranges[range]);
        return new CommitCounts(TimeSpan.FromTicks(Volatile.Read(ref _ticksTotal)), Volatile.Read(ref _failed),
            Volatile.Read(ref _lastTicks) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
            Bounds, ranges);
    }
}
