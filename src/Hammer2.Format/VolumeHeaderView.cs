// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A view of the 64 KiB of a volume header, or of its first page, in which everything is but
/// <see cref="CrcHeader"/>. Checks nothing.</summary>
/// <remarks>Source: <c>struct hammer2_volume_data</c>.</remarks>
public readonly ref struct VolumeHeaderView
{
    /// <summary>The first eight bytes of a header in this host's byte order (<c>HAMMER2_VOLUME_ID_HBO</c>).</summary>
    public const ulong MagicValue = 0x48414D3205172011;

    /// <summary>The first eight bytes of a header in the other byte order (<c>HAMMER2_VOLUME_ID_ABO</c>).</summary>
    public const ulong MagicSwapped = 0x11201705324D4148;

    /// <summary>Length of the first page: all that follows is zero or seldom changes, and ends with
    /// <see cref="CrcHeader"/>.</summary>
    public const int FirstPageBytes = 4096;

    /// <summary>Offset of the references to the super-root, in bytes.</summary>
    public const int SuperRootBlocksetOffset = 0x200;

    /// <summary>Offset of the references to the freemap, in bytes.</summary>
    public const int FreemapBlocksetOffset = 0x800;

    /// <summary>Offset of the table of volume starts, in bytes.</summary>
    public const int VolumeStartsOffset = 0xE00;

    /// <summary>Offset of the CRC over all bytes before it.</summary>
    public const int CrcHeaderOffset = 0xFFFC;

    /// <summary>The start of a volume that does not exist, in version 2.</summary>
    public const ulong VolumeStartUnused = ulong.MaxValue;

    /// <summary>The filesystem type in every header (<c>HAMMER2_UUID_STRING</c>).</summary>
    public static readonly MediaUuid TypeHammer2 =
        MediaUuid.From(new Guid("5cbb9ad1-862d-11dc-a94d-01301bb8a9f5"));

    private readonly Span<byte> _bytes;

    /// <summary>Makes a view of <paramref name="bytes"/>, which must be 65536 or
    /// <see cref="FirstPageBytes"/> long; nothing is copied.</summary>
    public VolumeHeaderView(Span<byte> bytes)
    {
        if (bytes.Length != FirstPageBytes)
            ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Media.VolumeHeaderBytes);
        _bytes = bytes;
    }

    /// <summary>All bytes.</summary>
    public Span<byte> Bytes => _bytes;

    /// <summary>The fields of sector 0.</summary>
    public ref VolumeHeaderSector Fields => ref Unsafe.As<byte, VolumeHeaderSector>(ref _bytes[0]);

    /// <summary>The four references to the super-root inode.</summary>
    public Span<Blockref> SuperRootBlockset =>
        MemoryMarshal.Cast<byte, Blockref>(_bytes.Slice(SuperRootBlocksetOffset, Media.BlocksetBytes));

    /// <summary>The four references to the freemap.</summary>
    public Span<Blockref> FreemapBlockset =>
        MemoryMarshal.Cast<byte, Blockref>(_bytes.Slice(FreemapBlocksetOffset, Media.BlocksetBytes));

    /// <summary>The start of each of the 64 volumes in the filesystem's address space, in bytes.</summary>
    public Span<ulong> VolumeStarts =>
        MemoryMarshal.Cast<byte, ulong>(_bytes.Slice(VolumeStartsOffset, Media.VolumesMax * sizeof(ulong)));

    /// <summary>The CRC over all bytes before it. Only of a view of all bytes.</summary>
    public ref uint CrcHeader => ref Unsafe.As<byte, uint>(ref _bytes[CrcHeaderOffset]);
}
