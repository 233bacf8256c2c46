// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// Files that lost their last name, or were closed without one, a moment ago. Their space comes back when the kernel
/// lets go of them, which it does on its own, after unlink(2) and close(2) have returned.
/// </summary>
/// <remarks>
/// Whoever deletes a file on a full volume and writes another expects room for it, as on a local filesystem. That a
/// file is still in use is known only by its not going away; after a second it counts as that.
/// Lock: a leaf. All members may be called by several threads.
/// </remarks>
internal sealed class ExpectedRemovals
{
    private const int FilesMax = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<ulong, long> _since = [];
    private long _endedTotal;

    /// <summary>None.</summary>
    public ExpectedRemovals(TimeProvider time) => _time = time;

    /// <summary>Removals that ended so far.</summary>
    public long EndedTotal => Volatile.Read(ref _endedTotal);

    /// <summary>A file will be removed soon. Beyond some number of them it is not waited for.</summary>
    public void Expect(ulong inum)
    {
        lock (_gate)
        {
            if (_since.Count >= FilesMax) DropOld(_time.GetTimestamp());
            if (_since.Count < FilesMax) _since[inum] = _time.GetTimestamp();
        }
    }

    /// <summary>It was removed, or will not be.</summary>
    public void End(ulong inum)
    {
        lock (_gate)
        {
            _endedTotal++;
            if (_since.Remove(inum)) Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits for what is expected at this time, for as long as it may still be about to be
    /// removed.</summary>
    /// <param name="endedBefore">An earlier <see cref="EndedTotal"/>.</param>
    /// <param name="written">What the caller writes to: when that is expected to go, it does not wait.</param>
    /// <returns>True when some removal ended since then.</returns>
    public bool Await(long endedBefore, ulong written)
    {
        lock (_gate)
        {
            long start = _time.GetTimestamp();
            while (!_since.ContainsKey(written) && LeftOf(start) is { } left)
            {
                using ITimer timer = _time.CreateTimer(_ => Wake(), null, left, Timeout.InfiniteTimeSpan);
                _ = Monitor.Wait(_gate);
            }
            return _endedTotal != endedBefore;
        }
    }

    // How long something that was expected by a time may still be waited for.
    private TimeSpan? LeftOf(long start)
    {
        long now = _time.GetTimestamp();
        TimeSpan most = TimeSpan.Zero;
        foreach (long since in _since.Values)
        {
            TimeSpan left = Patience - _time.GetElapsedTime(since, now);
            if (since <= start && left > most) most = left;
        }
        return most > TimeSpan.Zero ? most : null;
    }

    private void DropOld(long now)
    {
        foreach ((ulong inum, long since) in _since)
            if (_time.GetElapsedTime(since, now) >= Patience) _ = _since.Remove(inum);
    }

    private void Wake()
    {
        lock (_gate) Monitor.PulseAll(_gate);
    }
}
