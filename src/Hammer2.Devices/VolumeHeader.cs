// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// A volume header with a valid magic number and three matching CRCs. Its fields about other volumes are checked by
/// <see cref="VolumeSet"/>.
/// </summary>
/// <remarks>Upstream: <c>hammer2_volume_data</c>, read by <c>hammer2_init_volume_header</c>.</remarks>
public sealed class VolumeHeader
{
    private readonly byte[] _bytes;

    /// <summary>Takes ownership of 64 KiB that were validated.</summary>
    internal VolumeHeader(byte[] bytes, int copyIndex, bool isSpare = false)
    {
        _bytes = bytes;
        CopyIndex = copyIndex;
        IsSpare = isSpare;
    }

    /// <summary>True when this is the spare, used because the only copy is torn. That copy must be written again before
    /// any other write.</summary>
    public bool IsSpare { get; }

    /// <summary>Which of the four copies this is, 0 to 3: it was read at offset CopyIndex * 2 GiB.</summary>
    public int CopyIndex { get; }

    /// <summary>The copy that the next header is written to. Copies are written in rotation, so that the previous
    /// header survives a torn write; small volumes have fewer than four.</summary>
    public int NextCopyIndex
    {
        get
        {
            int next = (CopyIndex + 1) % Media.HeaderCopies;
            long end = (next * Media.HeaderZoneBytes) + Media.ZoneReservedBytes;
            return (ulong)end > Fields.VolumeBytes ? 0 : next;
        }
    }

    /// <summary>All 65536 bytes, as read.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The fields of sector 0.</summary>
    public ref readonly VolumeHeaderSector Fields => ref MemoryMarshal.AsRef<VolumeHeaderSector>(_bytes);

    /// <summary>Identifies the content of the header: the CRC of the first sector in the low half and that of the whole
    /// in the high half. Both are needed: since the first sector ends with its own CRC, the CRC of the whole does not
    /// depend on its content.</summary>
    public ulong Fingerprint => Fields.CrcSector0 | ((ulong)View.CrcHeader << 32);

    /// <summary>The four references to the super-root inode. Undefined on volumes other than the root volume.</summary>
    public ReadOnlySpan<Blockref> SuperRootBlockset => View.SuperRootBlockset;

    /// <summary>The four references to the freemap. Defined on the root volume only.</summary>
    public ReadOnlySpan<Blockref> FreemapBlockset => View.FreemapBlockset;

    /// <summary>The offset of each of the 64 volumes in the address space, in bytes; all zero in version 1.</summary>
    public ReadOnlySpan<ulong> VolumeStarts => View.VolumeStarts;

    /// <summary>
    /// True for the header of a version 1 filesystem: one volume, and zeros in the fields of version 2 for the number
    /// of volumes, their starts and their total size.
    /// </summary>
    public bool IsVersion1 => Fields.Version == 1;

    private VolumeHeaderView View => new(_bytes);

    /// <summary>A copy of the bytes, from which the next header can be made.</summary>
    public byte[] ToArray() => (byte[])_bytes.Clone();
}
