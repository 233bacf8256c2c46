// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Blocks that one thread encodes and then writes together: blocks that are contiguous on a node are one write there.
/// </summary>
/// <remarks>Used by one thread. The bytes are aligned for <see cref="IBlockDevice.WriteUncached"/>.</remarks>
internal sealed class WriteBackBatch
{
    /// <summary>Maximum number of blocks, of at most 64 KiB each.</summary>
    public const int BlocksMax = 16;

    private const int Alignment = IBlockDevice.UncachedAlignmentBytes;

    private readonly WriteBackItem[] _items = new WriteBackItem[BlocksMax];
    private readonly UncachedBuffer _buffer = new(BlocksMax * Media.FileBlockBytes);
    private int _used;

    public WriteBackBatch()
    {
        for (int i = 0; i < BlocksMax; i++) _items[i] = new WriteBackItem();
    }

    /// <summary>Number of blocks.</summary>
    public int Count { get; private set; }

    /// <summary>True when no block can be added.</summary>
    public bool IsFull => Count == BlocksMax;

    /// <summary>The blocks.</summary>
    public ReadOnlySpan<WriteBackItem> Items => _items.AsSpan(0, Count);

    /// <summary>Encodes them.</summary>
    public BlockEncoder Encoder { get; } = new();

    /// <summary>Adds a block.</summary>
    public void Add(in SealedBlock block) => _items[Count++].Sealed = block;

    /// <summary>Copies the bytes of a block that needs its own storage.</summary>
    public void Keep(WriteBackItem item, ReadOnlySpan<byte> stored)
    {
        // A long block after short ones starts at a page.
        if (stored.Length >= Alignment) _used = (_used + Alignment - 1) & -Alignment;
        item.Start = _used;
        item.Bytes = stored.Length;
        stored.CopyTo(_buffer.Span[_used..]);
        _used += stored.Length;
    }

    /// <summary>The copied bytes of a range.</summary>
    public ReadOnlySpan<byte> Kept(int start, int bytes) => _buffer.Span.Slice(start, bytes);

    /// <summary>Finds a block in this batch with the same stored bytes.</summary>
    public WriteBackItem? FindEqual(ulong hash, in Blockref reference, ReadOnlySpan<byte> stored)
    {
        foreach (WriteBackItem item in Items)
        {
            if (item.Bytes != stored.Length || item.Sealed.Block.Hash != hash) continue;
            if (item.Reference.Methods == reference.Methods && Kept(item.Start, item.Bytes).SequenceEqual(stored))
                return item;
        }
        return null;
    }

    /// <summary>Removes all blocks.</summary>
    public void Clear()
    {
        foreach (WriteBackItem item in Items) item.Clear();
        Count = 0;
        _used = 0;
    }
}
