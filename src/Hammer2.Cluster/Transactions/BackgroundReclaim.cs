// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Hammer2.Cluster.Transactions;

/// <summary>Runs bulkfree in the background before space runs out, so that no operation has to wait for it.</summary>
/// <remarks>Without a thread of its own it does nothing: the operation that finds no space runs bulkfree
/// (<see cref="SpacePressure"/>), as it also does when it comes before this has ended.</remarks>
internal sealed class BackgroundReclaim : IDisposable
{
    private readonly SpaceReclaim _reclaim;
    private readonly bool _discards;
    private readonly RankedMonitor _dueLock = new(LockRank.ReclaimDue);
    private readonly IStartedThread? _thread;
    private int _isSignalled;
    private int _isClosed;

    public BackgroundReclaim(SpaceReclaim reclaim, bool discards, IScheduler? scheduler)
    {
        _reclaim = reclaim;
        _discards = discards;
        _thread = scheduler?.Start("bulkfree in background", Run);
    }

    /// <summary>Starts bulkfree if it is due. Called after each commit.</summary>
    /// <remarks>Entry: no lock held. Does not wait.</remarks>
    public void Check()
    {
        if (_thread is null || Volatile.Read(ref _isSignalled) != 0 || !_reclaim.IsDue) return;
        if (Interlocked.Exchange(ref _isSignalled, 1) != 0) return;
        using (_dueLock.EnterScope()) _dueLock.Pulse();
    }

    /// <summary>Ends the thread; what it runs is cancelled.</summary>
    public void Dispose()
    {
        using (_dueLock.EnterScope())
        {
            Volatile.Write(ref _isClosed, 1);
            _dueLock.Pulse();
        }
        _thread?.Join();
    }

    private bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    private void Run()
    {
        var options = new ReclaimOptions(_discards, () => IsClosed);
        while (true)
        {
            using (_dueLock.EnterScope())
            {
                while (Volatile.Read(ref _isSignalled) == 0 && !IsClosed) _dueLock.Wait();
                if (IsClosed) return;
            }
            _reclaim.RunIfDue(options);
            Volatile.Write(ref _isSignalled, 0);
        }
    }
}
