// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>A block of the freemap, by its reference.</summary>
internal abstract class FreemapBlock
{
    private Blockref _reference;

    /// <summary>The reference that the block above holds.</summary>
    public ref Blockref Reference => ref _reference;

    /// <summary>True when it was changed since it was last written.</summary>
    public bool IsDirty { get; set; }

    /// <summary>True for a block that was never written: it has a key and no location yet.</summary>
    public bool IsNew => _reference.Data.Raw == 0;

    /// <summary>Points the reference to the next of the block's eight locations, with the check code of what is
    /// to be written there.</summary>
    /// <remarks>The location written last is left alone, since the header on media still leads there.</remarks>
    public void MoveToNextLocation(ulong tid, ReadOnlySpan<byte> block)
    {
        bool isKnown = FreemapGeometry.TryGetLevel(_reference.KeyBits, out int level);
        Invariant.Holds(isKnown);
        int set = 0;
        if (!IsNew && FreemapGeometry.TryGetSet(_reference.Data.Bytes, _reference.Key, level, out int last))
            set = FreemapGeometry.NextSet(last);
        ulong offset = FreemapGeometry.OffsetOf(_reference.Key, level, set);
        _reference.Data = new DataOffset(offset, FreemapGeometry.BlockRadix);
        _reference.MirrorTid = tid;
        CheckCode.Store(ref _reference, block);
    }

    /// <summary>A reference to a block that has no location yet.</summary>
    protected static Blockref NewReference(BlockrefType type, ulong key, int level) => new()
    {
        Type = type,
        Methods = new BlockMethods(CheckMethod.Freemap, CompressionMethod.None),
        Key = key,
        KeyBits = (byte)FreemapGeometry.KeyBitsOf(level),
        FreemapBigMask = uint.MaxValue,
    };
}

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

    /// <summary>Adds a block of the lowest level wherever below this node there is room for it.</summary>
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

    /// <summary>Marks the nodes on the way to a key changed.</summary>
    public void MarkPathDirty(ulong key)
    {
        IsDirty = true;
        foreach (FreemapBlock child in Children.Values)
        {
            if (child is FreemapNode node && key >= node.Reference.Key && key <= node.Reference.KeyEnd)
                node.MarkPathDirty(key);
        }
    }

    /// <summary>Lays the references below into a table, the rest of which becomes empty.</summary>
    public void StoreReferences(Span<Blockref> table)
    {
        table.Clear();
        int slot = 0;
        foreach (FreemapBlock child in Children.Values) table[slot++] = child.Reference;
    }

    // A full table makes room by putting its lowest block of the lowest level, and whatever else lies in the
    // range of a block one level up, below a new node.
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

/// <summary>A block of 256 bitmap entries over 1 GiB.</summary>
internal sealed class FreemapLeaf : FreemapBlock
{
    private byte[]? _block;

    /// <summary>The leaf that a reference leads to, not read yet.</summary>
    public FreemapLeaf(in Blockref reference) => Reference = reference;

    /// <summary>True when the entries are in memory.</summary>
    public bool IsLoaded => _block is not null;

    /// <summary>The bytes; only when loaded.</summary>
    public byte[] Block => _block!;

    /// <summary>The entries; only when loaded.</summary>
    public Span<FreemapEntry> Entries => MemoryMarshal.Cast<byte, FreemapEntry>(_block.AsSpan());

    /// <summary>Free space in all entries, also while the entries are not in memory; kept by the code that changes
    /// them.</summary>
    public FreeSpace Free { get; set; }

    /// <summary>True once the entries were seen, so that <see cref="Free"/> is known.</summary>
    public bool IsCounted { get; private set; }

    /// <summary>A leaf for a GiB in which nothing was ever allocated.</summary>
    public static FreemapLeaf Create(ulong key, ulong allocatorBegin, ulong totalBytes)
    {
        Blockref reference = NewReference(BlockrefType.FreemapLeaf, key, FreemapGeometry.LevelLeaf);
        byte[] block = new byte[FreemapGeometry.BlockBytes];
        Span<FreemapEntry> entries = MemoryMarshal.Cast<byte, FreemapEntry>(block.AsSpan());
        for (int i = 0; i < entries.Length; i++)
        {
            ulong address = key + ((ulong)i << Media.SegmentRadix);
            bool isUsable = FreemapGeometry.IsAllocatable(address, allocatorBegin, totalBytes)
                && address + Media.SegmentBytes <= totalBytes;
            if (isUsable)
            {
                entries[i].AvailableBytes = Media.SegmentBytes;
                reference.FreemapAvailable += Media.SegmentBytes;
            }
            else
            {
                entries[i].LinearOffset = FreemapEntry.LinearOffsetNone;
                entries[i].Words.Fill(ulong.MaxValue);
            }
        }
        var leaf = new FreemapLeaf(reference) { IsDirty = true };
        leaf.Attach(block);
        return leaf;
    }

    /// <summary>Attaches the bytes that were read.</summary>
    public void Attach(byte[] block)
    {
        _block = block;
        var sum = default(FreeSpace);
        foreach (ref readonly FreemapEntry entry in Entries) sum += FreeSpace.Of(entry);
        Free = sum;
        IsCounted = true;
    }

    /// <summary>Lets go of the entries, which are as they are on media.</summary>
    public void Detach()
    {
        Invariant.Holds(!IsDirty);
        _block = null;
    }
}

/// <summary>Free granules: all of them, and those that make a whole block of file data together.</summary>
/// <param name="Bytes">In free granules.</param>
/// <param name="RunBytes">In aligned runs of 64 KiB that are free as a whole.</param>
internal readonly record struct FreeSpace(long Bytes, long RunBytes)
{
    /// <summary>Free granules beside used ones in the same 64 KiB: of use to blocks of up to 32 KiB alone.</summary>
    public long FragmentBytes => Bytes - RunBytes;

    /// <summary>Of one entry, from its bitmap.</summary>
    public static FreeSpace Of(in FreemapEntry entry)
    {
        // Four granules of two bits make a byte.
        int runs = MemoryMarshal.AsBytes(entry.WordsRead).Count((byte)0);
        return new FreeSpace(
            (long)entry.Count(GranuleState.Free) * Media.GranuleBytes, (long)runs * Media.AllocationBytesMax);
    }

    public static FreeSpace operator +(FreeSpace left, FreeSpace right) =>
        new(left.Bytes + right.Bytes, left.RunBytes + right.RunBytes);

    public static FreeSpace operator -(FreeSpace left, FreeSpace right) =>
        new(left.Bytes - right.Bytes, left.RunBytes - right.RunBytes);
}
