// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>A commit of a cluster: attempts with one number differ in the id.</summary>
/// <param name="Number">modify_tid of the PFS root.</param>
/// <param name="Id">The id that all nodes of the attempt share; 0 where none is known.</param>
public readonly record struct CommitPoint(ulong Number, ulong Id);

/// <summary>The stored state of one node.</summary>
/// <param name="Role">Its role.</param>
/// <param name="Commit">Its last commit.</param>
/// <param name="Stamp">Tells which program committed last.</param>
/// <param name="MastersStored">The number of masters of the cluster stored in it; 0 for none stored.</param>
public readonly record struct NodeFacts(NodeRole Role, CommitPoint Commit, StampState Stamp, int MastersStored)
{
    /// <summary>A node that could not be opened.</summary>
    public static NodeFacts Missing => new(NodeRole.Absent, default, StampState.None, 0);

    /// <summary>True when a volume header that was newer than the one in use may have been lost: the node proves
    /// nothing about newer commits.</summary>
    public bool IsUncertain { get; init; }

    /// <summary>A later commit of this PFS that is durable on the node but for its volume header; null when there is
    /// none.</summary>
    public CommitPoint? Prepared { get; init; }

    /// <summary>True when the header of the prepared commit was being written: its copy is torn.</summary>
    public bool IsPreparedTorn { get; init; }

    /// <summary>The greatest number of a commit of this PFS that the node shows, attempts included.</summary>
    public ulong NumberKnown { get; init; }

    /// <summary>True for a slave that was being made equal to a later commit: what it holds is of neither
    /// commit.</summary>
    public bool IsIncomplete { get; init; }

    /// <summary>Its identity in membership records.</summary>
    public MemberTag Tag { get; init; }

    /// <summary>The membership record in its PFS root; null when there is none that can be read.</summary>
    public MembershipRecord? Record { get; init; }

    /// <summary>True when its PFS root has a membership record that this version cannot read.</summary>
    public bool HasUnknownRecord { get; init; }

    /// <summary>Reads the state of a node.</summary>
    /// <param name="root">The reference to its PFS root.</param>
    /// <param name="meta">The fields of its PFS root.</param>
    /// <param name="afterLabel">The name area of its PFS root after the label.</param>
    /// <param name="volumes">The filesystem that contains it.</param>
    /// <param name="record">The prepared commit of that filesystem, if it has a valid one.</param>
    public static NodeFacts Of(
        in Blockref root, in InodeMeta meta, ReadOnlySpan<byte> afterLabel, VolumeSet volumes,
        PreparedCommitRecord? record)
    {
        StampState stamp = CommitStamp.Judge(root);
        var held = new CommitPoint(root.ModifyTid, stamp == StampState.Valid ? meta.PfsCommitId : 0);
        CommitPoint? prepared = null;
        ulong known = root.ModifyTid;
        if (record is not null && record.Commit.PfsKey == root.Key && record.Commit.ClusterId == meta.PfsClusterId)
        {
            var next = new CommitPoint(record.Commit.Number, record.Commit.Id);
            if (record.State == PreparedState.Prepared && next != held) prepared = next;
            known = Math.Max(known, next.Number);
        }
        MembershipRecord? members = MembershipRecord.Read(afterLabel);
        return new NodeFacts(RoleOf(meta), held, stamp, meta.PfsMasters)
        {
            Tag = MemberTag.Of(meta.PfsClusterId, new NodeIdentity(volumes.FilesystemId, meta.PfsNodeId)),
            Record = members,
            IsIncomplete = meta.PfsRole == InodeMeta.CopyingSlaveRole,
            HasUnknownRecord = members is null && PfsMembers.IsPresent(afterLabel),
            IsUncertain = LostHeader.MayHaveHeldMore(volumes, record, root.MirrorTid),
            Prepared = prepared,
            IsPreparedTorn = prepared is not null && IsTorn(volumes, record!.Next!.CopyIndex),
            NumberKnown = known,
        };
    }

    /// <summary>The state of a node of a snapshot, which cannot have more masters than the cluster that it is
    /// of.</summary>
    /// <param name="masters">How many masters that has now; 0 when it is not known.</param>
    public NodeFacts OfSnapshot(int masters) =>
        masters > 0 && MastersStored > masters ? this with { MastersStored = masters } : this;

    /// <summary>The role of a node by the fields of its PFS root.</summary>
    /// <remarks>A returning master keeps the slave's number with the role it is on the way to above it, so that nothing
    /// else takes it for a master.</remarks>
    public static NodeRole RoleOf(in InodeMeta meta) => meta.PfsType switch
    {
        PfsType.Master => NodeRole.Master,
        PfsType.Slave when meta.PfsTypeNext == PfsType.Master => NodeRole.Returning,
        PfsType.Slave or PfsType.SoftSlave or PfsType.SoftMaster => NodeRole.Slave,
        _ => NodeRole.Absent,
    };

    /// <summary>The facts of a node whose part was changed in the record of its cluster, and not yet in its own root: a
    /// failure came between the two. The record counts.</summary>
    /// <param name="record">The record of the commit that is shown; null for none.</param>
    public NodeFacts AsIn(MembershipRecord? record) => (Role, record?.RoleOf(Tag)) switch
    {
        (NodeRole.Slave, MemberRole.Joining) => this with { Role = NodeRole.Returning },
        (NodeRole.Master, MemberRole.Slave) => this with { Role = NodeRole.Slave },
        _ => this,
    };

    private static bool IsTorn(VolumeSet volumes, int copyIndex)
    {
        foreach (VolumeHeaderCopy copy in volumes.Volumes[0].Copies.Copies)
            if (copy.CopyIndex == copyIndex) return copy.Header is null && !copy.IsBlank && !copy.IsOtherFilesystem;
        return false;
    }
}
