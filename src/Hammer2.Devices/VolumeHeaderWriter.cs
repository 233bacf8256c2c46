// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// Writes headers to their places on the root volume. Headers of one filesystem that follow each other differ in
/// their first page and in the CRC at the end: where a place was written whole since it was opened, those are all
/// that is written there. A header of which only one of the two got there is torn, and its CRCs say so.
/// </summary>
/// <remarks>One caller at a time.</remarks>
public sealed class VolumeHeaderWriter
{
    private const int PageBytes = 4096;
    private const int EndOffset = Media.VolumeHeaderBytes - PageBytes;

    private readonly IBlockDevice _device;
    private readonly bool[] _isWhole = new bool[Media.HeaderCopies + 1];
    private VolumeHeader? _last;

    /// <summary>Writes to a device.</summary>
    public VolumeHeaderWriter(IBlockDevice device) => _device = device;

    /// <summary>Writes a header to the place of its copy.</summary>
    public Hammer2Error Write(VolumeHeader header) =>
        Write(header, header.CopyIndex, header.CopyIndex * Media.HeaderZoneBytes);

    /// <summary>Writes a header to the place of the <see cref="SpareVolumeHeader"/>.</summary>
    public Hammer2Error WriteSpare(VolumeHeader header) => Write(header, Media.HeaderCopies, Media.SpareHeaderOffset);

    private Hammer2Error Write(VolumeHeader header, int place, long offset)
    {
        if (_last is null || !Between(_last).SequenceEqual(Between(header))) Array.Clear(_isWhole);
        _last = header;
        bool isWhole = _isWhole[place];
        // What a write that fails leaves is not known.
        _isWhole[place] = false;
        Hammer2Error error = _device.Write(offset, isWhole ? header.Bytes[..PageBytes] : header.Bytes);
        if (error == Hammer2Error.None && isWhole)
            error = _device.Write(offset + EndOffset, header.Bytes[EndOffset..]);
        _isWhole[place] = error == Hammer2Error.None;
        return error;
    }

    private static ReadOnlySpan<byte> Between(VolumeHeader header) => header.Bytes[PageBytes..EndOffset];
}
