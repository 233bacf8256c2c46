// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>The meta part of a PFS root, some of which is the node's own.</summary>
internal static class RootMeta
{
    /// <summary>What all nodes share, from the image of the group, with what a node must keep for
    /// itself.</summary>
    public static InodeMeta Join(in InodeMeta shared, in InodeMeta own)
    {
        InodeMeta joined = shared;
        joined.PfsNodeId = own.PfsNodeId;
        joined.PfsClusterId = own.PfsClusterId;
        joined.PfsRole = own.PfsRole;
        joined.PfsSubtype = own.PfsSubtype;
        joined.PfsMasters = own.PfsMasters;
        joined.PfsSnapshotTid = own.PfsSnapshotTid;
        joined.NameKey = own.NameKey;
        joined.NameBytes = own.NameBytes;
        joined.ParentInum = own.ParentInum;
        return joined;
    }
}
