// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin;
using Hammer2.Admin.Newfs;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>One device of a simulated cluster, with what was done to it.</summary>
internal sealed class SimulatedNode(int number, SimulatedDisk disk)
{
    // As small as possible: newfs reads all of it.
    private const ulong AreaBytes = 8 << 20;

    private ulong _identities;
    private MediaUuid _clusterId;

    public int Number => number;

    public SimulatedDisk Disk => disk;

    public string Name => disk.Name;

    /// <summary>Its identity in membership records.</summary>
    public MemberTag Tag { get; private set; }

    /// <summary>The id of the filesystem on it.</summary>
    public MediaUuid FilesystemId { get; private set; }

    /// <summary>The id of the filesystem that was on its device before that was replaced.</summary>
    public MediaUuid LostFilesystemId { get; private set; }

    /// <summary>True while there is a node of the cluster on it.</summary>
    public bool IsFormatted { get; private set; }

    /// <summary>True once blocks on it were spoiled, another program wrote it, or it lost what it had said to be
    /// durable.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>True once another program wrote a master: it holds what no other node does.</summary>
    public bool HoldsOwn { get; set; }

    /// <summary>True for a node whose reads may fail now and then.</summary>
    public bool IsFlaky { get; set; }

    /// <summary>True for a blank node in place of a lost one that is still in the record.</summary>
    public bool IsUnseated { get; set; }

    /// <summary>True for a new node that the cluster does not know yet.</summary>
    public bool IsStranger { get; set; }

    /// <summary>True when the cluster may be mounted with it.</summary>
    public bool IsUsable => IsFormatted && !IsReleased;

    /// <summary>True when the cluster is to be equal on it in the end.</summary>
    public bool IsMember => IsUsable && !IsStranger && !IsUnseated;

    /// <summary>True once it may have left the cluster with what it holds, as a PFS by itself.</summary>
    public bool MayBeReleased { get; set; }

    /// <summary>True once that is certain.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>True when the cluster must not depend on it.</summary>
    public bool IsTainted => IsDamaged || IsFlaky || IsUnseated;

    /// <summary>Makes it one of the first nodes.</summary>
    public void Format(ulong seed, int masters) => Format(Describe(seed, masters, isReturning: false));

    /// <summary>Makes it a node without content that is to become equal to the others.</summary>
    public void FormatJoiner(ulong seed, int masters)
    {
        disk.Replace();
        _identities++;
        if (!IsUnseated) LostFilesystemId = FilesystemId;
        IsStranger = true;
        (IsDamaged, IsReleased, MayBeReleased, IsUnseated, HoldsOwn) = (false, false, false, false, false);
        Format(Describe(seed, Math.Max(1, masters), isReturning: true));
    }

    /// <summary>Finds out whether it left the cluster: it has an identity of its own then.</summary>
    public void FindReleased()
    {
        if (!MayBeReleased) return;
        // Later, once it answers.
        if (!disk.IsReadable) return;
        MayBeReleased = false;
        try
        {
            using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
            IsReleased = PfsCatalog.Read(volumes).Records.All(pfs => pfs.Meta.PfsClusterId != _clusterId);
        }
        catch (MediaException) when (IsDamaged)
        {
            // A new device is put in its place in the end.
        }
    }

    /// <summary>Its part by its own root; Absent when it cannot be read.</summary>
    public NodeRole ReadRole()
    {
        try
        {
            using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
            foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
                if (pfs.Meta.PfsClusterId == _clusterId) return NodeFacts.RoleOf(pfs.Meta);
        }
        catch (MediaException)
        {
            // Neither can the other program write it.
        }
        return NodeRole.Absent;
    }

    private void Format(NewFilesystem wanted)
    {
        NewVolume.Format([disk], wanted);
        NewPfs pfs = wanted.Pfses[^1];
        FilesystemId = wanted.FilesystemId;
        Tag = MemberTag.Of(pfs.ClusterId, new NodeIdentity(wanted.FilesystemId, pfs.NodeId));
        _clusterId = pfs.ClusterId;
        IsFormatted = true;
    }

    private NewFilesystem Describe(ulong seed, int masters, bool isReturning)
    {
        NewPfs shared = NewVolume.Describe(seed, number, Media.NodesMax).Pfses[^1];
        NewFilesystem own = NewVolume.Describe(seed + (_identities << 40), number, Media.NodesMax);
        NewPfs pfs = own.Pfses[^1] with
        {
            ClusterId = shared.ClusterId,
            Masters = masters,
            IsReturning = isReturning,
        };
        return own with { Pfses = [.. own.Pfses.SkipLast(1), pfs], BootBytes = AreaBytes, AuxBytes = AreaBytes };
    }
}
