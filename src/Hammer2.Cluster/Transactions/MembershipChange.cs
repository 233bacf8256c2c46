// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>Changes which nodes a cluster has, one change after the other: the next begins when a quorum holds the last
/// one.</summary>
/// <remarks>From the moment at which the view has the new record, its voters decide: each commit from then on stores
/// it, and counts when a quorum of them has it. Lock: rank 7.</remarks>
internal sealed class MembershipChange
{
    private readonly RankedLock _changeLock = new(LockRank.MembershipChange);
    private readonly ClusterNodes _nodes;
    private readonly ViewChange _viewChange;
    private readonly CommitQueue _queue;

    public MembershipChange(ClusterNodes nodes, ViewChange viewChange, CommitQueue queue)
    {
        _nodes = nodes;
        _viewChange = viewChange;
        _queue = queue;
    }

    /// <summary>Runs work while everything is committed, then exchanges the view as it says, and makes a changed record
    /// durable.</summary>
    /// <returns>As <see cref="ViewChange.RunWhenCommitted"/>; what kept the record from a quorum of nodes, which stops
    /// the PFS.</returns>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    public Hammer2Error Run(QuietWork work)
    {
        using (_changeLock.EnterScope())
        {
            MembershipRecord? before = _nodes.View.Record;
            bool wasCluster = _nodes.IsCluster;
            Hammer2Error error = _viewChange.RunWhenCommitted(work);
            if (error != Hammer2Error.None || Equals(before, _nodes.View.Record)) return error;
            MountLog.MembersChanged(
                _nodes.Logger, _nodes.LabelText, _nodes.View.Record!.Number, _nodes.View.Record.Masters);
            return wasCluster ? _queue.CommitMembers() : _queue.BeginEpoch();
        }
    }

    /// <summary>Changes the record.</summary>
    /// <param name="change">Makes the new record of the view; null to leave it.</param>
    /// <returns>As <see cref="Run(QuietWork)"/>; Invalid when the record was left; TooLarge when a root has no
    /// space for it.</returns>
    public Hammer2Error Run(Func<ClusterView, MembershipRecord?> change) =>
        Run((out Func<ClusterView, ClusterView>? exchange) =>
        {
            exchange = null;
            if (change(_nodes.View) is not { } record) return Hammer2Error.Invalid;
            if (!ViewMembers.HasRoom(_nodes.View, record)) return Hammer2Error.TooLarge;
            exchange = view => view.WithRecord(record);
            return Hammer2Error.None;
        });
}
