// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Changes which nodes a writable PFS has, between two commits and while no operation runs.</summary>
/// <remarks>Lock: rank 8, one change at a time.</remarks>
internal sealed class ViewChange
{
    private readonly RankedLock _viewLock = new(LockRank.ViewChange);
    private readonly ClusterNodes _nodes;
    private readonly CommitQueue _queue;
    private readonly TransactionGate _gate;
    private readonly InodeCache _inodes;
    private readonly Deduplication _duplicates;
    private readonly SpaceReserve _space;
    private readonly MediaClient _client;

    public ViewChange(
        ClusterNodes nodes, CommitQueue queue, TransactionGate gate, InodeCache inodes, Deduplication duplicates,
        SpaceReserve space, MediaClient client)
    {
        _nodes = nodes;
        _queue = queue;
        _gate = gate;
        _inodes = inodes;
        _duplicates = duplicates;
        _space = space;
        _client = client;
    }

    /// <summary>Exchanges the view.</summary>
    /// <param name="change">Makes the view after it of the one before.</param>
    /// <returns>None; NotEmpty when the view gets longer and there are dirty inodes.</returns>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    public Hammer2Error Run(Func<ClusterView, ClusterView> change)
    {
        using (_viewLock.EnterScope())
        {
            Hammer2Error error = Swap(change);
            // Bulkfree may wait for a commit of this PFS, and this waits for bulkfree: the commit lock is not held.
            if (error == Hammer2Error.None) _client.Detach(_nodes.View);
            return error;
        }
    }

    /// <summary>Exchanges the view while everything is committed: operations that begin meanwhile wait.</summary>
    /// <param name="work">What is done before, with no commit running; says how the view changes.</param>
    /// <returns>None; what the work answers; Io when a committed inode cannot be read back; what kept a commit from a
    /// quorum of nodes.</returns>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    public Hammer2Error RunWhenCommitted(QuietWork work)
    {
        using (_viewLock.EnterScope())
        {
            Hammer2Error result = _queue.RunWhenCommitted(() =>
            {
                Hammer2Error error = work(out Func<ClusterView, ClusterView>? change);
                return error == Hammer2Error.None && change is not null ? SwapNow(change) : error;
            });
            if (result == Hammer2Error.None) _client.Detach(_nodes.View);
            return result;
        }
    }

    /// <summary>Exchanges the view while nothing is committed, with inodes that are dirty: operations that begin
    /// meanwhile wait.</summary>
    /// <param name="change">Makes the view after it of the one before.</param>
    /// <param name="prepare">Gives the dirty blocks places on the nodes of that view.</param>
    /// <param name="done">Called when it is exchanged, before the first operation or commit.</param>
    /// <returns>None; what preparing met, and the view stays then.</returns>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    public Hammer2Error RunWhileHalted(
        Func<ClusterView, ClusterView> change, Func<ClusterView, Hammer2Error> prepare, Action done)
    {
        using (_viewLock.EnterScope())
        {
            Hammer2Error result = _queue.RunBetweenCommits(() =>
            {
                using (_gate.EnterExclusive()) _gate.Suspend();
                try
                {
                    // Bulkfree leaves alone what a client of the device allocated and did not commit.
                    ClusterView after = change(_nodes.View);
                    _client.Attach(after);
                    Hammer2Error error = prepare(after);
                    if (error == Hammer2Error.None) error = SwapNow(_ => after, hasPlaces: true);
                    if (error == Hammer2Error.None) done();
                    return error;
                }
                finally
                {
                    _gate.Resume();
                }
            });
            _client.Detach(_nodes.View);
            return result;
        }
    }

    private Hammer2Error Swap(Func<ClusterView, ClusterView> change) =>
        _queue.RunBetweenCommits(() => SwapNow(change));

    private Hammer2Error SwapNow(Func<ClusterView, ClusterView> change, bool hasPlaces = false)
    {
        using TransactionGate.Exclusion exclusion = _gate.EnterExclusive();
        ClusterView before = _nodes.View;
        ClusterView after = change(before);
        if (!hasPlaces && before.IsExtendedBy(after) && !_inodes.IsEmpty) return Hammer2Error.NotEmpty;
        // A stored block that another is to share has a location on each node of its own view only.
        _duplicates.ForgetAll();
        _client.Attach(after);
        _space.Follow(after);
        Invariant.Holds(_nodes.TrySwapView(before, after));
        return Hammer2Error.None;
    }
}
