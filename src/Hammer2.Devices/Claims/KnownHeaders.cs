// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Devices.Claims;

/// <summary>
/// The first sector of each copy of a volume's header, as this process read or wrote it last. Where a copy is different
/// on the volume, another program wrote it: also one that leaves no mark, such as a mount on the machine of the server.
/// </summary>
/// <remarks>Not thread-safe: one thread writes headers.</remarks>
internal sealed class KnownHeaders
{
    private const int SectorBytes = VolumeHeaderSector.SizeBytes;

    private readonly IBlockDevice _device;
    private readonly Dictionary<long, byte[]?> _sectors = [];

    /// <summary>Reads the copies of a volume.</summary>
    public KnownHeaders(IBlockDevice device)
    {
        _device = device;
        for (int copy = 0; copy < Media.HeaderCopies; copy++) Learn(copy * Media.HeaderZoneBytes);
        Learn(Media.SpareHeaderOffset);
    }

    /// <summary>True when a write begins a copy of the header.</summary>
    public bool Has(long offset, int lengthBytes) => lengthBytes >= SectorBytes && _sectors.ContainsKey(offset);

    /// <summary>True when the copy on the volume is not the one that is known. A copy that cannot be read now, or could
    /// not before, says nothing.</summary>
    public bool IsForeign(long offset) => _sectors[offset] is { } known
        && Read(offset) is { } found && !found.AsSpan().SequenceEqual(known);

    /// <summary>A copy was written.</summary>
    /// <param name="offset">Where.</param>
    /// <param name="source">Its bytes; none when the write failed, so that the copy is not known.</param>
    public void Written(long offset, ReadOnlySpan<byte> source) =>
        _sectors[offset] = source.Length < SectorBytes ? null : source[..SectorBytes].ToArray();

    private void Learn(long offset)
    {
        if (offset + SectorBytes <= _device.LengthBytes) _sectors[offset] = Read(offset);
    }

    private byte[]? Read(long offset)
    {
        byte[] sector = new byte[SectorBytes];
        return _device.Read(offset, sector) == Hammer2Error.None ? sector : null;
    }
}
