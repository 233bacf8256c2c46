// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Begins the copy of a snapshot in the place of one that is damaged on this node. What the node had until
/// then gets a label and ids of its own: all that can be read of it can be read there, also if the copy is
/// never completed.</summary>
internal sealed class ReplacedRootEdit : PfsRootEdit
{
    private readonly TransferredRootEdit _copy;
    private readonly Chain? _damaged;
    private readonly byte[] _keptLabel;
    private readonly PfsIds _keptIds;

    /// <param name="copy">Enters the copy, at the key of the damaged one.</param>
    /// <param name="damaged">The root of the damaged one; null when it cannot be read itself.</param>
    /// <param name="keptLabel">The label that it gets.</param>
    /// <param name="keptIds">The ids that it gets.</param>
    public ReplacedRootEdit(TransferredRootEdit copy, Chain? damaged, byte[] keptLabel, PfsIds keptIds)
    {
        Invariant.Holds(copy.Key is not null);
        (_copy, _damaged, _keptLabel, _keptIds) = (copy, damaged, keptLabel, keptIds);
    }

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = _damaged is null ? Hammer2Error.None : Keep(turn, _damaged);
        return error == Hammer2Error.None ? _copy.Apply(turn) : error;
    }

    private Hammer2Error Keep(in PfsRootTurn turn, Chain damaged)
    {
        Hammer2Error error = turn.FindFreeKey(_keptLabel, out ulong key);
        if (error != Hammer2Error.None) return error;
        InodeMeta meta = damaged.Meta;
        meta.PfsOriginId = meta.PfsClusterId;
        meta.PfsClusterId = _keptIds.ClusterId;
        meta.PfsNodeId = _keptIds.NodeIdOf(turn.Slot);
        meta.PfsMasters = 1;
        meta.NameKey = key;
        Blockref reference = damaged.Reference;
        reference.Key = key;
        return turn.Put(meta, (ReadOnlySpan<byte>)_keptLabel, damaged.Table, ref reference, isStamped: true);
    }
}
