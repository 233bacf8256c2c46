// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>
/// Changes the leaf references of one tree and writes the result as new blocks: copy-on-write from the touched indirect
/// blocks upward. The tree on media does not change.
/// </summary>
/// <remarks>
/// Upstream: hammer2_chain.c, creation, deletion and <c>hammer2_chain_create_indirect</c>. A batch of changes writes
/// each touched block once. Used by one thread; after an error it must not be used any more.
/// </remarks>
public sealed partial class TreeEditor
{
    private readonly MediaReader _device;
    private readonly TreeShape _shape;
    private byte[] _inode = new byte[Media.InodeBytes];
    private TreeNode _top;
    private readonly ILeafSource? _source;
    private bool _isRestored;
    private bool _isTaken;

    /// <summary>An editor over a table of references that were validated.</summary>
    /// <param name="device">The device of the tree.</param>
    /// <param name="shape">The shape of the tree.</param>
    /// <param name="table">The top table.</param>
    /// <param name="source">Restores what is below a block that cannot be read; null when nothing can.</param>
    public TreeEditor(
        MediaReader device, TreeShape shape, ReadOnlySpan<Blockref> table, ILeafSource? source = null)
    {
        _device = device;
        _shape = shape;
        _source = source;
        _top = TreeNode.Within(_inode, InodeBlock.UnionOffset, shape.TopSlots);
        _top.Fill(table);
    }

    /// <summary>Inserts a leaf; it replaces one with the same key.</summary>
    /// <returns>None; the fault of a block on the path; Exists when there is a leaf that covers several keys, which no
    /// writer creates.</returns>
    public Hammer2Error Put(in Blockref leaf)
    {
        while (true)
        {
            Hammer2Error error = Descend(leaf.Key, out TreeNode node, out int index);
            if (error != Hammer2Error.None) return error;
            if (index < node.Count && node.At(index).Key <= leaf.KeyEnd)
            {
                ref Blockref found = ref node.At(index);
                if (found.Key != leaf.Key || found.KeyBits != leaf.KeyBits) return Hammer2Error.Exists;
                found = leaf;
                return Hammer2Error.None;
            }
            if (!node.IsFull)
            {
                node.Insert(index, leaf);
                return Hammer2Error.None;
            }
            MakeRoom(node, leaf);
        }
    }

    /// <summary>Finds a leaf that is about to be changed or removed.</summary>
    /// <returns>None; NoEntry; the fault of a block on the path.</returns>
    public Hammer2Error Find(ulong key, out Blockref leaf)
    {
        leaf = default;
        Hammer2Error error = Descend(key, out TreeNode node, out int index);
        if (error != Hammer2Error.None) return error;
        if (index == node.Count || node.At(index).Key != key) return Hammer2Error.NoEntry;
        leaf = node.At(index);
        return Hammer2Error.None;
    }

    /// <summary>Removes a leaf.</summary>
    /// <returns>None; NoEntry; the fault of a block on the path.</returns>
    public Hammer2Error Remove(ulong key)
    {
        Hammer2Error error = Descend(key, out TreeNode node, out int index);
        if (error != Hammer2Error.None) return error;
        if (index == node.Count || node.At(index).Key != key) return Hammer2Error.NoEntry;
        node.RemoveAt(index);
        return Hammer2Error.None;
    }

    /// <summary>Removes all leaves with keys in [first, last]. Blocks wholly in the range are dropped
    /// without
    /// being read.</summary>
    public Hammer2Error RemoveRange(ulong first, ulong last)
    {
        KeepTaken();
        while (true)
        {
            _isRestored = false;
            Hammer2Error error = RemoveRange(_top, first, last, depth: 0);
            if (!_isRestored) return error;
        }
    }

    private Hammer2Error RemoveRange(TreeNode node, ulong first, ulong last, int depth)
    {
        for (int index = node.FindFirst(first); index < node.Count;)
        {
            Blockref reference = node.At(index);
            if (reference.Key > last) break;
            node.IsDirty = true;
            if (reference.Key >= first && reference.KeyEnd <= last)
            {
                node.RemoveAt(index);
                continue;
            }
            if (reference.Type == BlockrefType.Indirect)
            {
                if (depth == Media.TreeDepthMax) return Hammer2Error.Corrupt;
                Hammer2Error error = Open(node, index, out TreeNode child);
                if (error != Hammer2Error.None)
                {
                    error = Restore(node, index, error);
                    // The leaves below were inserted again in other blocks: restart the walk.
                    _isRestored = error == Hammer2Error.None;
                    return error;
                }
                error = RemoveRange(child, first, last, depth + 1);
                if (error != Hammer2Error.None || _isRestored) return error;
            }
            index++;
        }
        return Hammer2Error.None;
    }

