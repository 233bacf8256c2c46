// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>Heals in the background what reads found damaged on a node of a PFS and right on another.</summary>
/// <remarks>One batch at a time, with a pause after each: healing never keeps devices or commits busy. Without a
/// scheduler there is no thread, and <see cref="Run"/> is called instead.</remarks>
internal sealed class HealingWork : IDisposable
{
    /// <summary>Places in a batch.</summary>
    public const int BatchMax = 64;

    // At most some 250 places and 4 commits a second.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private readonly ClusterNodes _nodes;
    private readonly NodeHealer _healer;
    private readonly Func<string, Func<Hammer2Error>, Hammer2Error> _guard;
    private readonly RankedLock _runLock = new(LockRank.Healing);
    private readonly RankedMonitor _dueLock = new(LockRank.HealingDue);
    private IStartedThread? _thread;
    private int _isSignalled;
    private bool _isClosed;
    private long _rewritten, _rebuilt, _failed;

    /// <param name="nodes">The nodes of the PFS.</param>
    /// <param name="healer">Heals.</param>
    /// <param name="guard">Runs work, and stops the PFS when it throws.</param>
    public HealingWork(
        ClusterNodes nodes, NodeHealer healer, Func<string, Func<Hammer2Error>, Hammer2Error> guard)
    {
        _nodes = nodes;
        _healer = healer;
        _guard = guard;
    }

    /// <summary>What was done so far.</summary>
    public HealCounts Counts =>
        new(Volatile.Read(ref _rewritten), Volatile.Read(ref _rebuilt), Volatile.Read(ref _failed));

    /// <summary>From now on what reads find is kept and healed.</summary>
    /// <param name="scheduler">Starts the thread; null for none.</param>
    public void Start(IScheduler? scheduler)
    {
        _nodes.Heals.Added = scheduler is null ? static () => { } : Signal;
        _thread = scheduler?.Start("healing", RunThread);
    }

    /// <summary>Heals a batch of what waits.</summary>
    /// <returns>True when more waits.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public bool Run()
    {
        List<HealRequest> requests = _nodes.Heals.Take(BatchMax);
        if (requests.Count == 0) return false;
        var failed = new List<HealRequest>();
        _ = Heal(requests, failed);
        foreach (HealRequest request in failed) _nodes.Heals.GiveUp(request);
        return true;
    }

    /// <summary>Heals places that a scrub found.</summary>
    /// <param name="requests">The places.</param>
    /// <param name="failed">Gets those that are still damaged.</param>
    /// <remarks>Entry: no lock held.</remarks>
    public HealCounts Heal(IReadOnlyList<HealRequest> requests, List<HealRequest> failed)
    {
        HealCounts done = default;
        using (_runLock.EnterScope())
        {
            _ = _guard("healing", () =>
            {
                done = _healer.Heal(requests, failed);
                return Hammer2Error.None;
            });
        }
        _ = Interlocked.Add(ref _rewritten, done.Rewritten);
        _ = Interlocked.Add(ref _rebuilt, done.Rebuilt);
        _ = Interlocked.Add(ref _failed, done.Failed);
        return done;
    }

    /// <summary>Ends the thread after the batch that it is in.</summary>
    public void Dispose()
    {
        _nodes.Heals.Added = null;
        using (_dueLock.EnterScope())
        {
            Volatile.Write(ref _isClosed, true);
            _dueLock.PulseAll();
        }
        _thread?.Join();
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref _isSignalled, 1) != 0) return;
        using (_dueLock.EnterScope()) _dueLock.Pulse();
    }

    private void RunThread()
    {
        while (!Volatile.Read(ref _isClosed))
        {
            using (_dueLock.EnterScope())
            {
                while (Volatile.Read(ref _isSignalled) == 0 && !_isClosed) _dueLock.Wait();
            }
            Volatile.Write(ref _isSignalled, 0);
            while (!Volatile.Read(ref _isClosed) && Run())
            {
                using (_dueLock.EnterScope())
                    if (!_isClosed) _ = _dueLock.Wait(s_pause);
            }
        }
    }
}
