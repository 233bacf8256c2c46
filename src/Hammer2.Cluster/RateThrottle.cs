// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Hammer2.Cluster;

/// <summary>A bound of a background work in bytes per second, which can be changed while that runs.</summary>
/// <param name="bytes">Bytes per second; 0 for none.</param>
public sealed class RateLimit(ulong bytes = 0)
{
    private ulong _bytes = bytes;

    /// <summary>Bytes per second; 0 for none.</summary>
    public ulong BytesPerSecond
    {
        get => Volatile.Read(ref _bytes);
        set => Volatile.Write(ref _bytes, value);
    }
}

/// <summary>Keeps a background work below a rate.</summary>
/// <remarks>Used by one thread.</remarks>
/// <param name="limit">The rate.</param>
/// <param name="time">The clock.</param>
/// <param name="scheduler">Makes the thread wait.</param>
internal sealed class RateThrottle(RateLimit limit, TimeProvider time, IScheduler scheduler)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(5);

    private long _since = time.GetTimestamp();
    private ulong _bytes;

    /// <summary>Counts what was read or copied, and waits while it is ahead of the rate.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <param name="isCancelled">True ends the wait.</param>
    public void Count(long bytes, Func<bool> isCancelled)
    {
        if (limit.BytesPerSecond == 0) return;
        _bytes += (ulong)bytes;
        while (!isCancelled() && limit.BytesPerSecond is var rate && rate > 0)
        {
            TimeSpan elapsed = time.GetElapsedTime(_since);
            TimeSpan ahead = TimeSpan.FromSeconds((double)_bytes / rate) - elapsed;
            // What was not used is not saved up.
            if (ahead < -s_longest) (_since, _bytes) = (time.GetTimestamp(), 0);
            if (ahead < s_shortest) return;
            scheduler.Pause(ahead < s_longest ? ahead : s_longest);
        }
    }
}
