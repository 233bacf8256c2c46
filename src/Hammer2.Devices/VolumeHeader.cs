// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// A volume header whose magic number and three CRCs were found good. Only such a header has this type; what
/// its fields say about the other volumes is checked by <see cref="VolumeSet"/>.
/// </summary>
/// <remarks>Upstream: <c>hammer2_volume_data</c>, as <c>hammer2_init_volume_header</c> leaves it.</remarks>
public sealed class VolumeHeader
{
    private readonly byte[] _bytes;

    /// <summary>Takes over 64 KiB that a candidate found good.</summary>
    internal VolumeHeader(byte[] bytes, int copyIndex, bool isSpare = false)
    {
        _bytes = bytes;
        CopyIndex = copyIndex;
        IsSpare = isSpare;
    }

    /// <summary>True when it stands in for the only copy, which was torn: that one is to be written again before
    /// anything else is.</summary>
    public bool IsSpare { get; }

    /// <summary>Which of the four copies this is, 0 to 3: it was read at CopyIndex * 2 GiB.</summary>
    public int CopyIndex { get; }

    /// <summary>The copy that the header after this one goes to. They are written in turn, so that the one before
    /// survives a torn write; small volumes have room for fewer than four.</summary>
    public int NextCopyIndex
    {
        get
        {
            int next = (CopyIndex + 1) % Media.HeaderCopies;
            long end = (next * Media.HeaderZoneBytes) + Media.ZoneReservedBytes;
            return (ulong)end > Fields.VolumeBytes ? 0 : next;
        }
    }

    /// <summary>All 65536 bytes as they were read.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The fields of sector 0.</summary>
    public ref readonly VolumeHeaderSector Fields => ref MemoryMarshal.AsRef<VolumeHeaderSector>(_bytes);

    /// <summary>The CRCs that together cover every byte: of the first sector in the low half, of the whole in the high
    /// half. (The latter is blind to the first sector, which ends with a CRC of its own.)</summary>
    public ulong Fingerprint => Fields.CrcSector0 | ((ulong)View.CrcHeader << 32);

    /// <summary>The four references to the super-root inode. Fillers in all but the root volume.</summary>
    public ReadOnlySpan<Blockref> SuperRootBlockset => View.SuperRootBlockset;

    /// <summary>The four references to the freemap. Meaningful in the root volume only.</summary>
    public ReadOnlySpan<Blockref> FreemapBlockset => View.FreemapBlockset;

    /// <summary>Where each of the 64 volumes starts; all zero in version 1.</summary>
    public ReadOnlySpan<ulong> VolumeStarts => View.VolumeStarts;

    /// <summary>
    /// True for the header of a version 1 filesystem: one volume, and zeros where version 2 keeps the number
    /// of volumes, their starts and their total size.
    /// </summary>
    public bool IsVersion1 => Fields.Version == 1;

    private VolumeHeaderView View => new(_bytes);

    /// <summary>A copy of the bytes that may be changed, for the next header of the same volume.</summary>
    public byte[] ToArray() => (byte[])_bytes.Clone();
}
