// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Hammer2.Cluster.WriteBack;

/// <summary>Lets threads wait until blocks were written or freed, by whichever thread.</summary>
/// <remarks>A signal costs nothing while no thread waits. Lock: rank 60, for a wait.</remarks>
internal sealed class WriteProgress
{
    private readonly RankedMonitor _progressLock = new(LockRank.WriteBackProgress);
    private int _waiters;
    private int _progress;

    /// <summary>Waits for a signal, unless the condition is false; the caller then looks again.</summary>
    /// <param name="isWaiting">The condition, of what a signal follows the change of.</param>
    /// <param name="state">Passed to it, which then needs no closure.</param>
    public void Await<T>(Func<T, bool> isWaiting, T state)
    {
        _ = Interlocked.Increment(ref _waiters);
        try
        {
            using (_progressLock.EnterScope())
            {
                // The condition is tested again after the signals were counted, so that no signal is missed.
                int seen = _progress;
                while (seen == _progress && isWaiting(state)) _progressLock.Wait();
            }
        }
        finally
        {
            _ = Interlocked.Decrement(ref _waiters);
        }
    }

    /// <summary>Wakes the threads that wait.</summary>
    public void Signal()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiters) == 0) return;
        using (_progressLock.EnterScope())
        {
            _progress++;
            _progressLock.PulseAll();
        }
    }
}
