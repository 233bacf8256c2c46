// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A view of the 4 KiB of a prepared record. Checks nothing.</summary>
public readonly ref struct PreparedRecordView
{
    /// <summary>Size on media, in bytes.</summary>
    public const int SizeBytes = 4096;

    /// <summary>Offset of the new references to the super-root, in bytes.</summary>
    public const int SuperRootBlocksetOffset = 0x200;

    /// <summary>Offset of the new references to the freemap, in bytes.</summary>
    public const int FreemapBlocksetOffset = 0x400;

    /// <summary>Offset of the CRC-32C over all bytes before it.</summary>
    public const int CrcOffset = SizeBytes - sizeof(uint);

    private readonly Span<byte> _bytes;

    /// <summary>Makes a view of <paramref name="bytes"/>, which must be 4096 long; nothing is copied.</summary>
    public PreparedRecordView(Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, SizeBytes);
        _bytes = bytes;
    }

    /// <summary>The fields.</summary>
    public ref PreparedRecord Fields => ref Unsafe.As<byte, PreparedRecord>(ref _bytes[0]);

    /// <summary>The four references to the new super-root inode.</summary>
    public Span<Blockref> SuperRootBlockset =>
        MemoryMarshal.Cast<byte, Blockref>(_bytes.Slice(SuperRootBlocksetOffset, Media.BlocksetBytes));

    /// <summary>The four references to the new freemap.</summary>
    public Span<Blockref> FreemapBlockset =>
        MemoryMarshal.Cast<byte, Blockref>(_bytes.Slice(FreemapBlocksetOffset, Media.BlocksetBytes));

    /// <summary>The CRC-32C over all bytes before it, as stored.</summary>
    public ref uint Crc => ref Unsafe.As<byte, uint>(ref _bytes[CrcOffset]);

    /// <summary>Computes the CRC-32C over all bytes before the stored one.</summary>
    public uint ComputeCrc() => IscsiCrc32.Compute(_bytes[..CrcOffset]);
}
