// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Fences nodes that fail a write, and stops the PFS when fewer nodes than a quorum are left.</summary>
/// <remarks>Nothing more is written to a node that failed a write: what is on it is then unknown. Thread-safe.
/// </remarks>
internal sealed class NodeFencing
{
    private readonly Pfs _pfs;
    private readonly FailStop _failStop;
    private int _errors;

    public NodeFencing(Pfs pfs, FailStop failStop)
    {
        _pfs = pfs;
        _failStop = failStop;
    }

    /// <summary>What nodes met that were fenced, OR-ed.</summary>
    public Hammer2Error Errors => (Hammer2Error)Volatile.Read(ref _errors);

    /// <summary>True when enough nodes can be written.</summary>
    public bool HasQuorum => _pfs.View.Synced.Count >= _pfs.View.Quorum;

    /// <summary>Fences a node.</summary>
    public void Fence(PresentNode node, Hammer2Error error)
    {
        _ = Interlocked.Or(ref _errors, (int)error);
        if (!node.IsSynced) return;
        _pfs.Fence(node);
        MountLog.NodeFailed(_pfs.Logger, node.Name, error);
    }

    /// <summary>Fences a node, and stops the PFS without a quorum: callers who want more to be durable are told.
    /// </summary>
    public void FenceAndCheck(PresentNode node, Hammer2Error error)
    {
        Fence(node, error);
        if (!HasQuorum) Stop(error);
    }

    /// <summary>Stops the PFS for want of a quorum.</summary>
    public void Stop(Hammer2Error error) => _failStop.Stop(error, _pfs.View.Synced.Count, _pfs.View.Quorum);
}
