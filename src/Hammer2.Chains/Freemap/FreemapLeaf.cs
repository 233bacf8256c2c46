// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>A block of 256 bitmap entries over 1 GiB.</summary>
internal sealed class FreemapLeaf : FreemapBlock
{
    private byte[]? _block;

    /// <summary>The leaf that a reference leads to, not read yet.</summary>
    public FreemapLeaf(in Blockref reference) => Reference = reference;

    /// <summary>True when the entries are in memory.</summary>
    public bool IsLoaded => _block is not null;

    /// <summary>The bytes. Only when loaded.</summary>
    public byte[] Block => _block!;

    /// <summary>The entries. Only when loaded.</summary>
    public Span<FreemapEntry> Entries => MemoryMarshal.Cast<byte, FreemapEntry>(_block.AsSpan());

    /// <summary>Free space in all entries, also while the entries are not in memory; kept by the code that changes
    /// them.</summary>
    public FreeSpace Free { get; set; }

    /// <summary>True once the entries were read, so that <see cref="Free"/> is known.</summary>
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

    /// <summary>Gives it entries in which everything is allocated: it is not known what is free.</summary>
    public void FillAllocated(ulong allocatorBegin, ulong totalBytes)
    {
        byte[] block = new byte[FreemapGeometry.BlockBytes];
        Span<FreemapEntry> entries = MemoryMarshal.Cast<byte, FreemapEntry>(block.AsSpan());
        for (int i = 0; i < entries.Length; i++)
        {
            ulong address = Reference.Key + ((ulong)i << Media.SegmentRadix);
            bool isUsable = FreemapGeometry.IsAllocatable(address, allocatorBegin, totalBytes)
                && address + Media.SegmentBytes <= totalBytes;
            entries[i].LinearOffset = isUsable ? 0 : FreemapEntry.LinearOffsetNone;
            entries[i].Words.Fill(ulong.MaxValue);
        }
        Reference.FreemapAvailable = 0;
        Reference.FreemapBigMask = uint.MaxValue;
        Attach(block);
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

    /// <summary>Drops the entries, which equal those on media.</summary>
    public void Detach()
    {
        Invariant.Holds(!IsDirty);
        _block = null;
    }
}
