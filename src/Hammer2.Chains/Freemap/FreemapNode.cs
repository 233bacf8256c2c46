// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>A block of references, or the four in the volume header.</summary>
internal sealed class FreemapNode : FreemapBlock
{
    /// <summary>References in the volume header.</summary>
    public const int RootSlots = Media.BlocksetCount;

    private readonly int _slots;

    /// <summary>A node that may hold <paramref name="slots"/> references.</summary>
    public FreemapNode(int slots) => _slots = slots;

    /// <summary>The blocks below, by key.</summary>
    public SortedDictionary<ulong, FreemapBlock> Children { get; } = [];

    /// <summary>Adds a block of the lowest level at a free slot below this node.</summary>
    public void Insert(FreemapLeaf leaf)
    {
        IsDirty = true;
        ulong key = leaf.Reference.Key;
        foreach (FreemapBlock child in Children.Values)
        {
            if (child is FreemapNode node && key >= node.Reference.Key && key <= node.Reference.KeyEnd)
            {
                node.Insert(leaf);
                return;
            }
        }
        if (Children.Count == _slots)
        {
            Wrap();
            Insert(leaf);
            return;
        }
        Children.Add(key, leaf);
    }

    /// <summary>Marks the nodes on the path to a key as changed.</summary>
    public void MarkPathDirty(ulong key)
    {
        IsDirty = true;
        foreach (FreemapBlock child in Children.Values)
        {
            if (child is FreemapNode node && key >= node.Reference.Key && key <= node.Reference.KeyEnd)
                node.MarkPathDirty(key);
        }
    }

    /// <summary>Copies the references below into a table, whose other slots become empty.</summary>
    public void StoreReferences(Span<Blockref> table)
    {
        int slot = 0;
        foreach (FreemapBlock child in Children.Values) table[slot++] = child.Reference;
        table[slot..].Clear();
    }

    // A full table is split: its lowest block of the lowest level, and all blocks in the range of a block one level up,
    // are moved below a new node.
    private void Wrap()
    {
        FreemapBlock? lowest = null;
        foreach (FreemapBlock child in Children.Values)
            if (lowest is null || child.Reference.KeyBits < lowest.Reference.KeyBits) lowest = child;
        bool isKnown = FreemapGeometry.TryGetLevel(lowest!.Reference.KeyBits, out int level);
        Invariant.Holds(isKnown && level < FreemapGeometry.LevelMax);
        ulong key = FreemapGeometry.KeyOf(lowest.Reference.Key, level + 1);
        var node = new FreemapNode(FreemapGeometry.EntriesTotal) { IsDirty = true };
        node.Reference = NewReference(BlockrefType.FreemapNode, key, level + 1);
        node.Reference.FreemapBigMask = 0;
        var moved = new List<ulong>();
        foreach ((ulong childKey, FreemapBlock child) in Children)
            if (childKey >= key && childKey <= node.Reference.KeyEnd) moved.Add(childKey);
        foreach (ulong childKey in moved)
        {
            node.Children.Add(childKey, Children[childKey]);
            _ = Children.Remove(childKey);
        }
        Children.Add(key, node);
    }
}
