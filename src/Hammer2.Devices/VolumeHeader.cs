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
    private readonly byte[] _first;                 // the first page, or the whole
    private readonly VolumeHeaderRest _rest;

    /// <summary>Takes ownership of 64 KiB that were validated.</summary>
    internal VolumeHeader(byte[] bytes, int copyIndex, bool isSpare = false)
    {
        _first = bytes;
        _rest = new VolumeHeaderRest(bytes);
        Crc = new VolumeHeaderView(bytes).CrcHeader;
        CopyIndex = copyIndex;
        IsSpare = isSpare;
    }

    private VolumeHeader(byte[] first, VolumeHeaderRest rest, int copyIndex)
    {
        _first = first;
        _rest = rest;
        Crc = rest.JoinCrc(IscsiCrc32.Compute(first));
        CopyIndex = copyIndex;
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

    /// <summary>All 65536 bytes. Those of a header that follows another one are put together for each call.</summary>
    public ReadOnlySpan<byte> Bytes => _first.Length == Media.VolumeHeaderBytes ? _first : ToArray();

    /// <summary>The first page of them.</summary>
    public ReadOnlySpan<byte> FirstPage => _first.AsSpan(0, VolumeHeaderView.FirstPageBytes);

    /// <summary>The fields of sector 0.</summary>
    public ref readonly VolumeHeaderSector Fields => ref MemoryMarshal.AsRef<VolumeHeaderSector>(_first);

    /// <summary>Identifies the content of the header: the CRC of the first sector in the low half and that of the whole
    /// in the high half. Both are needed: since the first sector ends with its own CRC, the CRC of the whole does not
    /// depend on its content.</summary>
    public ulong Fingerprint => Fields.CrcSector0 | ((ulong)Crc << 32);

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

    /// <summary>The CRC over all bytes before it.</summary>
    internal uint Crc { get; }

    private VolumeHeaderView View => new(_first);

    /// <summary>This header with another first page, which was sealed and must not be changed afterwards.</summary>
    internal VolumeHeader WithFirstPage(byte[] firstPage, int copyIndex) => new(firstPage, _rest, copyIndex);

    /// <summary>A copy of the bytes, from which the next header can be made.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        FirstPage.CopyTo(bytes);
        CopyEnd(bytes.AsSpan(FirstPage.Length));
        return bytes;
    }

    /// <summary>Copies the last bytes.</summary>
    /// <param name="destination">Receives as many as it is long, which are behind the first page.</param>
    internal void CopyEnd(Span<byte> destination)
    {
        _rest.CopyEnd(destination);
        _ = BitConverter.TryWriteBytes(destination[^sizeof(uint)..], Crc);
    }

    /// <summary>True when two headers do not differ behind the first page but in the CRC.</summary>
    internal bool HasSameRest(VolumeHeader other) => _rest.HasBytesOf(other._rest);
}
