// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>Which snapshot a received PFS was: in the root inode, in reserved bytes that upstream keeps.</summary>
/// <remarks>Its own cluster id is another one, since PFSs of one cluster id are nodes of one cluster. It is as it was
/// received while the number of its last change is that of the snapshot.</remarks>
internal static class ReceivedOrigin
{
    /// <summary>Notes the snapshot.</summary>
    public static void Store(ref InodeMeta root, MediaUuid clusterId, ulong tid) =>
        (root.PfsOriginId, root.PfsReceivedTid) = (clusterId, tid);

    /// <summary>Finds the ancestor of a stream: a PFS that was received from it, or the snapshot itself.</summary>
    /// <exception cref="StreamException">There is none, or it was changed since.</exception>
    public static Chain Find(IReadOnlyList<PfsEntry> entries, StreamIdentity identity)
    {
        PfsEntry? changed = null;
        bool isPart = false;
        foreach (PfsEntry entry in entries)
        {
            InodeMeta meta = entry.Root.Meta;
            bool isReceived = meta.PfsOriginId == identity.AncestorClusterId
                && meta.PfsReceivedTid == identity.AncestorTid;
            if (!isReceived && entry.ClusterId != identity.AncestorClusterId) continue;
            if (entry.Root.Reference.ModifyTid == identity.AncestorTid) return entry.Root;
            isPart |= meta.PfsRole == InodeMeta.ReceivingRole;
            changed = entry;
        }
        if (isPart) throw new StreamException("is an increment to a snapshot that is not whole here");
        throw new StreamException(changed is null
            ? $"is an increment to snapshot {identity.AncestorClusterId}, 0x{identity.AncestorTid:x}, which is not here"
            : "is an increment to a snapshot that was changed here since it was received");
    }
}
