// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>
/// Finds the stored bytes of a block of one node on the other nodes. Whatever they are there, they count only when the
/// check code of the reference on the node proves them.
/// </summary>
/// <remarks>Used by one thread.</remarks>
internal sealed class SiblingBlocks(ClusterNodes nodes)
{
    private readonly Dictionary<(MediaDevice, MediaUuid), Chain?> _roots = [];

    /// <summary>Forgets which PFSs the devices have.</summary>
    public void Forget() => _roots.Clear();

    /// <summary>Reads a block from another node.</summary>
    /// <param name="node">The node that cannot read it.</param>
    /// <param name="place">Where it is in its PFS.</param>
    /// <param name="wanted">The reference to it on that node.</param>
    /// <param name="stored">Receives all its bytes; of the length in the reference.</param>
    /// <returns>False when no other node has bytes that the check code proves.</returns>
    public bool TryRead(PresentNode node, in BlockPlace place, in Blockref wanted, Span<byte> stored)
    {
        foreach (PresentNode other in nodes.View.Synced)
        {
            if (other == node || RootOn(other, place.ClusterId) is not { } root) continue;
            if (!TryReadBelow(other.Device, root, place, wanted, stored)) continue;
            if (CheckCode.Verify(wanted, stored)) return true;
        }
        return false;
    }

    private Chain? RootOn(PresentNode other, MediaUuid clusterId)
    {
        if (other.Root.Meta.PfsClusterId == clusterId) return other.Root;
        if (_roots.TryGetValue((other.Device, clusterId), out Chain? known)) return known;
        var entries = new List<PfsEntry>();
        // Those that cannot be read are left out.
        _ = PfsEntry.List(other.Device, entries);
        foreach (PfsEntry entry in entries) _roots[(other.Device, entry.ClusterId)] = entry.Root;
        if (_roots.TryGetValue((other.Device, clusterId), out Chain? found)) return found;
        return _roots[(other.Device, clusterId)] = null;
    }

    private static bool TryReadBelow(
        MediaDevice device, Chain root, in BlockPlace place, in Blockref wanted, Span<byte> stored)
    {
        Chain top = root;
        if (place.Inum != Media.PfsRootInum && !TryLoadInode(device, root, place.Inum, out top)) return false;
        if (TreePath.Find(device, top, place.Key, out Blockref found) != Hammer2Error.None) return false;
        bool isSame = found.Type == wanted.Type && found.Methods == wanted.Methods
            && found.Data.SizeBytes == stored.Length;
        if (!isSame) return false;
        if (found.Type == BlockrefType.Data) return device.ReadStored(found, stored) == Hammer2Error.None;
        if (device.Load(found, out Chain? chain) != Hammer2Error.None) return false;
        stored.Clear();
        chain!.Block.CopyTo(stored);
        return true;
    }

    private static bool TryLoadInode(MediaDevice device, Chain root, ulong inum, out Chain inode)
    {
        inode = root;
        bool isFound = TreePath.Find(device, root, inum, out Blockref found) == Hammer2Error.None
            && found.Type == BlockrefType.Inode && found.Key == inum
            && device.Load(found, out Chain? loaded) == Hammer2Error.None && (inode = loaded!) is not null;
        return isFound;
    }
}
