// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// Writes headers to their copies on the root volume. Successive headers differ only in their first page and in the CRC
/// at the end: once a copy was written completely since opening, only its first and last page are written. If only one
/// of the two reaches the media, the header is torn and its CRCs do not match.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class VolumeHeaderWriter
{
    private const int PageBytes = VolumeHeaderView.FirstPageBytes;
    private const int EndOffset = Media.VolumeHeaderBytes - PageBytes;

    private readonly IBlockDevice _device;
    private readonly bool[] _isWhole = new bool[Media.HeaderCopies + 1];
    private readonly byte[] _lastPage = new byte[PageBytes];
    private VolumeHeader? _last;

    /// <summary>Creates a writer for the device of the root volume.</summary>
    public VolumeHeaderWriter(IBlockDevice device) => _device = device;

    /// <summary>Writes a header to the offset of its copy.</summary>
    public Hammer2Error Write(VolumeHeader header) =>
        Write(header, header.CopyIndex, header.CopyIndex * Media.HeaderZoneBytes);

    /// <summary>Writes a header to the offset of the <see cref="SpareVolumeHeader"/>.</summary>
    public Hammer2Error WriteSpare(VolumeHeader header) => Write(header, Media.HeaderCopies, Media.SpareHeaderOffset);

    private Hammer2Error Write(VolumeHeader header, int slot, long offset)
    {
        if (_last is null || !header.HasSameRest(_last)) Array.Clear(_isWhole);
        _last = header;
        bool isWhole = _isWhole[slot];
        // After a failed write the content of the copy is unknown.
        _isWhole[slot] = false;
        Hammer2Error error = _device.Write(offset, isWhole ? header.FirstPage : header.Bytes);
        if (error == Hammer2Error.None && isWhole)
        {
            header.CopyEnd(_lastPage);
            error = _device.Write(offset + EndOffset, _lastPage);
        }
        _isWhole[slot] = error == Hammer2Error.None;
        return error;
    }
}
