// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO.Hashing;
using Hammer2.Devices.Partitions;
using Hammer2.Testing;

namespace Hammer2.Fuzz.Targets;

/// <summary>GPT, MBR and DragonFly labels.</summary>
/// <remarks>
/// Input: a byte for the length of the disk; patches to its first 64 KiB; patches to its last 4 KiB; and pairs of a
/// kind and an offset in units of 512 bytes where a CRC is set: 1 for a GPT header, 2 for that of its entries, 3 for a
/// label.
/// </remarks>
internal static class PartitionTarget
{
    private const int HeadBytes = 65536;
    private const int TailBytes = 4096;
    private const int EntriesMax = 1024 + (1024 * 16);

    private static readonly long[] Lengths =
        [64L << 20, 0, 1, 511, 512, 1024, 4096, 8192, HeadBytes, (64L << 20) + 511, 3L << 40, long.MaxValue];

    /// <summary>Reads the tables of a disk.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        long length = Lengths[reader.Byte() % Lengths.Length];
        byte[] head = new byte[HeadBytes];
        byte[] tail = new byte[TailBytes];
        reader.Patch(head);
        reader.Patch(tail);
        while (!reader.Rest.IsEmpty) SetCrc(reader.Byte(), head, reader.Byte() * 512);

        var disk = new MemoryBlockDevice(length, "disk");
        _ = disk.Write(0, head.AsSpan(0, (int)Math.Min(length, HeadBytes)));
        if (length > HeadBytes + TailBytes) _ = disk.Write(length - TailBytes, tail);

        IReadOnlyList<PartitionEntry> found = PartitionTable.Read(disk);
        Property.Holds(found.Count <= EntriesMax, "there are no more partitions than tables have entries");
        foreach (PartitionEntry entry in found)
        {
            bool isInside = entry.Offset >= 0 && entry.LengthBytes > 0 && entry.LengthBytes <= length - entry.Offset;
            Property.Holds(isInside, "a partition lies in its disk: " + entry);
        }
    }

    private static void SetCrc(int kind, Span<byte> head, int place)
    {
        if (place + 0x6C8 > head.Length) return;
        Span<byte> table = head[place..];
        switch (kind)
        {
            case 1:
                int headerBytes = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(table[12..]), 512);
                table.Slice(16, 4).Clear();
                BinaryPrimitives.WriteUInt32LittleEndian(table[16..], Crc32.HashToUInt32(table[..headerBytes]));
                break;
            case 2:
                ulong entries = BinaryPrimitives.ReadUInt32LittleEndian(table[80..]);
                ulong total = entries * BinaryPrimitives.ReadUInt32LittleEndian(table[84..]);
                ulong first = BinaryPrimitives.ReadUInt64LittleEndian(table[72..]);
                if (first > 64 || (first * 512) + total > (ulong)head.Length) return;
                BinaryPrimitives.WriteUInt32LittleEndian(
                    table[88..], Crc32.HashToUInt32(head.Slice((int)first * 512, (int)total)));
                break;
            case 3:
                int end = 0x2C8 + ((int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(table[0x20C..]), 16) * 64);
                table.Slice(0x204, 4).Clear();
                BinaryPrimitives.WriteUInt32LittleEndian(table[0x204..], Crc32.HashToUInt32(table[0x200..end]));
                break;
        }
    }
}
