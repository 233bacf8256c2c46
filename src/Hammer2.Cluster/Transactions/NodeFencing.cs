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
    private ulong _lastCommit;

    public NodeFencing(ClusterNodes nodes, FailStop failStop)
    {
        _nodes = nodes;
        _failStop = failStop;
        _lastCommit = nodes.View.FocusOf(Media.PfsRootInum).Root.Reference.ModifyTid;
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
        if (CheckQuorum() && !_failStop.IsHalted) return true;
        reason = LackOfQuorum;
        return false;
    }

    /// <summary>Number of the last commit that a quorum of nodes holds.</summary>
    public ulong LastCommit => Volatile.Read(ref _lastCommit);

    /// <summary>A quorum of nodes holds a commit.</summary>
    public void NoteCommit(ulong tid) => Volatile.Write(ref _lastCommit, tid);

    /// <summary>Fences a node.</summary>
    /// <returns>True for the call that did it.</returns>
    public bool Fence(PresentNode node, Hammer2Error error)
    {
        if (!node.TryFence()) return false;
        _ = Interlocked.Or(ref _errors, (int)error);
        MountLog.NodeFailed(_nodes.Logger, node.Name, error);
        return true;
    }

    /// <summary>Halts the PFS if fewer nodes than a quorum can be written.</summary>
    /// <returns>None, also when it is halted already; Stalled; what the fenced nodes met.</returns>
    public Hammer2Error HaltWithoutQuorum() =>
        CheckQuorum() || _failStop.IsHalted ? Hammer2Error.None : Halt(LackOfQuorum);

    /// <summary>Fences a node, and halts the PFS without a quorum: callers who want more to be durable are told.
    /// </summary>
    public void FenceAndCheck(PresentNode node, Hammer2Error error)
    {
        _ = Fence(node, error);
        if (!CheckQuorum()) _ = Halt(error);
    }

    /// <summary>Halts the PFS after a commit that failed: without a quorum as the policy says, and for good where the
    /// nodes are there.</summary>
    /// <returns>Stalled; the error once it is stopped.</returns>
    public Hammer2Error Halt(Hammer2Error error)
    {
        if (!_failStop.IsStopped && (!CheckQuorum() || _failStop.IsStalled))
            return _failStop.Halt(error, _nodes.View.Synced.Count, _nodes.View.Quorum);
        Stop(error);
        return error;
    }

    /// <summary>Stops the PFS for good.</summary>
    public void Stop(Hammer2Error error) => _failStop.Stop(error, _nodes.View.Synced.Count, _nodes.View.Quorum);
}
