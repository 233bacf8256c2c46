// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Reports;

/// <summary>What a mounted PFS and the filesystems of its nodes are at the moment, for administration.</summary>
/// <remarks>Thread-safe, without a lock; what is being written meanwhile is reported as of its last commit.</remarks>
public static class PfsReports
{
    /// <summary>Its nodes in the order in which they were named, absent ones too.</summary>
    public static IReadOnlyList<NodeDescription> NodesOf(Pfs pfs)
    {
        var nodes = new List<NodeDescription>();
        ulong shown = LastCommitOf(pfs);
        foreach (NodeMember member in pfs.View.Members)
        {
            nodes.Add(member is PresentNode node
                ? Describe(node, shown)
                : new(member.Name, member.State, member.Reason, CommitTid: 0, Pins: [], member.Facts.Role));
        }
        return nodes;
    }

    /// <summary>How many masters its cluster has that no device of the mount was named for.</summary>
    public static int UnnamedMastersOf(Pfs pfs)
    {
        ClusterView view = pfs.View;
        int absent = view.Record is null
            ? pfs.Membership.MastersTotal - view.Nodes.Count(
                static node => node.Facts.Role is NodeRole.Master or NodeRole.Returning)
            : ViewMembers.FindAbsentMasters(view).Count;
        int named = view.Members.Count(static member => member is not PresentNode);
        return Math.Max(absent - named, 0);
    }

    private static NodeDescription Describe(PresentNode node, ulong shown)
    {
        ulong held = node.Root.Reference.ModifyTid;
        return new(node.Name, node.State, node.Reason, held, PinsOf(node.Device), node.Facts.Role)
        {
            Behind = CommitNumber.Between(held, shown),
            Resync = node.IsSynced ? null : node.Resync,
        };
    }

    /// <summary>The number of the last commit of the PFS: the newest that a synced node holds.</summary>
    public static ulong LastCommitOf(Pfs pfs)
    {
        ulong newest = 0;
        foreach (PresentNode node in pfs.Nodes)
            if (NodeTransitions.MayBeUsed(node.State)) newest = Math.Max(newest, node.Root.Reference.ModifyTid);
        return newest;
    }

    /// <summary>The last damage that was found on a node that has not failed, with its location; null when there was
    /// none. A node that failed is resynchronized when it returns, with all that could not be written to it.</summary>
    public static string? LastDamageOf(Pfs pfs)
    {
        string? last = null;
        foreach (PresentNode node in pfs.Nodes)
            if (node.State != NodeState.Failed) last = node.Device.Faults.LastFault ?? last;
        return last;
    }

    /// <summary>Its space.</summary>
    public static SpaceDescription SpaceOf(Pfs pfs)
    {
        PfsSpace shown = pfs.GetSpace();
        if (pfs.Writer is not { } writer) return new SpaceDescription(shown, 0, 0, 0, 0, null);
        long reserved = 0;
        ulong uncommitted = 0;
        foreach (PresentNode node in pfs.Nodes)
        {
            if (node.Device.Committer is not { } committer) continue;
            reserved = Math.Max(reserved, committer.Space.ReservedBytes);
            uncommitted = Math.Max(uncommitted, committer.UncommittedBytes);
        }
        return new SpaceDescription(shown, writer.Space.ReserveBytes, reserved, writer.UnwrittenBytes, uncommitted,
            writer.StagedBytes);
    }

    /// <summary>The caches of the process.</summary>
    public static IReadOnlyList<CacheDescription> CachesOf(ClusterMount mount) =>
        [Describe("metadata", mount.Caches.Chains.Use), Describe("data", mount.Caches.DataUse)];

    private static CacheDescription Describe(string name, in CacheUse use) =>
        new(name, use.HeldBytes, use.MaxBytes, use.Hits, use.Misses);

    /// <summary>Version of the format of a node's filesystem: 1 or 2.</summary>
    public static uint VersionOf(PresentNode node) => node.Device.Header.Fields.Version;

    /// <summary>The volumes of a node's filesystem, in the order of their numbers.</summary>
    public static IReadOnlyList<VolumeDescription> VolumesOf(PresentNode node)
    {
        var volumes = new List<VolumeDescription>();
        foreach (Volume volume in node.Device.Volumes.Volumes)
            volumes.Add(new(volume.Index, volume.Device.Name, volume.Start, volume.LengthBytes));
        return volumes;
    }

    /// <summary>Lists PFSs of a node's filesystem as of its last commit.</summary>
    /// <param name="node">The node.</param>
    /// <param name="first">The lowest key to list.</param>
    /// <param name="max">The most to list.</param>
    /// <param name="found">Receives them in the order of their keys, unreadable ones left out.</param>
    /// <returns>None, or all errors of reading, OR-ed.</returns>
    public static Hammer2Error ListPfss(PresentNode node, ulong first, int max, List<PfsDescription> found)
    {
        MediaDevice device = node.Device;
        while (true)
        {
            Chain root = device.RootChain;
            found.Clear();
            Hammer2Error error = ListOnce(device, first, max, found);
            // A PFS of the device may commit meanwhile, which relocates blocks above the roots.
            if (error == Hammer2Error.None || device.RootChain == root) return error;
        }
    }

    /// <summary>Finds the PFS with a label, as of the last commit.</summary>
    /// <param name="node">The node.</param>
    /// <param name="label">Its label, 1 to 255 bytes.</param>
    /// <param name="found">Null when there is none.</param>
    /// <returns>None; NoEntry; the fault of a block on the way, or of a root that may have the label.</returns>
    public static Hammer2Error FindPfs(PresentNode node, ReadOnlySpan<byte> label, out PfsDescription? found)
    {
        while (true)
        {
            Chain root = node.Device.RootChain;
            Hammer2Error error = PfsRootKeys.Find(node.Device, label, out Chain? pfs, out _);
            found = pfs is null ? null : PfsDescription.Of(pfs);
            if (error == Hammer2Error.NoSpace) error = Hammer2Error.NoEntry;
            // A PFS of the device may commit meanwhile, which relocates blocks above the roots.
            if (!error.IsNodeFault() || node.Device.RootChain == root) return error;
        }
    }

    /// <summary>The mounted PFS as it is on one node, as of the last commit.</summary>
    public static PfsDescription Describe(PresentNode node) => PfsDescription.Of(node.Root);

    private static Hammer2Error ListOnce(MediaDevice device, ulong first, int max, List<PfsDescription> found)
    {
        Hammer2Error error = PfsEntry.LoadSuperRoot(device, out Chain? superRoot);
        if (error != Hammer2Error.None) return error;
        Hammer2Error errors = Hammer2Error.None;
        var cursor = new ChainCursor(device, superRoot!, first, ulong.MaxValue);
        while (found.Count < max && (error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error == Hammer2Error.None && cursor.Current.Type != BlockrefType.Inode) continue;
            Chain? root = null;
            if (error == Hammer2Error.None) error = device.Load(cursor.Current, out root);
            errors |= error;
            if (error != Hammer2Error.None || root!.Meta.Type != ObjectType.Directory) continue;
            found.Add(PfsDescription.Of(root));
        }
        return errors;
    }

    private static List<PinDescription> PinsOf(MediaDevice device)
    {
        var pins = new List<PinDescription>();
        if (device.Committer is not { } committer) return pins;
        foreach (PinnedRoot pin in committer.Pins) pins.Add(new(pin.Purpose, pin.MirrorTid, pin.Since, pin.Bound));
        return pins;
    }
}
