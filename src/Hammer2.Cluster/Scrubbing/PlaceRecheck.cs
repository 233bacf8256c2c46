// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.Healing;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>Looks again at a place that a scrub found damaged.</summary>
/// <remarks>Used by one thread, for one pinned commit.</remarks>
internal sealed class PlaceRecheck(PresentNode node, PinnedRoot pin, ScrubWork work)
{
    private readonly MediaDevice _device = node.Device;

    /// <summary>Reads the blocks down to a place, and writes what cannot be read again where that is proven.</summary>
    /// <returns>What is still damaged; null when nothing is, or the place is gone.</returns>
    public ScrubFinding? Run(in DamagedPlace place)
    {
        if (PfsEntry.LoadSuperRoot(_device, pin.Root, out Chain? superRoot) != Hammer2Error.None)
            return new ScrubFinding(place, default);
        if (place.PfsKey == 0) return null;
        if (Below(superRoot!, place, null, place.PfsKey, out Chain? root) is { } above) return above;
        if (place.Inum == 0 || root is null) return null;
        Chain? top = root;
        MediaUuid cluster = root.Meta.PfsClusterId;
        if (place.Inum != Media.PfsRootInum)
        {
            var inode = new BlockPlace(cluster, Media.PfsRootInum, place.Inum);
            if (Below(root, place, inode, place.Inum, out top) is { } lost) return lost;
        }
        return top is null ? null : Below(top, place, new BlockPlace(cluster, place.Inum, place.Key), place.Key, out _);
    }

    private ScrubFinding? Below(Chain top, in DamagedPlace place, BlockPlace? block, ulong key, out Chain? leaf)
    {
        leaf = null;
        Blockref found;
        Hammer2Error error;
        while ((error = TreePath.Find(_device, top, key, out found)).IsNodeFault())
            if (!work.Mender.TryRewrite(node, pin, block, found, error)) return new ScrubFinding(place, found);
        if (error == Hammer2Error.NoEntry || found.Data.SizeBytes == 0) return null;
        error = Read(found, out leaf);
        if (error == Hammer2Error.None) return null;
        bool isMended = work.Mender.TryRewrite(node, pin, block, found, error)
            && Read(found, out leaf) == Hammer2Error.None;
        return isMended ? null : new ScrubFinding(place, found);
    }

    private Hammer2Error Read(in Blockref reference, out Chain? chain)
    {
        chain = null;
        work.CountRead(reference.Data.SizeBytes);
        return reference.Type == BlockrefType.Data
            ? _device.ReadAnew(reference, new byte[reference.Data.SizeBytes])
            : _device.LoadAnew(reference, out chain);
    }
}
