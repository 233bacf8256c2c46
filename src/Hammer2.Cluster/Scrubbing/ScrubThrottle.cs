// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>Keeps a scrub below a rate.</summary>
/// <param name="rateBytes">Bytes per second; 0 for no limit.</param>
/// <param name="time">The clock.</param>
/// <param name="scheduler">Makes the thread wait.</param>
internal sealed class ScrubThrottle(ulong rateBytes, TimeProvider time, IScheduler scheduler)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(5);

    private long _since = time.GetTimestamp();
    private ulong _bytes;

    /// <summary>Counts what was read, and waits while it is ahead of the rate.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <param name="isCancelled">True ends the wait.</param>
    public void Count(int bytes, Func<bool> isCancelled)
    {
        if (rateBytes == 0) return;
        _bytes += (ulong)bytes;
        while (!isCancelled())
        {
            TimeSpan elapsed = time.GetElapsedTime(_since);
            TimeSpan ahead = TimeSpan.FromSeconds((double)_bytes / rateBytes) - elapsed;
            // What was not used is not saved up.
            if (ahead < -s_longest) (_since, _bytes) = (time.GetTimestamp(), 0);
            if (ahead < s_shortest) return;
            scheduler.Pause(ahead < s_longest ? ahead : s_longest);
        }
    }
}
