// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Testing;

namespace Hammer2.Tests.Devices;

/// <summary>Writes partition tables as partitioning tools do, with its own implementation of CRC-32.</summary>
internal static class PartitionBuilder
{
    internal static readonly Guid TypeHammer2 = new("5cbb9ad1-862d-11dc-a94d-01301bb8a9f5");
    internal static readonly Guid TypeLabel = new("3d48ce54-1d16-11dc-8696-01301bb8a9f5");
    internal static readonly Guid TypeLinux = new("0fc63daf-8483-4772-8e79-3d69d8477de4");

    /// <summary>Writes a GPT with its protective MBR and its copy at the end.</summary>
    internal static void WriteGpt(
        MemoryBlockDevice disk, int sectorBytes,
        params (Guid Type, long Offset, long LengthBytes)[] partitions)
    {
        WriteMbr(disk, 0, (0xEE, 1, uint.MaxValue));
        byte[] entries = new byte[128 * 128];
        for (int index = 0; index < partitions.Length; index++)
        {
            Span<byte> entry = entries.AsSpan(index * 128, 128);
            (Guid type, long offset, long lengthBytes) = partitions[index];
            _ = type.TryWriteBytes(entry);
            BinaryPrimitives.WriteInt64LittleEndian(entry[32..], offset / sectorBytes);
            BinaryPrimitives.WriteInt64LittleEndian(entry[40..], (offset + lengthBytes) / sectorBytes - 1);
        }
        long last = disk.LengthBytes / sectorBytes - 1;
        long entrySectors = entries.Length / sectorBytes;
        _ = disk.Write(2 * sectorBytes, entries);
        _ = disk.Write((last - entrySectors) * sectorBytes, entries);
        WriteGptHeader(disk, sectorBytes, 1, 2, entries);
        WriteGptHeader(disk, sectorBytes, last, last - entrySectors, entries);
    }

    /// <summary>Writes an MBR, or an extended partition's table, with up to four entries.</summary>
    internal static void WriteMbr(
        MemoryBlockDevice disk, long offset, params (byte Type, uint First, uint Sectors)[] partitions)
    {
        byte[] sector = new byte[512];
        for (int index = 0; index < partitions.Length; index++)
        {
            Span<byte> entry = sector.AsSpan(446 + index * 16, 16);
            entry[4] = partitions[index].Type;
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], partitions[index].First);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], partitions[index].Sectors);
        }
        sector[510] = 0x55;
        sector[511] = 0xAA;
        _ = disk.Write(offset, sector);
    }

    /// <summary>Writes a DragonFly label at the start of a slice; offsets are relative to it.</summary>
    internal static void WriteLabel(
        MemoryBlockDevice disk, long offset, params (byte Type, long Offset, long LengthBytes)[] partitions)
    {
        byte[] label = new byte[0x2C8 + 16 * 64];
        Span<byte> bytes = label;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[0x200..], 0xC4464C59);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[0x20C..], 16);
        for (int index = 0; index < partitions.Length; index++)
        {
            Span<byte> entry = bytes.Slice(0x2C8 + index * 64, 64);
            BinaryPrimitives.WriteInt64LittleEndian(entry, partitions[index].Offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], partitions[index].LengthBytes);
            entry[16] = partitions[index].Type;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[0x204..], Crc(bytes[0x200..]));
        _ = disk.Write(offset, label);
    }

    /// <summary>Writes a small volume with headers only into a disk.</summary>
    internal static void WriteVolume(MemoryBlockDevice disk, long offset, long lengthBytes, string name = "")
    {
        byte[] header = HeaderBuilder.Version2(0, [lengthBytes]);
        header[0x40] ^= (byte)name.Length; // another filesystem for each length of name
        var place = new Hammer2.Devices.PartitionBlockDevice(disk, offset, lengthBytes, name);
        HeaderBuilder.WriteCopy(place, 0, header, null);
    }

    private static void WriteGptHeader(
        MemoryBlockDevice disk, int sectorBytes, long sector, long entriesSector, byte[] entries)
    {
        byte[] bytes = new byte[sectorBytes];
        Span<byte> header = bytes;
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], 0x10000);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 92);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], sector);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], entriesSector);
        BinaryPrimitives.WriteUInt32LittleEndian(header[80..], 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header[84..], 128);
        BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Crc(entries));
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc(header[..92]));
        _ = disk.Write(sector * sectorBytes, bytes);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }
        return ~crc;
    }
}
