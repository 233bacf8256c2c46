// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Fences nodes that fail a write, and stops the PFS when fewer nodes than a quorum are left.</summary>
/// <remarks>Nothing more is written to a node that failed a write: what is on it is then unknown. Thread-safe.
/// </remarks>
internal sealed class NodeFencing
{
    private readonly ClusterNodes _nodes;
    private readonly FailStop _failStop;
    private int _errors;

    public NodeFencing(ClusterNodes nodes, FailStop failStop)
    {
        _nodes = nodes;
        _failStop = failStop;
    }

    // What nodes met that were fenced, OR-ed. Another thread may have fenced one and not have said yet why.
    private Hammer2Error LackOfQuorum
    {
        get
        {
            var errors = (Hammer2Error)Volatile.Read(ref _errors);
            return errors == Hammer2Error.None ? Hammer2Error.NoQuorum : errors;
        }
    }

    /// <summary>Says whether enough nodes can be written. Nodes on a device that another PFS fenced are fenced
    /// first.</summary>
    public bool CheckQuorum()
    {
        ClusterView view = _nodes.View;
        foreach (PresentNode node in view.Nodes)
            if (node.Device.Committer is { IsFenced: true } committer) _ = Fence(node, committer.FenceError);
        return view.Synced.Count >= view.Quorum;
    }

    /// <summary>Says whether a commit may go on: the PFS is not stopped, and enough nodes can be written.</summary>
    /// <param name="reason">Why not: what stopped the PFS; what the fenced nodes met.</param>
    public bool MayCommit(out Hammer2Error reason)
    {
        reason = _failStop.Reason;
        if (reason != Hammer2Error.None) return false;
        if (CheckQuorum()) return true;
        reason = LackOfQuorum;
        return false;
    }

    /// <summary>Fences a node.</summary>
    /// <returns>True for the call that did it.</returns>
    public bool Fence(PresentNode node, Hammer2Error error)
    {
        if (!node.TryFence()) return false;
        _ = Interlocked.Or(ref _errors, (int)error);
        MountLog.NodeFailed(_nodes.Logger, node.Name, error);
        return true;
    }

    /// <summary>Stops the PFS if fewer nodes than a quorum can be written.</summary>
    /// <returns>None, also when it is stopped already; what the fenced nodes met.</returns>
    public Hammer2Error StopWithoutQuorum()
    {
        if (CheckQuorum() || _failStop.IsStopped) return Hammer2Error.None;
        Hammer2Error reason = LackOfQuorum;
        Stop(reason);
        return reason;
    }

    /// <summary>Fences a node, and stops the PFS without a quorum: callers who want more to be durable are told.
    /// </summary>
    public void FenceAndCheck(PresentNode node, Hammer2Error error)
    {
        _ = Fence(node, error);
        if (!CheckQuorum()) Stop(error);
    }

    /// <summary>Stops the PFS for want of a quorum.</summary>
    public void Stop(Hammer2Error error) => _failStop.Stop(error, _nodes.View.Synced.Count, _nodes.View.Quorum);
}
