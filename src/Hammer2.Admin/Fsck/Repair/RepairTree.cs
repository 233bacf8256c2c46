// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>
/// The tree of a filesystem during a repair. Blocks in use are never overwritten: every changed block is written to
/// free space, up to the super-root, whose new reference is committed by the header.
/// </summary>
internal sealed class RepairTree
{
    private readonly VolumeSet _volumes;
    private readonly RepairSpace _space;
    private readonly ulong _mirrorTid;

    private RepairTree(VolumeSet volumes, RepairSpace space, ulong mirrorTid)
    {
        _volumes = volumes;
        _space = space;
        _mirrorTid = mirrorTid;
    }

    /// <summary>The inode of the super-root.</summary>
    public RepairNode Top { get; private set; } = null!;

    /// <summary>The errors of reading and writing blocks.</summary>
    public Hammer2Error Error { get; private set; }

    /// <summary>Loads the super-root; null when it is unusable, so that no repair is possible.</summary>
    public static RepairTree? Open(VolumeSet volumes, RepairSpace space, ulong mirrorTid)
    {
        var tree = new RepairTree(volumes, space, mirrorTid);
        foreach (ref readonly Blockref root in volumes.Header.SuperRootBlockset)
        {
            if (root.IsEmpty || MediaValidator.Reference(root, BlockrefType.VolumeRoot) is not null) continue;
            if (tree.Load(null, root) is not { } top) return null;
            tree.Top = top;
            return tree;
        }
        return null;
    }

    /// <summary>The root inode of a PFS.</summary>
    public RepairNode? Pfs(ulong key) => Child(Top, key, BlockrefType.Inode);

    /// <summary>An inode of a PFS.</summary>
    public RepairNode? Inode(RepairNode pfs, ulong inum) =>
        inum == Media.PfsRootInum ? pfs : Child(pfs, inum, BlockrefType.Inode);

    /// <summary>A block below an inode, or the inode itself.</summary>
    public RepairNode? Block(RepairNode inode, in RepairAction action)
    {
        if (action.Block == BlockrefType.Inode) return inode;
        RepairNode node = inode;
        while (node.SlotCovering(action.Key) is >= 0 and var slot)
        {
            Blockref reference = node.Table[slot];
            if (LoadChild(node, reference) is not { } next) return null;
            if (reference.Key == action.Key && reference.KeyBits == action.KeyBits) return next;
            node = next;
        }
        return null;
    }

    /// <summary>Finds the block that contains a reference.</summary>
    public bool TryFind(RepairNode inode, ulong key, BlockrefType type, [NotNullWhen(true)] out RepairNode? holder, out int slot)
    {
        holder = inode;
        for (int depth = 0; depth <= Media.TreeDepthMax; depth++)
        {
            slot = holder.SlotOf(key, type);
            if (slot >= 0) return true;
            slot = holder.SlotCovering(key);
            if (slot < 0 || LoadChild(holder, holder.Table[slot]) is not { } next) break;
            holder = next;
        }
        (holder, slot) = (null, -1);
        return false;
    }

    /// <summary>Inserts a reference below an inode; splits full blocks.</summary>
    public bool TryInsert(RepairNode inode, in Blockref reference)
    {
        RepairNode node = inode;
        for (int step = 0; step <= 2 * Media.TreeDepthMax; step++)
        {
            int slot = node.SlotCovering(reference.Key);
            if (slot >= 0)
            {
                if (LoadChild(node, node.Table[slot]) is not { } next) return false;
                node = next;
                continue;
            }
            slot = node.FreeSlot();
            if (slot >= 0)
            {
                node.Table[slot] = reference;
                node.Table[slot].MirrorTid = _mirrorTid;
                node.Arrange();
                node.MarkDirty();
                return true;
            }
            if (node.Table.IsEmpty) return false;
            Split(node, reference.Key);
        }
        return false;
    }

    /// <summary>Adds a new inode to a PFS.</summary>
    public RepairNode? AddInode(RepairNode pfs, in Blockref reference, byte[] block)
    {
        if (!TryInsert(pfs, reference) || !TryFind(pfs, reference.Key, BlockrefType.Inode, out RepairNode? holder, out _))
            return null;
        var node = new RepairNode(holder, reference, block);
        holder.Children.Add(reference.Key, node);
        node.MarkDirty();
        return node;
    }

    /// <summary>Writes all changed blocks; the new reference to the super-root is in <see cref="Top"/>.</summary>
    public bool TryWrite()
    {
        if (Top.IsDirty) Write(Top);
        return Error == Hammer2Error.None;
    }

    private RepairNode? Child(RepairNode inode, ulong key, BlockrefType type) =>
        TryFind(inode, key, type, out RepairNode? holder, out int slot) ? LoadChild(holder, holder.Table[slot]) : null;

