// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>Gives a PFS another root by a change of the list of PFSs, while it is in use.</summary>
internal sealed class RootReplacement(
    ClusterNodes nodes, CommitQueue queue, RootEditCommit edits, MountRecovery recovery)
{
    /// <summary>As <see cref="PfsWriter.ExchangeRoot"/>.</summary>
    public Hammer2Error Run(PfsRootEdit edit, ulong newest)
    {
        Hammer2Error error = queue.RaiseNumbers(newest);
        if (error == Hammer2Error.None)
        {
            nodes.BeginExchange();
            error = edits.Run(edit, (queue, edit) => queue.CommitExchange(edit, MayHaveOrphans));
            nodes.EndExchange();
        }
        return error == Hammer2Error.None ? recovery.RunAfterExchange() : error;
    }

    private bool MayHaveOrphans() =>
        CommitStamp.MayHaveOrphans(nodes.View.FocusOf(Media.PfsRootInum).Root.Reference);
}
