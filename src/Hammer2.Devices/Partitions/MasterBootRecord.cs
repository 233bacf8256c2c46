// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Devices.Partitions;

/// <summary>Reads an MBR: four primary partitions and the chain of logical ones in an extended one.</summary>
internal static class MasterBootRecord
{
    private const int SectorBytes = 512;
    private const int TableOffset = 446;
    private const int EntryBytes = 16;
    private const int PrimaryTotal = 4;
    private const int LogicalMax = 128; // ends a chain that is a cycle
    private const ushort Signature = 0xAA55;
    private const byte TypeGuidTable = 0xEE;
    private const byte TypeDragonFly = 0x6C;
    private const byte TypeFreeBsd = 0xA5; // also used by old versions of DragonFly

    /// <summary>Adds the partitions of an MBR to a list; false when the device has none.</summary>
    internal static bool TryRead(IBlockDevice device, List<PartitionEntry> found)
    {
        Span<byte> sector = stackalloc byte[SectorBytes];
        if (!TryReadSector(device, 0, sector))
            return false;
        int before = found.Count;
        for (int index = 0; index < PrimaryTotal; index++)
        {
            Entry entry = ReadEntry(sector, index);
            if (entry.SectorsTotal == 0 || entry.Type is 0 or TypeGuidTable)
                continue;
            if (entry.IsExtended)
                AddLogical(device, entry, found);
            else
                Add(device, entry, 0, index + 1, found);
        }
        return found.Count > before;
    }

    private static void AddLogical(IBlockDevice device, Entry extended, List<PartitionEntry> found)
    {
        Span<byte> sector = stackalloc byte[SectorBytes];
        ulong tableSector = extended.FirstSector;
        for (int number = PrimaryTotal + 1; number <= PrimaryTotal + LogicalMax; number++)
        {
            if (!TryReadSector(device, (long)tableSector * SectorBytes, sector))
                return;
            Entry logical = ReadEntry(sector, 0); // relative to its own table
            if (logical.SectorsTotal != 0 && logical.Type != 0)
                Add(device, logical, tableSector, number, found);
            Entry next = ReadEntry(sector, 1); // relative to the extended partition
            if (next.SectorsTotal == 0 || !next.IsExtended)
                return;
            tableSector = (ulong)extended.FirstSector + next.FirstSector;
        }
    }

    private static void Add(
        IBlockDevice device, Entry entry, ulong baseSector, int number, List<PartitionEntry> found)
    {
        ulong offset = (baseSector + entry.FirstSector) * SectorBytes;
        ulong lengthBytes = (ulong)entry.SectorsTotal * SectorBytes;
        ulong deviceBytes = (ulong)device.LengthBytes;
        if (entry.FirstSector == 0 || offset > deviceBytes || lengthBytes > deviceBytes - offset)
            return;
        string type = entry.Type switch
        {
            TypeDragonFly => "DragonFly",
            TypeFreeBsd => "FreeBSD or DragonFly",
            0x83 => "Linux",
            _ => string.Create(CultureInfo.InvariantCulture, $"type 0x{entry.Type:x2}"),
        };
        found.Add(new PartitionEntry(string.Create(CultureInfo.InvariantCulture, $"s{number}"),
            (long)offset, (long)lengthBytes, type, IsHammer2Type: false)); // there is no such type in an MBR
    }

    private static bool TryReadSector(IBlockDevice device, long offset, Span<byte> sector)
        => device.Read(offset, sector) == Hammer2Error.None
            && BinaryPrimitives.ReadUInt16LittleEndian(sector[(SectorBytes - 2)..]) == Signature;

    private static Entry ReadEntry(ReadOnlySpan<byte> sector, int index)
    {
        ReadOnlySpan<byte> entry = sector.Slice(TableOffset + index * EntryBytes, EntryBytes);
        return new Entry(entry[4], BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]));
    }

    private readonly record struct Entry(byte Type, uint FirstSector, uint SectorsTotal)
    {
        internal bool IsExtended => Type is 0x05 or 0x0F or 0x85;
    }
}
