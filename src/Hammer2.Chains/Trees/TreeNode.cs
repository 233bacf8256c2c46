// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>A table of references being edited: the top of a tree or an indirect block.</summary>
/// <remarks>It has no empty slots. Nodes below exist only on the path of a change.</remarks>
internal sealed class TreeNode
{
    private Blockref _reference;

    /// <summary>A table of <paramref name="slots"/> slots.</summary>
    public TreeNode(int slots, in Blockref reference)
    {
        Slots = slots;
        _reference = reference;
    }

    /// <summary>The number of slots.</summary>
    public int Slots { get; }

    /// <summary>The reference that led here; without a location when the block is new.</summary>
    public ref Blockref Reference => ref _reference;

    /// <summary>The references in use, ascending.</summary>
    public List<TreeEntry> Entries { get; } = [];

    /// <summary>True when it must be written.</summary>
    public bool IsDirty { get; set; }

    /// <summary>True when no slot is free.</summary>
    public bool IsFull => Entries.Count == Slots;

    /// <summary>Index of the first entry whose keys end at or after a key; the count of entries if
    /// none.</summary>
    public int FindFirst(ulong key)
    {
        int low = 0, high = Entries.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (At(middle).Reference.KeyEnd < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>A reference to the entry at an index.</summary>
    public ref TreeEntry At(int index) => ref CollectionsMarshal.AsSpan(Entries)[index];

    /// <summary>Copies the used references of a loaded table.</summary>
    public void Fill(ReadOnlySpan<Blockref> table)
    {
        foreach (ref readonly Blockref reference in table)
            if (!reference.IsEmpty) Entries.Add(new TreeEntry { Reference = reference });
    }

    /// <summary>Copies the references to the start of a table, whose other slots become empty.</summary>
    public void Store(Span<Blockref> table)
    {
        table.Clear();
        for (int i = 0; i < Entries.Count; i++) table[i] = At(i).Reference;
    }

    /// <summary>Adds up the statistics of all entries, for the reference to this table.</summary>
    public void Summarize(ref Blockref reference)
    {
        var sum = default(SubtreeStatistics);
        long leaves = 0;
        ulong newest = 0;
        foreach (ref readonly TreeEntry entry in CollectionsMarshal.AsSpan(Entries))
        {
            ref readonly Blockref child = ref entry.Reference;
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
}

/// <summary>A reference in a <see cref="TreeNode"/>, with the node that it leads to if that is in memory.</summary>
internal struct TreeEntry
{
    /// <summary>The reference; stale while its node is dirty.</summary>
    public Blockref Reference;

    /// <summary>The indirect block that it leads to, when a change went through it.</summary>
    public TreeNode? Node;
}
