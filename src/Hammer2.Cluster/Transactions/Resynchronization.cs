// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Resync;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>Makes nodes of a writable PFS that are present and not synced equal to the synced ones.</summary>
internal sealed class Resynchronization(
    ClusterNodes nodes, MembershipChange membership, FailStop failStop, PfsWriteOptions options)
{
    /// <summary>Resynchronizes a node.</summary>
    /// <param name="node">A member of the view.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <returns>As <see cref="NodeResync.Run"/>; NoEntry when the node left the view; NodeDown also when the
    /// cluster has no seat for it; Internal when an invariant broke, which stops the PFS.</returns>
    /// <remarks>Entry: no lock held. The PFS may be read and written meanwhile.</remarks>
    public Hammer2Error Run(PresentNode node, Func<bool> isCancelled) => Prepare(node, isCancelled)();

    /// <summary>As <see cref="Run"/>, but to be done again and again: what is known after one time spares work the
    /// next.</summary>
    public Func<Hammer2Error> Prepare(PresentNode node, Func<bool> isCancelled)
    {
        var outside = new ResyncOptions(
            options.Time, options.Random,
            () => isCancelled() || failStop.IsHalted || node.IsKeptOffline || !nodes.View.Has(node), Throttle())
        {
            Snapshots = options.ResyncSnapshots,
        };
        var resync = new NodeResync(nodes, membership.Run, node, outside);
        return () => failStop.Run("a resynchronization", () =>
        {
            if (!nodes.View.Has(node)) return Hammer2Error.NoEntry;
            Hammer2Error refused = Admit(node);
            return refused == Hammer2Error.None ? resync.Run() : refused;
        }, static work => work());
    }

    /// <summary>Copies to a synced node the snapshots of the PFS that it lacks, or that are damaged there.</summary>
    /// <param name="node">A member of the view.</param>
    /// <param name="claim">As for <see cref="SnapshotTransfer"/>.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="copied">How many were copied.</param>
    /// <returns>As <see cref="SnapshotTransfer.Run"/>; Internal when an invariant broke.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error CopySnapshots(PresentNode node, SnapshotClaim claim, Func<bool> isCancelled, out int copied)
    {
        var outside = new ResyncOptions(options.Time, options.Random,
            () => isCancelled() || failStop.IsHalted || !nodes.View.Has(node), Throttle());
        var transfer = new SnapshotTransfer(nodes, node, outside, claim);
        int total = 0;
        Hammer2Error error = failStop.Run("copying snapshots", transfer, work => work.Run(out total));
        copied = total;
        return error;
    }

    private RateThrottle Throttle() => new(options.ResyncRate, options.Time, options.Scheduler);

    // A node that was made for a lost one takes its seat, if it is clear which.
    private Hammer2Error Admit(PresentNode node)
    {
        if (node.Facts.Role == NodeRole.Slave || ViewMembers.MayJoin(nodes.View, node, nodes.MastersTotal))
            return Hammer2Error.None;
        if (ViewMembers.FindSeat(nodes.View, node) is null) return Hammer2Error.NodeDown;
        return membership.Run(view => ViewMembers.FindSeat(view, node));
    }
}
