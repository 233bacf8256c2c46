// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Resync;

/// <summary>What the PFS root of a node says while it is resynchronized, and afterwards. Pure functions.</summary>
internal static class ResyncRoots
{
    /// <summary>The root of a node that has parts of its source.</summary>
    /// <param name="own">Its root before.</param>
    /// <param name="source">The root of the source: no inode number below that of the source is given again.</param>
    /// <param name="role">The part of the node, by the record of the cluster where there is one.</param>
    public static InodeMeta Returning(in InodeMeta own, in InodeMeta source, NodeRole role)
    {
        InodeMeta meta = own;
        meta.PfsRole = role == NodeRole.Slave ? InodeMeta.CopyingSlaveRole : InodeMeta.ReturningMasterRole;
        meta.PfsInum = Math.Max(own.PfsInum, source.PfsInum);
        return meta;
    }

    /// <summary>The root of a node that has everything of its source.</summary>
    public static InodeMeta Finished(in InodeMeta own, in InodeMeta source, NodeRole role)
    {
        InodeMeta meta = RootMeta.Join(source, own);
        if (role != NodeRole.Slave) meta.PfsRole = (byte)PfsType.Master;
        else if (own.PfsRole == InodeMeta.CopyingSlaveRole || own.PfsType == PfsType.Master)
            meta.PfsRole = (byte)PfsType.Slave;
        meta.PfsMasters = source.PfsMasters;
        meta.PfsSnapshotTid = Math.Max(own.PfsSnapshotTid, source.PfsSnapshotTid);
        return meta;
    }

    /// <summary>The stamp of an unfinished root: only where numbers of the tree can be trusted it is one of this
    /// driver's commits, so that a resynchronization which goes on after a restart knows.</summary>
    /// <param name="root">The reference.</param>
    /// <param name="trustsTids">True when this driver alone wrote the tree.</param>
    public static ulong StampOf(in Blockref root, bool trustsTids) =>
        trustsTids ? CommitStamp.Compute(root, hasOrphans: true) : 0;
}
