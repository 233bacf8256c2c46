// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Cluster.Transactions;

namespace Hammer2.Fuse;

/// <summary>
/// Pending deletions: files that lost their last link, or were closed without one, a moment ago. Their space becomes
/// free when the kernel forgets them, which it does by itself, after unlink(2) and close(2) have returned.
/// </summary>
/// <remarks>
/// A program that deletes a file on a full volume and writes another expects room for it, as on a local filesystem.
/// That a file is still in use is known only because it is not forgotten; after a second it counts as in use. Lock:
/// rank 80, a leaf. Thread-safe.
/// </remarks>
internal sealed class PendingDeletions : IPendingDeletions
{
    private const int FilesMax = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly RankedMonitor _filesLock = new(LockRank.PendingDeletions);
    private readonly TimeProvider _time;
    private readonly Dictionary<ulong, long> _since = [];
    private long _endedTotal;

    /// <summary>No deletion is pending.</summary>
    /// <param name="time">What the second is measured by.</param>
    public PendingDeletions(TimeProvider time) => _time = time;

    /// <inheritdoc/>
    public long EndedTotal => Volatile.Read(ref _endedTotal);

    /// <summary>Adds a file; not when there are 4096.</summary>
    public void Expect(ulong inum)
    {
        using (_filesLock.EnterScope())
        {
            if (_since.Count >= FilesMax) DropOld(_time.GetTimestamp());
            if (_since.Count < FilesMax) _since[inum] = _time.GetTimestamp();
        }
    }

    /// <summary>A file was deleted, or will not be.</summary>
    public void End(ulong inum)
    {
        using (_filesLock.EnterScope())
        {
            _endedTotal++;
            if (_since.Remove(inum)) _filesLock.PulseAll();
        }
    }

    /// <inheritdoc/>
    /// <remarks>For each the rest of its second at most. The kernel does not forget a file while it writes back its
    /// pages.</remarks>
    public bool Await(long endedBefore, ulong written)
    {
        using (_filesLock.EnterScope())
        {
            long start = _time.GetTimestamp();
            while (!_since.ContainsKey(written) && LeftOf(start) is { } left)
            {
                using ITimer timer = _time.CreateTimer(_ => Wake(), null, left, Timeout.InfiniteTimeSpan);
                _filesLock.Wait();
            }
            return _endedTotal != endedBefore;
        }
    }

    // How long the deletions that were pending at a time may still be waited for.
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
        using (_filesLock.EnterScope()) _filesLock.PulseAll();
    }
}
