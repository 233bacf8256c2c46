// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices.Partitions;

/// <summary>The CRC-32 of Ethernet and zip, which partition tables use; HAMMER2 itself uses
/// CRC-32C.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320; // reflected
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of all bytes.</summary>
    internal static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint value = 0; value < table.Length; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            table[value] = crc;
        }
        return table;
    }
}
