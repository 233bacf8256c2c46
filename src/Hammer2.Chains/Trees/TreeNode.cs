// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>A table of references being edited: the top of a tree or an indirect block.</summary>
/// <remarks>It has no empty slots. Nodes below exist only on the path of a change. The references are edited in the
/// bytes of the block that is going to be written, so that nothing is copied for that.</remarks>
internal sealed class TreeNode
{
    private readonly byte[] _block;
    private readonly int _offset;
    private Blockref _reference;
    private TreeNode?[]? _below;

    /// <summary>An empty table of <paramref name="slots"/> slots, which is a block of its own.</summary>
    public TreeNode(int slots, in Blockref reference)
        : this(slots, GC.AllocateUninitializedArray<byte>(slots * Blockref.SizeBytes), 0) => _reference = reference;

    private TreeNode(int slots, byte[] block, int offset)
    {
        Slots = slots;
        _block = block;
        _offset = offset;
    }

    /// <summary>The number of slots.</summary>
    public int Slots { get; }

    /// <summary>The number of references in use.</summary>
    public int Count { get; private set; }

    /// <summary>The reference that led here; without a location when the block is new.</summary>
    public ref Blockref Reference => ref _reference;

    /// <summary>The references in use, ascending. That to a node which must be written is stale.</summary>
    public ReadOnlySpan<Blockref> References => Table[..Count];

    /// <summary>True when it must be written.</summary>
    public bool IsDirty { get; set; }

    /// <summary>True when no slot is free.</summary>
    public bool IsFull => Count == Slots;

    private Span<Blockref> Table =>
        MemoryMarshal.Cast<byte, Blockref>(_block.AsSpan(_offset, Slots * Blockref.SizeBytes));

    /// <summary>An empty table within another block.</summary>
    public static TreeNode Within(byte[] block, int offset, int slots) => new(slots, block, offset);

    /// <summary>Index of the first reference whose keys end at or after a key; <see cref="Count"/> if none.</summary>
    public int FindFirst(ulong key)
    {
        ReadOnlySpan<Blockref> references = References;
        int low = 0, high = references.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (references[middle].KeyEnd < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>The reference at an index.</summary>
    public ref Blockref At(int index) => ref Table[..Count][index];

    /// <summary>The indirect block that the reference at an index leads to, when a change went through it; else
    /// null.</summary>
    public TreeNode? Below(int index) => _below?[index];

    /// <summary>Keeps the node that the reference at an index leads to; null when it is as on the device.</summary>
    public void SetBelow(int index, TreeNode? node)
    {
        if (node is null && _below is null) return;
        _below ??= new TreeNode?[Slots];
        _below[index] = node;
    }

    /// <summary>Copies the used references of a loaded table into this one, which is empty.</summary>
    public void Fill(ReadOnlySpan<Blockref> table)
    {
        Span<Blockref> references = Table;
        int count = 0;
        foreach (ref readonly Blockref reference in table)
            if (!reference.IsEmpty) references[count++] = reference;
        Count = count;
    }

    /// <summary>Inserts a reference; there is a free slot.</summary>
    public void Insert(int index, in Blockref reference, TreeNode? below = null)
    {
        Open(index, 1);
        Table[index] = reference;
        SetBelow(index, below);
    }

    /// <summary>Removes a reference.</summary>
    public void RemoveAt(int index) => Remove(index, 1);

    /// <summary>Moves references to the end of another table, which has room for them, and puts the one reference to
    /// that table in their place.</summary>
    public void MoveBelow(int index, int count, TreeNode target)
    {
        int at = target.Count;
        target.Open(at, count);
        CopyTo(index, count, target, at);
        Remove(index, count);
        Insert(index, target.Reference, target);
    }

    /// <summary>Replaces a reference by those in the table that it leads to; there are slots for them.</summary>
    public void Absorb(int index, TreeNode child)
    {
        Remove(index, 1);
        Open(index, child.Count);
        child.CopyTo(0, child.Count, this, index);
    }

    /// <summary>Copies the references to the start of a table, whose other slots become empty.</summary>
    public void Store(Span<Blockref> table)
    {
        References.CopyTo(table);
        table[Count..].Clear();
    }

    /// <summary>The bytes of a block of its own, which must not be edited any more.</summary>
    public byte[] TakeBlock()
    {
        Table[Count..].Clear();
        return _block;
    }

    /// <summary>Adds up the statistics of all references, for the reference to this table.</summary>
    public void Summarize(ref Blockref reference)
    {
        var sum = default(SubtreeStatistics);
        long leaves = 0;
        ulong newest = 0;
        foreach (ref readonly Blockref child in References)
        {
            bool hasBelow = child.Type is BlockrefType.Inode or BlockrefType.Indirect;
            sum.DataCount += (uint)child.Data.SizeBytes + (hasBelow ? child.Subtree.DataCount : 0);
            if (child.Type == BlockrefType.Inode) sum.InodeCount++;
            if (hasBelow) sum.InodeCount += child.Subtree.InodeCount;
            leaves += child.Type == BlockrefType.Indirect ? child.LeafCount : 1;
            newest = Math.Max(newest, child.ModifyTid);
        }
        reference.Subtree = sum;
        reference.LeafCount = (ushort)Math.Min(leaves, ushort.MaxValue);
        reference.ModifyTid = Math.Max(reference.ModifyTid, newest);
    }

    // Makes room, the content of which is undefined.
    private void Open(int index, int count)
    {
        Invariant.Holds(Count + count <= Slots);
        Span<Blockref> table = Table;
        table[index..Count].CopyTo(table[(index + count)..]);
        Span<TreeNode?> below = _below;
        if (!below.IsEmpty)
        {
            below[index..Count].CopyTo(below[(index + count)..]);
            below.Slice(index, count).Clear();
        }
        Count += count;
    }

    private void Remove(int index, int count)
    {
        Span<Blockref> table = Table;
        table[(index + count)..Count].CopyTo(table[index..]);
        Span<TreeNode?> below = _below;
        if (!below.IsEmpty)
        {
            below[(index + count)..Count].CopyTo(below[index..]);
            below[(Count - count)..Count].Clear();
        }
        Count -= count;
    }

    private void CopyTo(int index, int count, TreeNode target, int at)
    {
        Table.Slice(index, count).CopyTo(target.Table[at..]);
        if (_below is null) return;
        for (int i = 0; i < count; i++) target.SetBelow(at + i, _below[index + i]);
    }
}
