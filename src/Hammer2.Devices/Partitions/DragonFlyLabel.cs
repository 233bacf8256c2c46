// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO.Hashing;
using Hammer2.Format;

namespace Hammer2.Devices.Partitions;

/// <summary>Reads DragonFly's 64-bit disk label, on a whole disk or at the start of a partition.</summary>
/// <remarks>
/// Source: <c>struct disklabel64</c> of DragonFly. All offsets in it are in bytes from the start of the slice that
/// holds the label, for any sector size; the magic number is at byte 512 of the slice.
/// </remarks>
internal static class DragonFlyLabel
{
    private const uint Magic = 0xC4464C59;
    private const int MagicOffset = 0x200;
    private const int PartitionsOffset = 0x2C8;
    private const int PartitionBytes = 64;
    private const int PartitionsMax = 16;
    private const int LabelBytes = PartitionsOffset + PartitionsMax * PartitionBytes;
    private const byte TypeHammer2 = 23;

    private static readonly Guid UuidHammer2 = new("5cbb9ad1-862d-11dc-a94d-01301bb8a9f5");

    /// <summary>Adds the partitions of a label to a list; false when the slice has no label.</summary>
    /// <param name="device">The whole device.</param>
    /// <param name="sliceOffset">Offset of the slice on the device, in bytes.</param>
    /// <param name="sliceBytes">Size of the slice in bytes.</param>
    /// <param name="sliceName">Prefix of the partition letters; empty for the whole device.</param>
    /// <param name="found">Receives the partitions.</param>
    internal static bool TryRead(IBlockDevice device, long sliceOffset, long sliceBytes, string sliceName,
        List<PartitionEntry> found)
    {
        Span<byte> label = stackalloc byte[LabelBytes];
        if (sliceBytes < LabelBytes || device.Read(sliceOffset, label) != Hammer2Error.None
            || BinaryPrimitives.ReadUInt32LittleEndian(label[MagicOffset..]) != Magic)
        {
            return false;
        }
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(label[0x204..]);
        uint partitionsTotal = BinaryPrimitives.ReadUInt32LittleEndian(label[0x20C..]);
        if (partitionsTotal > PartitionsMax)
            return false;
        label.Slice(0x204, sizeof(uint)).Clear(); // the CRC is computed with its own field as zero
        int endOffset = PartitionsOffset + (int)partitionsTotal * PartitionBytes;
        if (Crc32.HashToUInt32(label[MagicOffset..endOffset]) != crc)
            return false;
        for (int index = 0; index < partitionsTotal; index++)
        {
            ReadOnlySpan<byte> entry = label.Slice(PartitionsOffset + index * PartitionBytes, PartitionBytes);
            ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry);
            ulong lengthBytes = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
            if (lengthBytes == 0 || offset > (ulong)sliceBytes || lengthBytes > (ulong)sliceBytes - offset)
                continue;
            bool isHammer2 = entry[16] == TypeHammer2 || new Guid(entry.Slice(32, 16)) == UuidHammer2;
            found.Add(new PartitionEntry($"{sliceName}{(char)('a' + index)}", sliceOffset + (long)offset,
                (long)lengthBytes, isHammer2 ? "HAMMER2" : $"label type {entry[16]}", isHammer2));
        }
        return true;
    }
}
