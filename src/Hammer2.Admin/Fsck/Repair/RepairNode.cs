// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>An inode or indirect block during a repair: loaded when needed, written once at the end.</summary>
internal sealed class RepairNode
{
    public RepairNode(RepairNode? parent, in Blockref reference, byte[] block)
    {
        Parent = parent;
        Reference = reference;
        Original = reference;
        Block = block;
    }

    /// <summary>The block that contains the reference to this one; null for the super-root.</summary>
    public RepairNode? Parent { get; set; }

    /// <summary>The new reference to this block.</summary>
    public Blockref Reference;

    /// <summary>The old reference.</summary>
    public Blockref Original { get; }

    /// <summary>The new content of the block.</summary>
    public byte[] Block { get; }

    /// <summary>True when this block or one below it must be written.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Loaded children, by key.</summary>
    public SortedDictionary<ulong, RepairNode> Children { get; } = [];

    /// <summary>True between the super-root and the PFS roots.</summary>
    public bool IsAboveRoots => Parent is null || (Parent.IsAboveRoots && Reference.Type == BlockrefType.Indirect);

    /// <summary>True for the root of a PFS.</summary>
    public bool IsPfsRoot => Parent is { IsAboveRoots: true } && Reference.Type == BlockrefType.Inode;

    /// <summary>The fields of an inode.</summary>
    public ref InodeMeta Meta => ref new InodeBlock(Block).Meta;

    /// <summary>True when the block has references.</summary>
    public bool HasTable => Reference.Type == BlockrefType.Indirect || !Meta.HasDirectData;

    /// <summary>The references; empty for an inode with embedded data.</summary>
    public Span<Blockref> Table => Reference.Type == BlockrefType.Indirect
        ? MemoryMarshal.Cast<byte, Blockref>(Block.AsSpan())
        : HasTable ? new InodeBlock(Block).Blockset : default;

    /// <summary>The slot of a key, or -1.</summary>
    public int SlotOf(ulong key, BlockrefType type)
    {
        Span<Blockref> table = Table;
        for (int slot = 0; slot < table.Length; slot++)
            if (table[slot].Type == type && table[slot].Key == key) return slot;
        return -1;
    }

    /// <summary>The slot of the indirect block that covers a key, or -1.</summary>
    public int SlotCovering(ulong key)
    {
        Span<Blockref> table = Table;
        for (int slot = 0; slot < table.Length; slot++)
        {
            if (table[slot].Type == BlockrefType.Indirect && key >= table[slot].Key && key <= table[slot].KeyEnd)
                return slot;
        }
        return -1;
    }

    /// <summary>An unused slot, or -1.</summary>
    public int FreeSlot()
    {
        Span<Blockref> table = Table;
        for (int slot = 0; slot < table.Length; slot++)
            if (table[slot].IsEmpty) return slot;
        return -1;
    }

    /// <summary>True when no slot is used.</summary>
    public bool IsEmpty
    {
        get
        {
            foreach (ref readonly Blockref slot in Table)
                if (!slot.IsEmpty) return false;
            return true;
        }
    }

    /// <summary>Marks this block and all blocks above it to be written.</summary>
    public void MarkDirty()
    {
        for (RepairNode? node = this; node is { IsDirty: false }; node = node.Parent) node.IsDirty = true;
    }

    /// <summary>Sorts the table: ascending keys, then zeroed unused slots.</summary>
    public void Arrange()
    {
        Span<Blockref> table = Table;
        foreach (ref Blockref slot in table)
            if (slot.IsEmpty) slot = default;
        table.Sort(static (left, right) => left.IsEmpty != right.IsEmpty
            ? left.IsEmpty.CompareTo(right.IsEmpty)
            : left.Key.CompareTo(right.Key));
    }

    /// <summary>Computes the statistics of this block from its references.</summary>
    public void Sum()
    {
        ulong data = 0, inodes = 0, leaves = 0;
        foreach (ref readonly Blockref slot in Table)
        {
            if (slot.IsEmpty) continue;
            data += (ulong)slot.Data.SizeBytes;
            leaves += slot.Type == BlockrefType.Indirect ? slot.LeafCount : 1UL;
            if (slot.Type == BlockrefType.Inode) inodes++;
            if (slot.Type is not (BlockrefType.Inode or BlockrefType.Indirect)) continue;
            data += slot.Subtree.DataCount;
            inodes += slot.Subtree.InodeCount;
        }
        Reference.Subtree = new SubtreeStatistics { DataCount = data, InodeCount = inodes };
        // Upstream starts the statistics of a snapshot's root at zero.
        if (!IsPfsRoot) Reference.LeafCount = (ushort)Math.Min(leaves, ushort.MaxValue);
    }
}
