// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Fuzz.Seeds;

/// <summary>What well-behaved NBD servers send.</summary>
internal static class NbdSeeds
{
    private const int ReadBytes = 4096;
    private const ulong ReadOffset = 8192;

    /// <summary>Handshakes and replies.</summary>
    public static IEnumerable<byte[]> Servers()
    {
        byte[] greeting = [.. "NBDMAGICIHAVEOPT"u8, 0, 3];
        byte[] export = [0, 0, .. Big(8, 1 << 30), .. Big(2, 0x6D)];
        byte[] sizes = [0, 3, .. Big(4, 512), .. Big(4, 4096), .. Big(4, 32 << 20)];
        byte[] structured = Option(8, 1, []);
        byte[] told = Option(7, 3, export), end = Option(7, 1, []);
        yield return [0, 0, .. greeting, .. structured, .. told, .. Option(7, 3, sizes), .. end];
        yield return [0, 0, .. greeting, .. Option(8, 0x80000001, []), .. told, .. end];
        yield return [0, 0, .. greeting, .. structured, .. Option(7, 0x80000006, [.. "no export"u8])];
        byte[] data = [.. Enumerable.Range(0, ReadBytes).Select(index => (byte)index)];
        yield return [1, 99, .. Simple(257, 0), .. Simple(256, 0), .. data, .. Simple(258, 5), .. Simple(259, 28)];
        yield return
        [
            2, 200, .. Chunk(256, 0, 1, [.. Big(8, ReadOffset + 1024), .. data[..1024]]),
            .. Chunk(256, 0, 2, [.. Big(8, ReadOffset), .. Big(4, 1024)]), .. Chunk(258, 1, 0, []), .. Simple(257, 0),
            .. Chunk(256, 1, 1, [.. Big(8, ReadOffset + 2048), .. data[..2048]]),
        ];
        yield return
        [
            2, 3, .. Chunk(257, 1, 0x8001, [.. Big(4, 28), .. Big(2, 4), .. "full"u8]),
            .. Chunk(256, 0, 0x8002, [.. Big(4, 5), .. Big(2, 0), .. Big(8, ReadOffset)]), .. Chunk(256, 1, 0, []),
        ];
    }

    private static byte[] Option(uint option, uint type, byte[] data) =>
        [.. Big(8, 0x3E889045565A9), .. Big(4, option), .. Big(4, type), .. Big(4, (ulong)data.Length), .. data];

    private static byte[] Simple(ulong cookie, uint error) =>
        [.. Big(4, 0x67446698), .. Big(4, error), .. Big(8, cookie)];

    private static byte[] Chunk(ulong cookie, uint flags, uint type, byte[] payload) =>
    [
        .. Big(4, 0x668E33EF), .. Big(2, flags), .. Big(2, type), .. Big(8, cookie), .. Big(4, (ulong)payload.Length),
        .. payload,
    ];

    private static byte[] Big(int bytes, ulong value)
    {
        byte[] all = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(all, value);
        return all[^bytes..];
    }
}
