// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>
/// CRC-32C (Castagnoli), as iSCSI defines it: reflected polynomial 0x82F63B78, all ones at the start and inverted at
/// the end. Protects the volume header, the freemap and, where an inode asks for it, blocks. Directory hashes are
/// computed from it.
/// </summary>
/// <remarks>Upstream: <c>hammer2_icrc32</c>. Source: RFC 3720, appendix B.4.</remarks>
public static class IscsiCrc32
{
    // The instruction takes three cycles, and a new one can begin in each of them.
    private const int LaneBytes = 1024;
    private const int LaneWords = LaneBytes / sizeof(ulong);
    private const int LanesTotal = 3;

    private static readonly CrcShift s_lane = new(LaneBytes);

    /// <summary>Table k holds the remainder of each byte value followed by k zero bytes.</summary>
    private static readonly uint[] Tables = BuildTables();

    /// <summary>True when the processor has a CRC-32C instruction and it is used.</summary>
    public static bool IsAccelerated =>
        System.Runtime.Intrinsics.X86.Sse42.IsSupported || System.Runtime.Intrinsics.Arm.Crc32.IsSupported;

    /// <summary>Computes the code of <paramref name="bytes"/>; that of an empty span is 0.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) =>
        IsAccelerated ? ComputeByProcessor(bytes) : ComputeByTable(bytes);

    /// <summary>The same code from tables, eight bytes a step, for processors without the
    /// instruction.</summary>
    public static uint ComputeByTable(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables;
        uint crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ crc;
            crc = tables[(7 * 256) + (int)(word & 0xFF)]
                ^ tables[(6 * 256) + (int)((word >> 8) & 0xFF)]
                ^ tables[(5 * 256) + (int)((word >> 16) & 0xFF)]
                ^ tables[(4 * 256) + (int)((word >> 24) & 0xFF)]
                ^ tables[(3 * 256) + (int)((word >> 32) & 0xFF)]
                ^ tables[(2 * 256) + (int)((word >> 40) & 0xFF)]
                ^ tables[256 + (int)((word >> 48) & 0xFF)]
                ^ tables[(int)(word >> 56)];
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            crc = (crc >> 8) ^ tables[(int)((crc ^ value) & 0xFF)];
        }

        return ~crc;
    }

    private static uint ComputeByProcessor(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= LanesTotal * LaneBytes)
        {
            crc = ComputeLanes(crc, MemoryMarshal.Cast<byte, ulong>(bytes[..(LanesTotal * LaneBytes)]));
            bytes = bytes[(LanesTotal * LaneBytes)..];
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private static uint ComputeLanes(uint crc, ReadOnlySpan<ulong> words)
    {
        ReadOnlySpan<ulong> first = words[..LaneWords];
        ReadOnlySpan<ulong> second = words.Slice(LaneWords, LaneWords);
        ReadOnlySpan<ulong> third = words.Slice(2 * LaneWords, LaneWords);
        uint crcOfSecond = 0;
        uint crcOfThird = 0;
        for (int i = 0; i < LaneWords; i++)
        {
            crc = BitOperations.Crc32C(crc, first[i]);
            crcOfSecond = BitOperations.Crc32C(crcOfSecond, second[i]);
            crcOfThird = BitOperations.Crc32C(crcOfThird, third[i]);
        }

        return s_lane.Join(s_lane.Join(crc, crcOfSecond), crcOfThird);
    }

    private static uint[] BuildTables()
    {
        var tables = new uint[8 * 256];
        for (int value = 0; value < 256; value++)
        {
            uint crc = (uint)value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ CrcShift.Polynomial : crc >> 1;
            }

            tables[value] = crc;
        }

        for (int index = 256; index < tables.Length; index++)
        {
            uint before = tables[index - 256];
            tables[index] = (before >> 8) ^ tables[(int)(before & 0xFF)];
        }

        return tables;
    }
}
