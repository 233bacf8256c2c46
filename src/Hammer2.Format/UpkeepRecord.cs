// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>Errors of a volume since its counters were cleared.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct DeviceErrorCounts(long Reads, long Writes, long Flushes, long Checks, long Healed)
{
    /// <summary>Sums.</summary>
    public static DeviceErrorCounts operator +(in DeviceErrorCounts left, in DeviceErrorCounts right) => new(
        left.Reads + right.Reads, left.Writes + right.Writes, left.Flushes + right.Flushes,
        left.Checks + right.Checks, left.Healed + right.Healed);

    /// <summary>Differences.</summary>
    public static DeviceErrorCounts operator -(in DeviceErrorCounts left, in DeviceErrorCounts right) => new(
        left.Reads - right.Reads, left.Writes - right.Writes, left.Flushes - right.Flushes,
        left.Checks - right.Checks, left.Healed - right.Healed);
}

/// <summary>A block that a scrub found damaged and could not heal.</summary>
/// <param name="PfsKey">Key of its PFS below the super-root; 0 when it belongs to none.</param>
/// <param name="Inum">Number of the inode whose tree it is in; 1 for the index of inodes.</param>
/// <param name="Key">Its key there.</param>
/// <param name="Type">Its type.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DamagedPlace(ulong PfsKey, ulong Inum, ulong Key, ulong Type);

/// <summary>
/// What is known of the state of a filesystem's devices beyond its content: error counters of each volume, and the last
/// scrub with its position and what it could not heal.
/// </summary>
/// <remarks>32 KiB, two copies that are written in turn; see FORMAT.md.</remarks>
public sealed class UpkeepRecord
{
    /// <summary>Size of a copy.</summary>
    public const int SizeBytes = 32 << 10;

    /// <summary>The most places that are listed.</summary>
    public const int PlacesMax = 880;

    /// <summary>"H2UPKEEP", little endian.</summary>
    public const ulong MagicValue = 0x50_45_45_4B_50_55_32_48;

    /// <summary>The version that this driver writes.</summary>
    public const uint CurrentVersion = 1;

    private const int CountersOffset = 0x100;
    private const int PlacesOffset = 0x1000;
    private const int CrcOffset = SizeBytes - sizeof(uint);

    private UpkeepFields _fields;

    /// <summary>The fields.</summary>
    public ref UpkeepFields Fields => ref _fields;

    /// <summary>Errors of each volume, by its number.</summary>
    public DeviceErrorCounts[] Errors { get; } = new DeviceErrorCounts[Media.VolumesMax];

    /// <summary>Places that could not be healed, at most <see cref="PlacesMax"/>.</summary>
    public List<DamagedPlace> Places { get; } = [];

    /// <summary>Reads a copy.</summary>
    /// <param name="bytes">32 KiB.</param>
    /// <param name="filesystemId">Records of other filesystems do not count.</param>
    /// <returns>Null when it is not whole, or of a version that is not known.</returns>
    public static UpkeepRecord? Decode(ReadOnlySpan<byte> bytes, in MediaUuid filesystemId)
    {
        var record = new UpkeepRecord { _fields = MemoryMarshal.Read<UpkeepFields>(bytes) };
        ref readonly UpkeepFields fields = ref record._fields;
        bool isWhole = fields.Magic == MagicValue && fields.Version == CurrentVersion
            && fields.FilesystemId == filesystemId && fields.PlacesTotal <= PlacesMax
            && fields.State <= ScrubState.Finished
            && MemoryMarshal.Read<uint>(bytes[CrcOffset..]) == IscsiCrc32.Compute(bytes[..CrcOffset]);
        if (!isWhole) return null;
        MemoryMarshal.Cast<byte, DeviceErrorCounts>(bytes[CountersOffset..])[..Media.VolumesMax].CopyTo(record.Errors);
        record.Places.AddRange(
            MemoryMarshal.Cast<byte, DamagedPlace>(bytes[PlacesOffset..CrcOffset])[..(int)fields.PlacesTotal]);
        return record;
    }

    /// <summary>Writes a copy.</summary>
    /// <param name="bytes">Receives 32 KiB.</param>
    public void Encode(Span<byte> bytes)
    {
        bytes.Clear();
        _fields.Magic = MagicValue;
        _fields.Version = CurrentVersion;
        _fields.PlacesTotal = (uint)Places.Count;
        MemoryMarshal.Write(bytes, in _fields);
        Errors.CopyTo(MemoryMarshal.Cast<byte, DeviceErrorCounts>(bytes[CountersOffset..]));
        CollectionsMarshal.AsSpan(Places).CopyTo(MemoryMarshal.Cast<byte, DamagedPlace>(bytes[PlacesOffset..]));
        MemoryMarshal.Write(bytes[CrcOffset..], IscsiCrc32.Compute(bytes[..CrcOffset]));
    }

    /// <summary>The same with lists of its own.</summary>
    public UpkeepRecord Copy()
    {
        var copy = new UpkeepRecord { _fields = _fields };
        Errors.CopyTo(copy.Errors, 0);
        copy.Places.AddRange(Places);
        return copy;
    }
}
