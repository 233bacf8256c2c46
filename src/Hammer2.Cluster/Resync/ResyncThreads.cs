// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Resync;

/// <summary>Resynchronizes the nodes of a PFS that are present and not synced, each in a thread of its own.</summary>
/// <remarks>A node whose resynchronization fails is tried again after a while, until its device is fenced; a slave is
/// made equal again and again. Without a scheduler it does nothing.</remarks>
internal sealed class ResyncThreads : IDisposable
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_followAfter = TimeSpan.FromSeconds(5);

    private readonly Func<PresentNode, Func<bool>, Func<Hammer2Error>> _prepare;
    private readonly IScheduler? _scheduler;
    private readonly RankedMonitor _closingLock = new(LockRank.ResyncClosing);
    private readonly List<IStartedThread> _threads = [];
    private bool _isClosed;

    /// <param name="prepare">Gives what resynchronizes a node, until the function given says that it must end.</param>
    /// <param name="scheduler">Starts threads; null for none.</param>
    public ResyncThreads(Func<PresentNode, Func<bool>, Func<Hammer2Error>> prepare, IScheduler? scheduler)
    {
        _prepare = prepare;
        _scheduler = scheduler;
    }

    /// <summary>True for a node that is to be made equal to the synced ones: a slave again and again.</summary>
    public static bool IsWanted(PresentNode node) => IsFollower(node)
        || node.Facts.Role is NodeRole.Master or NodeRole.Returning
        && node.State is NodeState.Stale or NodeState.Newer or NodeState.Foreign or NodeState.Uncertain
            or NodeState.Full;

    private static bool IsFollower(PresentNode node) =>
        node.Facts.Role == NodeRole.Slave && node.State is NodeState.Passive or NodeState.Full;

    /// <summary>Starts a thread for a node, if it needs one.</summary>
    /// <remarks>Once for each node; not after <see cref="Dispose"/>.</remarks>
    public void Start(PresentNode node)
    {
        if (_scheduler is null || !IsWanted(node)) return;
        IStartedThread thread = _scheduler.Start("resync", () => Run(node));
        using (_closingLock.EnterScope()) _threads.Add(thread);
    }

    /// <summary>Ends all threads after the unit that they are in.</summary>
    public void Dispose()
    {
        using (_closingLock.EnterScope())
        {
            Volatile.Write(ref _isClosed, true);
            _closingLock.PulseAll();
        }
        foreach (IStartedThread thread in _threads) thread.Join();
        _threads.Clear();
    }

    private void Run(PresentNode node)
    {
        Func<Hammer2Error> resynchronize = _prepare(node, () => Volatile.Read(ref _isClosed));
        while (true)
        {
            Hammer2Error error = resynchronize();
            bool follows = error == Hammer2Error.None && IsFollower(node);
            // NoEntry: it left the cluster.
            if (!follows && error is Hammer2Error.None or Hammer2Error.Internal or Hammer2Error.NoEntry) return;
            // When its device answers again, the node is another object with a thread of its own.
            if (node.State is NodeState.Failed or NodeState.Offline) return;
            using (_closingLock.EnterScope())
            {
                if (!_isClosed) _ = _closingLock.Wait(follows ? s_followAfter : s_retryAfter);
                if (_isClosed) return;
            }
        }
    }
}
