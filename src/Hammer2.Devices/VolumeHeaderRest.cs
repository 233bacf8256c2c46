// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>What follows the first page of a volume header, up to the CRC at its end: the same bytes in all headers of
/// a mount that follow one another, and therefore shared by them.</summary>
internal sealed class VolumeHeaderRest
{
    private const int LengthBytes = VolumeHeaderView.CrcHeaderOffset - VolumeHeaderView.FirstPageBytes;

    private static readonly CrcShift s_shift = new(LengthBytes);

    private readonly byte[] _header;
    private readonly Lazy<uint> _crc;

    /// <summary>The rest of a header, of which the bytes do not change any more.</summary>
    public VolumeHeaderRest(byte[] header)
    {
        _header = header;
        _crc = new Lazy<uint>(() => IscsiCrc32.Compute(Bytes));
    }

    private ReadOnlySpan<byte> Bytes => _header.AsSpan(VolumeHeaderView.FirstPageBytes, LengthBytes);

    /// <summary>The CRC over a first page and this.</summary>
    /// <param name="ofFirstPage">The CRC over the first page.</param>
    public uint JoinCrc(uint ofFirstPage) => s_shift.Join(ofFirstPage, _crc.Value);

    /// <summary>Copies the last bytes of the header; what becomes of the CRC in the last four is undefined.</summary>
    public void CopyEnd(Span<byte> destination) =>
        _header.AsSpan(_header.Length - destination.Length).CopyTo(destination);

    /// <summary>True when both have the same bytes.</summary>
    public bool HasBytesOf(VolumeHeaderRest other) => this == other || Bytes.SequenceEqual(other.Bytes);
}
