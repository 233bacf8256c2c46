// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO.Hashing;
using Hammer2.Format;

namespace Hammer2.Devices.Partitions;

/// <summary>Reads a GPT: the table at the start of the disk or, when that is damaged, its copy at the
/// end.</summary>
/// <remarks>Source: UEFI specification, section 5.3. Everything is little-endian.</remarks>
internal static class GuidPartitionTable
{
    private const ulong Signature = 0x5452415020494645; // "EFI PART"
    private const int HeaderBytesMin = 92;
    private const int EntryBytesMin = 128;
    private const int EntryBytesMax = 4096;
    private const int EntriesMax = 1024;

    private static readonly Guid TypeHammer2 = new("5cbb9ad1-862d-11dc-a94d-01301bb8a9f5");
    private static readonly Guid TypeDragonFlyLabel = new("3d48ce54-1d16-11dc-8696-01301bb8a9f5");
    private static readonly Guid TypeLinux = new("0fc63daf-8483-4772-8e79-3d69d8477de4");

    /// <summary>Adds the partitions of a GPT to a list; false when the device has no valid GPT.</summary>
    internal static bool TryRead(IBlockDevice device, List<PartitionEntry> found)
    {
        // The sector size of the disk that an image was copied from is unknown: try both.
        return TryRead(device, 512, found) || TryRead(device, 4096, found);
    }

    private static bool TryRead(IBlockDevice device, int sectorBytes, List<PartitionEntry> found)
    {
        long lastSector = device.LengthBytes / sectorBytes - 1;
        return TryReadAt(device, sectorBytes, sectorBytes, found)
            || TryReadAt(device, lastSector * sectorBytes, sectorBytes, found);
    }

    private static bool TryReadAt(
        IBlockDevice device, long headerOffset, int sectorBytes, List<PartitionEntry> found)
    {
        byte[] sector = new byte[sectorBytes];
        if (device.Read(headerOffset, sector) != Hammer2Error.None)
            return false;
        ReadOnlySpan<byte> header = sector;
        uint headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Signature
            || headerBytes < HeaderBytesMin || headerBytes > (uint)sectorBytes)
        {
            return false;
        }
        uint headerCrc = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        sector.AsSpan(16, sizeof(uint)).Clear(); // the CRC is computed with its own field as zero
        if (Crc32.HashToUInt32(header[..(int)headerBytes]) != headerCrc)
            return false;

        ulong firstSector = BinaryPrimitives.ReadUInt64LittleEndian(header[72..]);
        uint entriesTotal = BinaryPrimitives.ReadUInt32LittleEndian(header[80..]);
        uint entryBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[84..]);
        if (entriesTotal > EntriesMax || entryBytes < EntryBytesMin || entryBytes > EntryBytesMax
            || firstSector > (ulong)(device.LengthBytes / sectorBytes))
        {
            return false;
        }
        byte[] entries = new byte[entriesTotal * entryBytes];
        if (device.Read((long)firstSector * sectorBytes, entries) != Hammer2Error.None
            || Crc32.HashToUInt32(entries) != BinaryPrimitives.ReadUInt32LittleEndian(header[88..]))
        {
            return false;
        }
        for (int index = 0; index < entriesTotal; index++)
        {
            ReadOnlySpan<byte> entry = entries.AsSpan(index * (int)entryBytes, EntryBytesMin);
            AddEntry(device, entry, index, sectorBytes, found);
        }
        return true;
    }

    private static void AddEntry(
        IBlockDevice device, ReadOnlySpan<byte> entry, int index, int sectorBytes, List<PartitionEntry> found)
    {
        var type = new Guid(entry[..16]);
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]);
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]); // inclusive
        ulong sectorsTotal = (ulong)(device.LengthBytes / sectorBytes);
        if (type == Guid.Empty || first > last || last >= sectorsTotal)
            return;
        found.Add(new PartitionEntry(
            string.Create(CultureInfo.InvariantCulture, $"p{index + 1}"),
            (long)first * sectorBytes, (long)(last - first + 1) * sectorBytes,
            TypeText(type), type == TypeHammer2));
    }

    private static string TypeText(Guid type)
        => type == TypeHammer2 ? "HAMMER2"
            : type == TypeDragonFlyLabel ? "DragonFly label"
            : type == TypeLinux ? "Linux filesystem"
            : $"type {type}";
}
