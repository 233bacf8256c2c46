// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Requests as the kernel sends them, in hexadecimal with comments: spaces and line ends are ignored, <c>//</c> starts
/// a comment, and <c>"text"</c> stands for its bytes. All numbers are little endian.
/// </summary>
internal static class FuseMessage
{
    public const ulong Unique = 0x0102030405060708;

    /// <summary>A request for a node with a body.</summary>
    public static byte[] Request(uint opcode, ulong node, string body, int extensionWords = 0)
    {
        byte[] tail = Bytes(body);
        var message = new byte[40 + tail.Length];
        BitConverter.TryWriteBytes(message.AsSpan(0), message.Length);
        BitConverter.TryWriteBytes(message.AsSpan(4), opcode);
        BitConverter.TryWriteBytes(message.AsSpan(8), Unique);
        BitConverter.TryWriteBytes(message.AsSpan(16), node);
        BitConverter.TryWriteBytes(message.AsSpan(24), 1000);      // uid
        BitConverter.TryWriteBytes(message.AsSpan(28), 1001);      // gid
        BitConverter.TryWriteBytes(message.AsSpan(32), 4242);      // thread of the caller
        BitConverter.TryWriteBytes(message.AsSpan(36), (ushort)extensionWords);
        tail.CopyTo(message, 40);
        return message;
    }

    /// <summary>INIT of Linux 6.18, 7.45.</summary>
    /// <param name="moreFeatures">The second word of features.</param>
    public static byte[] Init(string moreFeatures = "FF 03 00 00") => Request(26, node: 0, $"""
        07 00 00 00  2D 00 00 00
        00 00 02 00                     // read-ahead
        FB FF FF 7F  {moreFeatures}     // features
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        """);

    /// <summary>STATFS.</summary>
    public static byte[] StatFs(ulong unique) => With(unique, Request(17, node: 1, ""));

    /// <summary>FSYNC of a file.</summary>
    public static byte[] FSync(ulong unique) =>
        With(unique, Request(20, node: 2, "09 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00"));

    /// <summary>READ of a page of a file.</summary>
    public static byte[] Read(ulong unique) => With(unique, Request(15, node: 2, """
        09 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  00 10 00 00  00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00  00 00 00 00
        """));

    /// <summary>INTERRUPT of a request.</summary>
    public static byte[] Interrupt(ulong unique)
    {
        byte[] message = Request(36, node: 0, "00 00 00 00 00 00 00 00");
        BitConverter.TryWriteBytes(message.AsSpan(40), unique);
        return message;
    }

    private static byte[] With(ulong unique, byte[] message)
    {
        BitConverter.TryWriteBytes(message.AsSpan(8), unique);
        return message;
    }

    /// <summary>The bytes of a commented dump.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new List<byte>();
        foreach (string line in text.Split('\n'))
        {
            string rest = line;
            while ((rest = rest.TrimStart()).Length > 0 && !rest.StartsWith("//", StringComparison.Ordinal))
            {
                if (rest[0] == '"')
                {
                    int end = rest.IndexOf('"', 1);
                    foreach (char letter in rest[1..end]) bytes.Add((byte)letter);
                    rest = rest[(end + 1)..];
                    continue;
                }
                bytes.Add(Convert.FromHexString(rest.AsSpan(0, 2))[0]);
                rest = rest[2..];
            }
        }
        return [.. bytes];
    }

    /// <summary>The message with another length, and its length field set to match.</summary>
    public static byte[] Resized(byte[] message, int lengthBytes)
    {
        byte[] resized = message;
        Array.Resize(ref resized, lengthBytes);
        if (lengthBytes >= 4) BitConverter.TryWriteBytes(resized.AsSpan(0), lengthBytes);
        return resized;
    }
}
