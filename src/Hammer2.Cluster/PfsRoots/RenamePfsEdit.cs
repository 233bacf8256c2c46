// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Gives a PFS that is not in use another label. Everything else of it stays as it is.</summary>
internal sealed class RenamePfsEdit : PfsRootEdit
{
    private readonly byte[] _from;
    private readonly byte[] _to;
    private readonly MediaUuid _clusterId;

    /// <param name="from">Its label.</param>
    /// <param name="to">Another one, which no PFS of any node has.</param>
    /// <param name="clusterId">Its cluster: a node that has another PFS under this label keeps it.</param>
    public RenamePfsEdit(byte[] from, byte[] to, MediaUuid clusterId) =>
        (_from, _to, _clusterId) = (from, to, clusterId);

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = PfsRootKeys.Find(turn.Device, _from, out Chain? root, out _);
        if (error is Hammer2Error.NoEntry or Hammer2Error.NoSpace) return Hammer2Error.None;
        if (error != Hammer2Error.None) return error;
        if (root!.Meta.PfsClusterId != _clusterId) return Hammer2Error.None;
        error = PfsRootKeys.Find(turn.Device, _to, out _, out ulong key);
        if (error != Hammer2Error.NoEntry) return error == Hammer2Error.None ? Hammer2Error.Exists : error;
        InodeMeta meta = root.Meta;
        meta.NameKey = key;
        Blockref reference = root.Reference;
        // The stamp covers the check code, which the name changes: one that was valid stays so.
        bool isStamped = CommitStamp.Judge(reference) == StampState.Valid;
        bool hasOrphans = CommitStamp.MayHaveOrphans(reference);
        reference.Key = key;
        PfsRootTurn stamping = turn with { HasOrphans = hasOrphans };
        error = stamping.Put(meta, _to, root.Table, ref reference, isStamped);
        return error == Hammer2Error.None ? turn.Remove(root.Reference.Key) : error;
    }
}
