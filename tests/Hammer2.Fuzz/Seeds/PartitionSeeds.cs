// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Hammer2.Fuzz.Seeds;

/// <summary>Disks with each kind of table; their CRCs are set by the target.</summary>
internal static class PartitionSeeds
{
    private const int HeadBytes = 65536;

    /// <summary>GPT, MBR with logical partitions, a label on the whole disk, and a label in a partition.</summary>
    public static IEnumerable<byte[]> Disks()
    {
        byte[] gpt = new byte[HeadBytes];
        Mbr(gpt, (0xEE, 1, uint.MaxValue));
        Gpt(gpt.AsSpan(512), gpt.AsSpan(1024), first: 34, last: 131071);
        yield return Disk(gpt, 2, 1, 1, 1);

        byte[] mbr = new byte[HeadBytes];
        Mbr(mbr, (0x83, 8, 16), (0x6C, 16, 100000), (0x05, 24, 1000));
        Mbr(mbr.AsSpan(24 * 512), (0xA5, 1, 8), (0x05, 8, 16));
        Mbr(mbr.AsSpan(32 * 512), (0x83, 1, 8));
        Label(mbr.AsSpan(16 * 512), 4096, 65536);
        yield return Disk(mbr, 3, 16);

        byte[] label = new byte[HeadBytes];
        Label(label, 32768, 1 << 20);
        yield return Disk(label, 3, 0);

        byte[] nested = (byte[])gpt.Clone();
        new Guid("3d48ce54-1d16-11dc-8696-01301bb8a9f5").TryWriteBytes(nested.AsSpan(1024));
        BinaryPrimitives.WriteInt64LittleEndian(nested.AsSpan(1024 + 32), 40);
        Label(nested.AsSpan(40 * 512), 4096, 65536);
        yield return Disk(nested, 2, 1, 1, 1, 3, 40);
    }

    private static byte[] Disk(byte[] head, params ReadOnlySpan<byte> sums) =>
        new InputWriter().Add(0).Patches(new byte[HeadBytes], head).Word(0).Add(0).Add(sums).ToArray();

    private static void Mbr(Span<byte> sector, params (byte Type, uint First, uint Sectors)[] partitions)
    {
        for (int index = 0; index < partitions.Length; index++)
        {
            Span<byte> entry = sector.Slice(446 + (index * 16), 16);
            entry[4] = partitions[index].Type;
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], partitions[index].First);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], partitions[index].Sectors);
        }
        (sector[510], sector[511]) = (0x55, 0xAA);
    }

    private static void Gpt(Span<byte> header, Span<byte> entries, long first, long last)
    {
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], 92);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header[80..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[84..], 128);
        new Guid("5cbb9ad1-862d-11dc-a94d-01301bb8a9f5").TryWriteBytes(entries);
        BinaryPrimitives.WriteInt64LittleEndian(entries[32..], first);
        BinaryPrimitives.WriteInt64LittleEndian(entries[40..], last);
    }

    private static void Label(Span<byte> slice, long offset, long length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(slice[0x200..], 0xC4464C59);
        BinaryPrimitives.WriteUInt32LittleEndian(slice[0x20C..], 4);
        Span<byte> entry = slice[(0x2C8 + (3 * 64))..];
        BinaryPrimitives.WriteInt64LittleEndian(entry, offset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], length);
        entry[16] = 23;
    }
}
