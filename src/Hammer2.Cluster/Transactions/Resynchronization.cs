// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Resync;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Makes nodes of a writable PFS that are present and not synced equal to the synced ones.</summary>
internal sealed class Resynchronization(
    ClusterNodes nodes, ViewChange viewChange, FailStop failStop, PfsWriteOptions options)
{
    /// <summary>Resynchronizes a node.</summary>
    /// <param name="node">A member of the view.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <returns>As <see cref="NodeResync.Run"/>; Internal when an invariant broke, which stops the PFS.</returns>
    /// <remarks>Entry: no lock held. The PFS may be read and written meanwhile.</remarks>
    public Hammer2Error Run(PresentNode node, Func<bool> isCancelled)
    {
        var outside = new ResyncOptions(
            options.Time, options.Random, () => isCancelled() || failStop.IsStopped);
        var resync = new NodeResync(nodes, viewChange.RunWhenCommitted, node, outside);
        return failStop.Run("a resynchronization", resync, static work => work.Run());
    }
}