    // Descends to the node in which a key is, or belongs, and marks the path for writing.
    private Hammer2Error Descend(ulong key, out TreeNode node, out int index)
    {
        KeepTaken();
        node = _top;
        for (int depth = 0; ; depth++)
        {
            node.IsDirty = true;
            index = node.FindFirst(key);
            if (index == node.Count) return Hammer2Error.None;
            ref readonly Blockref found = ref node.At(index);
            if (found.Key > key || found.Type != BlockrefType.Indirect) return Hammer2Error.None;
            if (depth == Media.TreeDepthMax) return Hammer2Error.Corrupt;
            Hammer2Error error = Open(node, index, out TreeNode child);
            if (error == Hammer2Error.None)
            {
                node = child;
                continue;
            }
            error = Restore(node, index, error);
            if (error != Hammer2Error.None) return error;
            (node, depth) = (_top, -1);
        }
    }

    private Hammer2Error Open(TreeNode node, int index, out TreeNode child)
    {
        child = node.Below(index)!;
        if (child is not null) return Hammer2Error.None;
        ref readonly Blockref reference = ref node.At(index);
        Hammer2Error error = _device.LoadForChange(reference, out Chain? chain);
        if (error != Hammer2Error.None) return error;
        child = new TreeNode(reference.Data.SizeBytes / Blockref.SizeBytes, reference);
        child.Fill(chain!.Table);
        node.SetBelow(index, child);
        return Hammer2Error.None;
    }

    // Removes a block that cannot be read from the tree, and inserts what is below it again.
    private Hammer2Error Restore(TreeNode node, int index, Hammer2Error fault)
    {
        if (_source is null) return fault;
        ref readonly Blockref damaged = ref node.At(index);
        var leaves = new List<Blockref>();
        Hammer2Error error = _source.Restore(damaged.Key, damaged.KeyEnd, leaves);
        if (error != Hammer2Error.None) return error;
        node.RemoveAt(index);
        foreach (ref readonly Blockref leaf in CollectionsMarshal.AsSpan(leaves))
        {
            error = Put(leaf);
            if (error != Hammer2Error.None) return error;
        }
        return error;
    }

    /// <summary>Moves a part of a full table below a new indirect block.</summary>
    private void MakeRoom(TreeNode node, in Blockref leaf)
    {
        int bytes = node == _top
            ? _shape.FirstIndirectBytes
            : Math.Max(Media.IndirectBytesNominal, node.Slots * Blockref.SizeBytes);
        int slots = bytes / Blockref.SizeBytes;
        KeyRange range = leaf.Type == BlockrefType.Data
            ? RangeForData(node, int.Log2(slots))
            : RangeForNames(node, leaf.Key, int.Log2(slots));

        int first = node.FindFirst(range.First);
        int end = first;
        while (end < node.Count && node.At(end).KeyEnd <= range.Last) end++;
        Invariant.Holds(end > first && node.At(first).Key >= range.First);
        var reference = new Blockref
        {
            Type = BlockrefType.Indirect,
            Methods = new BlockMethods(_shape.Check, CompressionMethod.None),
            Key = range.First,
            KeyBits = (byte)BitsOf(range),
        };
        node.MoveBelow(first, end - first, new TreeNode(slots, reference) { IsDirty = true });
    }

    // A file grows at its end: the references with the smallest ranges, from the lowest key upward, are moved below a
    // block that covers as many of them as it has slots.
    private static KeyRange RangeForData(TreeNode node, int slotBits)
    {
        ref readonly Blockref finest = ref node.At(0);
        foreach (ref readonly Blockref reference in node.References)
            if (reference.KeyBits < finest.KeyBits) finest = ref reference;
        return KeyRange.Around(finest.Key, Math.Min(finest.KeyBits + slotBits, IndirectBitsMax));
    }

    // Names and inode numbers are evenly distributed: the range is halved, and the fuller half is moved below. Inode
    // numbers are dense, so a block never covers fewer keys than it has slots.
    private static KeyRange RangeForNames(TreeNode node, ulong key, int slotBits)
    {
        ulong lowest = Math.Min(key, node.At(0).Key);
        ulong highest = Math.Max(key, node.At(node.Count - 1).KeyEnd);
        int bits = 64 - System.Numerics.BitOperations.LeadingZeroCount(lowest ^ highest);
        Invariant.Holds(bits > 0);
        KeyRange whole = KeyRange.Around(lowest, bits);
        bool isCut = whole.TryHalve(out KeyRange low, out KeyRange high);
        Invariant.Holds(isCut);
        int below = node.FindFirst(high.First);
        KeyRange fuller = node.Count - below > below ? high : low;
        // Never outside the block's own range: references that collapse into the table above must be disjoint there.
        int bitsMax = node.Reference.KeyBits == 0 ? IndirectBitsMax : node.Reference.KeyBits - 1;
        return KeyRange.Around(fuller.First, Math.Min(Math.Max(bits - 1, slotBits), bitsMax));
    }

    private const int IndirectBitsMax = 63;

    private static int BitsOf(KeyRange range) =>
        64 - System.Numerics.BitOperations.LeadingZeroCount(range.First ^ range.Last);
}
