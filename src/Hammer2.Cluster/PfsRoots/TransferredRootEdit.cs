// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Enters the root of a snapshot that another node has, with the tree of a PFS that is near to it: the begin
/// of its copy, which says that it is incomplete.</summary>
internal sealed class TransferredRootEdit : PfsRootEdit
{
    private readonly Chain _snapshot;
    private readonly Chain _nearest;
    private readonly MediaUuid _nodeId;

    /// <param name="snapshot">Its root on the other node.</param>
    /// <param name="nearest">A root of this one, whose tree it begins with.</param>
    /// <param name="nodeId">The id of the copy.</param>
    public TransferredRootEdit(Chain snapshot, Chain nearest, MediaUuid nodeId) =>
        (_snapshot, _nearest, _nodeId) = (snapshot, nearest, nodeId);

    /// <summary>Its key, where it takes the place of another root; null for a free one.</summary>
    public ulong? Key { get; init; }

    /// <summary>The root as it was written; null before.</summary>
    public Chain? Written { get; private set; }

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = Hammer2Error.None;
        ulong key = Key ?? 0;
        if (Key is null) error = turn.FindFreeKey(_snapshot.InodeName, out key);
        if (error != Hammer2Error.None) return error;
        InodeMeta meta = _snapshot.Meta;
        meta.PfsRole = InodeMeta.ReturningMasterRole;
        meta.PfsNodeId = _nodeId;
        meta.NameKey = key;
        Blockref reference = _nearest.Reference;
        reference.Key = key;
        reference.ModifyTid = _snapshot.Reference.ModifyTid;
        error = turn.Put(meta, new InodeName(_snapshot.InodeName, _snapshot.AfterInodeName), _nearest.Table,
            ref reference, isStamped: false, out Chain? written);
        Written = written;
        return error;
    }
}