    private RepairNode? LoadChild(RepairNode holder, in Blockref reference)
    {
        if (holder.Children.TryGetValue(reference.Key, out RepairNode? known)) return known;
        if (Load(holder, reference) is not { } child) return null;
        holder.Children.Add(reference.Key, child);
        return child;
    }

    private RepairNode? Load(RepairNode? parent, in Blockref reference)
    {
        int size = reference.Data.SizeBytes;
        bool isUsable = reference.Type == BlockrefType.Inode
            ? size == Media.InodeBytes
            : size is >= Media.IndirectBytesMin and <= Media.AllocationBytesMax;
        if (!isUsable) return null;
        byte[] block = new byte[size];
        return new KeyReader(_volumes).TryRead(reference, block) ? new RepairNode(parent, reference, block) : null;
    }

    /// <summary>
    /// Splits a full table: the half of the key range with more references moves to a new indirect block. At least two
    /// references move, since no single one covers the key to insert.
    /// </summary>
    private static void Split(RepairNode node, ulong key)
    {
        ulong first = key, last = key;
        foreach (ref readonly Blockref slot in node.Table)
        {
            first = Math.Min(first, slot.Key);
            last = Math.Max(last, slot.KeyEnd);
        }
        int bits = 64 - BitOperations.LeadingZeroCount(first ^ last);
        ulong top = 1UL << (bits - 1);
        int upper = 0;
        foreach (ref readonly Blockref slot in node.Table)
            if ((slot.Key & top) != 0) upper++;
        bool isUpper = upper > node.Table.Length - upper;
        ulong start = (first & ~((top << 1) - 1)) | (isUpper ? top : 0);
        int size = node.Reference.Type == BlockrefType.Inode
            ? Media.IndirectBytesMin
            : Math.Max(Media.IndirectBytesNominal, node.Block.Length);
        CheckMethod check = node.Reference.Methods.Check;
        var reference = new Blockref
        {
            Type = BlockrefType.Indirect,
            Methods = new BlockMethods(check == CheckMethod.None ? CheckMethod.XxHash64 : check, CompressionMethod.None),
            Key = start,
            KeyBits = (byte)(bits - 1),
            ModifyTid = node.Reference.ModifyTid,
            Data = new DataOffset(0, BitOperations.Log2((uint)size)),
        };
        var below = new RepairNode(node, reference, new byte[size]);
        int moved = 0;
        foreach (ref Blockref slot in node.Table)
        {
            if (((slot.Key & top) != 0) != isUpper) continue;
            below.Table[moved++] = slot;
            if (node.Children.Remove(slot.Key, out RepairNode? child))
            {
                child.Parent = below;
                below.Children.Add(child.Reference.Key, child);
            }
            slot = default;
        }
        node.Table[node.FreeSlot()] = reference;
        node.Arrange();
        node.Children[start] = below;
        below.MarkDirty();
    }

    private void Write(RepairNode node)
    {
        foreach (RepairNode child in new List<RepairNode>(node.Children.Values))
        {
            if (!child.IsDirty) continue;
            Write(child);
            if (Error != Hammer2Error.None) return;
            Replace(node, child);
        }
        node.Arrange();
        if (!node.IsAboveRoots) node.Sum();
        foreach (ref readonly Blockref slot in node.Table)
            node.Reference.ModifyTid = Math.Max(node.Reference.ModifyTid, slot.ModifyTid);
        if (node.Reference.Type == BlockrefType.Inode && node.Parent is not null)
            node.Reference.Flags = node.IsPfsRoot ? BlockrefFlags.PfsRoot : BlockrefFlags.None;
        if (!_space.TryAllocate(node.Block.Length, node.Reference.Type, out ulong address))
        {
            Error |= Hammer2Error.NoSpace;
            return;
        }
        node.Reference.Data = new DataOffset(address, BitOperations.Log2((uint)node.Block.Length));
        node.Reference.MirrorTid = _mirrorTid;
        CheckCode.Store(ref node.Reference, node.Block);
        Error |= _volumes.Write(address, node.Block);
    }

    private static void Replace(RepairNode node, RepairNode child)
    {
        int slot = node.SlotOf(child.Reference.Key, child.Reference.Type);
        if (slot < 0) return; // the child was removed
        bool isEmpty = child.Reference.Type == BlockrefType.Indirect && child.IsEmpty;
        ref Blockref holder = ref node.Table[slot];
        if (node.IsAboveRoots)
        {
            // Blocks made by newfs are not counted, so only the difference is added.
            node.Reference.Subtree.DataCount += child.Reference.Subtree.DataCount - child.Original.Subtree.DataCount;
            node.Reference.Subtree.InodeCount += child.Reference.Subtree.InodeCount - child.Original.Subtree.InodeCount;
        }
        holder = isEmpty ? default : child.Reference;
    }
}
