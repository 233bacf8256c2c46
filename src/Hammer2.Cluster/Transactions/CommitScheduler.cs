// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Commits the open group in the background before it reaches a bound, and slows operations down that fill it faster
/// than commits empty it.
/// </summary>
/// <remarks>Without a thread of its own, an operation that finds the group full commits it, so that tests can repeat
/// what happens.</remarks>
internal sealed class CommitScheduler : IDisposable
{
    private readonly GroupLoadMeter _meter;
    private readonly TransactionGate _gate;
    private readonly CommitQueue _queue;
    private readonly FailStop _failStop;
    private readonly RankedMonitor _dueLock = new(LockRank.CommitDue);
    private readonly IStartedThread? _thread;
    private int _isSignalled;
    private bool _isClosed;

    public CommitScheduler(
        GroupLoadMeter meter, TransactionGate gate, CommitQueue queue, FailStop failStop, IScheduler? scheduler)
    {
        _meter = meter;
        _gate = gate;
        _queue = queue;
        _failStop = failStop;
        _thread = scheduler?.Start("commit in background", Run);
    }

    /// <summary>Ends the thread; a commit that it makes ends first.</summary>
    public void Dispose()
    {
        using (_dueLock.EnterScope())
        {
            _isClosed = true;
            _dueLock.Pulse();
        }
        _thread?.Join();
    }

    /// <summary>Called before each operation that adds to the open group.</summary>
    /// <returns>None; ReadOnly or Io once the PFS is stopped; Stalled; what a commit met that the caller had to
    /// make.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Pace()
    {
        GroupLoad load = _meter.Measure();
        if (!load.IsDue && !load.IsFull) return Hammer2Error.None;
        if (_thread is null) return load.IsFull ? _queue.CommitAll() : Hammer2Error.None;
        Signal();
        int delay = load.DelayMilliseconds;
        while (delay > 0)
        {
            _gate.AwaitClose(delay);
            if (_failStop.IsHalted) return _failStop.ChangeRefusal;
            if (!_meter.Measure().IsFull) break;
            Signal();
        }
        return Hammer2Error.None;
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref _isSignalled, 1) != 0) return;
        using (_dueLock.EnterScope()) _dueLock.Pulse();
    }

    private void Run()
    {
        while (true)
        {
            using (_dueLock.EnterScope())
            {
                while (Volatile.Read(ref _isSignalled) == 0 && !_isClosed) _dueLock.Wait();
                if (_isClosed) return;
            }
            _ = _queue.CommitAll();
            Volatile.Write(ref _isSignalled, 0);
        }
    }
}
