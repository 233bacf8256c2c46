// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>What was found at a place, and done about it.</summary>
internal enum PlaceState
{
    /// <summary>Everything there can be read, or is gone.</summary>
    Sound,

    /// <summary>A block was written again where it is.</summary>
    Rewritten,

    /// <summary>A block has to be stored anew by the node's commit.</summary>
    NeedsRebuild,
}

/// <summary>Looks at one place in the trees of a node: each block from the PFS root down to the leaf is read, and
/// written again where that is possible.</summary>
internal sealed class PlaceExaminer(PinnedNode pinned, BlockMender mender)
{
    private readonly MediaDevice _device = pinned.Node.Device;

    /// <summary>What has to be stored anew, after NeedsRebuild.</summary>
    public ObjectPart Part { get; private set; }

    /// <summary>The reference to the block that cannot be read, after NeedsRebuild.</summary>
    public Blockref Damaged { get; private set; }

    /// <summary>Examines a place.</summary>
    public PlaceState Examine(in HealRequest request)
    {
        Chain? top = pinned.Root;
        PlaceState above = PlaceState.Sound;
        if (request.Inum != Media.PfsRootInum)
        {
            above = ExamineLeaf(top, Media.PfsRootInum, request.Inum, out top);
            if (above == PlaceState.NeedsRebuild || top is null) return above;
        }
        PlaceState below = ExamineLeaf(top, request.Inum, request.Key, out _);
        return below == PlaceState.Sound ? above : below;
    }

    private PlaceState ExamineLeaf(Chain top, ulong inum, ulong key, out Chain? inode)
    {
        inode = null;
        var state = PlaceState.Sound;
        Blockref found;
        Hammer2Error error;
        while ((error = TreePath.Find(_device, top, key, out found)).IsNodeFault())
        {
            if (!TryRewrite(inum, found, error))
                return NeedRebuild(found, new ObjectPart(pinned.Node.Slot, inum, key, IsLeaf: false));
            state = PlaceState.Rewritten;
        }
        if (error == Hammer2Error.NoEntry || found.Data.SizeBytes == 0) return state;
        error = ReadLeaf(found, out inode);
        if (error == Hammer2Error.None) return state;
        if (TryRewrite(inum, found, error) && ReadLeaf(found, out inode) == Hammer2Error.None)
            return PlaceState.Rewritten;
        return NeedRebuild(found, found.Type == BlockrefType.Inode
            ? new ObjectPart(pinned.Node.Slot, found.Key, Key: null, IsLeaf: false)
            : new ObjectPart(pinned.Node.Slot, inum, found.Key, IsLeaf: true));
    }

    private Hammer2Error ReadLeaf(in Blockref leaf, out Chain? inode)
    {
        inode = null;
        if (leaf.Type != BlockrefType.Data) return _device.Load(leaf, out inode);
        return _device.ReadStored(leaf, new byte[leaf.Data.SizeBytes]);
    }

    private bool TryRewrite(ulong inum, in Blockref block, Hammer2Error fault) => mender.TryRewrite(
        pinned.Node, pinned.Pin, new BlockPlace(pinned.Root.Meta.PfsClusterId, inum, block.Key), block, fault);

    private PlaceState NeedRebuild(in Blockref damaged, in ObjectPart part)
    {
        Damaged = damaged;
        Part = part;
        return PlaceState.NeedsRebuild;
    }
}
