// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>
/// Makes a snapshot of the PFS that a commit is of: a PFS of its own, with its own ids, whose root has the references
/// that the commit gives to the root of the source. Nothing is copied; both share all blocks, which are never written
/// in place.
/// </summary>
/// <remarks>Upstream: hammer2_ioctl_pfs_snapshot, which drops owner, mode, flags, methods and quotas of the source;
/// here they are kept, and so is the time when the root directory changed. Birth and change time are those of the
/// snapshot.</remarks>
internal sealed class SnapshotEdit : PfsRootEdit
{
    private readonly byte[] _label;
    private readonly PfsIds _ids;
    private readonly ulong _time;
    private readonly PfsSubtype _subtype;

    /// <param name="label">The label of the snapshot, 1 to 255 bytes, which no PFS of any node has.</param>
    /// <param name="ids">Its ids.</param>
    /// <param name="time">Microseconds since 1970 UTC.</param>
    /// <param name="subtype">Whether it is made on request or by a schedule.</param>
    public SnapshotEdit(byte[] label, PfsIds ids, ulong time, PfsSubtype subtype = PfsSubtype.Snapshot) =>
        (_label, _ids, _time, _subtype) = (label, ids, time, subtype);

    /// <inheritdoc/>
    public override bool IsSnapshot => true;

    /// <summary>True when one node alone has it: it counts one master, and can be mounted without the others.</summary>
    public bool IsOnOneNode { get; init; }

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = turn.FindFreeKey(_label, out ulong key);
        if (error != Hammer2Error.None) return error;
        InodeMeta meta = turn.Source!.Meta;
        meta.PfsRole = (byte)PfsType.Master;
        meta.PfsSubtype = _subtype;
        meta.PfsOriginId = turn.Source.Meta.PfsClusterId;
        meta.PfsReceivedTid = 0;
        if (turn.CommitId is { } commit) meta.PfsCommitId = commit;
        meta.PfsClusterId = _ids.ClusterId;
        meta.PfsNodeId = _ids.NodeIdOf(turn.Slot);
        if (IsOnOneNode) meta.PfsMasters = 1;
        meta.PfsSnapshotTid = turn.Tid;
        meta.NameKey = key;
        meta.ParentInum = Media.PfsRootInum;
        meta.BirthTime = meta.ChangeTime = _time;
        Blockref reference = turn.Source.Reference;
        reference.Key = key;
        reference.ModifyTid = turn.Tid;
        return turn.Put(meta, (ReadOnlySpan<byte>)_label, turn.Source.Table, ref reference, isStamped: true);
    }
}
