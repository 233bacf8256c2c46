// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Blocks that one thread encodes and then writes out together: what gets places one behind the other on a node is
/// one write there.
/// </summary>
/// <remarks>Belongs to one thread. The bytes are kept as <see cref="IBlockDevice.WriteUncached"/> likes them.</remarks>
internal sealed class WriteBackBatch
{
    /// <summary>So many blocks, of 64 KiB at most, make it full.</summary>
    public const int BlocksMax = 16;

    private const int Alignment = IBlockDevice.UncachedAlignmentBytes;

    private readonly WriteBackItem[] _items = new WriteBackItem[BlocksMax];
    private readonly UncachedBuffer _buffer = new(BlocksMax * Media.FileBlockBytes);
    private int _used;

    public WriteBackBatch()
    {
        for (int i = 0; i < BlocksMax; i++) _items[i] = new WriteBackItem();
    }

    /// <summary>How many blocks are in it.</summary>
    public int Count { get; private set; }

    /// <summary>True when no more are taken.</summary>
    public bool IsFull => Count == BlocksMax;

    /// <summary>The blocks.</summary>
    public ReadOnlySpan<WriteBackItem> Items => _items.AsSpan(0, Count);

    /// <summary>Encodes them.</summary>
    public BlockEncoder Encoder { get; } = new();

    /// <summary>Takes a block in.</summary>
    public void Add(in SealedBlock block) => _items[Count++].Sealed = block;

    /// <summary>Keeps the bytes of a block that is to have storage of its own.</summary>
    public void Keep(WriteBackItem item, ReadOnlySpan<byte> stored)
    {
        // A long block after short ones begins at a page of its own.
        if (stored.Length >= Alignment) _used = (_used + Alignment - 1) & -Alignment;
        item.Start = _used;
        item.Bytes = stored.Length;
        stored.CopyTo(_buffer.Span[_used..]);
        _used += stored.Length;
    }

    /// <summary>The kept bytes from one place to another.</summary>
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

    /// <summary>Forgets the blocks.</summary>
    public void Clear()
    {
        foreach (WriteBackItem item in Items) item.Clear();
        Count = 0;
        _used = 0;
    }
}

/// <summary>One block of a batch.</summary>
internal sealed class WriteBackItem
{
    private SealedBlock _sealed;
    private Blockref _reference;

    /// <summary>The block.</summary>
    public ref SealedBlock Sealed => ref _sealed;

    /// <summary>What every node's reference has, all but the place.</summary>
    public ref Blockref Reference => ref _reference;

    /// <summary>Where its bytes are in the batch, when it has storage of its own.</summary>
    public int Start { get; set; }

    /// <summary>How many there are; 0 when it needs no storage of its own.</summary>
    public int Bytes { get; set; }

    /// <summary>The block of the batch whose storage it shares; else null.</summary>
    public WriteBackItem? Duplicate { get; set; }

    /// <summary>The reference on each node; null for a hole.</summary>
    public Blockref[]? Locations { get; set; }

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        _sealed = default;
        _reference = default;
        (Start, Bytes, Duplicate, Locations) = (0, 0, null, null);
    }
}
