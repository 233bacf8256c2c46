// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Devices.Nbd;

namespace Hammer2.Fuzz.Targets;

/// <summary>What an NBD server sends.</summary>
/// <remarks>
/// Input: a byte: 0 for a handshake without TLS, 1 for simple replies, 2 for structured ones; a byte for the length of
/// the pieces in which replies arrive; and the bytes of the server. Four requests wait for replies, with the numbers
/// 256 to 259: a read of 4096 bytes at 8192, a write, a flush and a trim.
/// </remarks>
internal static unsafe class NbdTarget
{
    private const int ReadBytes = 4096;
    private const long ReadOffset = 8192;
    private const byte Untouched = 0xA5;

    private static readonly NbdAddress Address = NbdAddress.Parse("nbd://server/export");

    /// <summary>Passes the bytes to the client.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        int kind = reader.Byte() % 3;
        int piece = reader.Byte() + 1;
        if (kind == 0) RunHandshake(reader.Rest);
        else RunReplies(reader.Rest, piece, isStructured: kind == 2);
    }

    private static void RunHandshake(ReadOnlySpan<byte> server)
    {
        using var link = new NbdLink(new ServerStream(server.ToArray()), socket: null, TimeProvider.System);
        try
        {
            NbdExport export = NbdHandshake.Run(link, Address);
            Property.Holds(export.LengthBytes >= 0 && export.LengthBytes % export.BlockBytesMin == 0,
                "a size is whole blocks");
            Property.Holds(export.BlockBytesMin > 0 && export.BlockBytesMax >= export.BlockBytesMin
                && export.BlockBytesMax % export.BlockBytesMin == 0, "the greatest block is whole ones");
        }
        catch (NbdProtocolException refusal)
        {
            Property.Holds(refusal.Message.Length > 0, "what is wrong is said");
        }
    }

    private static void RunReplies(ReadOnlySpan<byte> server, int piece, bool isStructured)
    {
        var requests = new NbdRequestTable();
        byte[] memory = new byte[3 * ReadBytes];
        memory.AsSpan().Fill(Untouched);
        int ended = 0;
        fixed (byte* first = memory)
        {
            requests[0].Begin(NbdCommand.Read, ReadOffset, ReadBytes, first + ReadBytes, long.MaxValue);
            requests[1].Begin(NbdCommand.Write, 0, 512, null, long.MaxValue);
            requests[2].Begin(NbdCommand.Flush, 0, 0, null, long.MaxValue);
            requests[3].Begin(NbdCommand.Trim, 0, 1 << 20, null, long.MaxValue);
            var parser = new NbdReplyParser(requests, isStructured, (_, _) => ended++);
            string? fault = null;
            while (!server.IsEmpty && fault is null)
            {
                int length = Math.Min(piece, server.Length);
                fault = parser.Feed(server[..length]);
                server = server[length..];
            }
            Property.Holds(fault is null or { Length: > 0 }, "what is wrong is said");
        }
        Property.Holds(ended <= 4, "a request ends once");
        ReadOnlySpan<byte> before = memory.AsSpan(0, ReadBytes), after = memory.AsSpan(2 * ReadBytes);
        Property.Holds(before.IndexOfAnyExcept(Untouched) < 0 && after.IndexOfAnyExcept(Untouched) < 0,
            "nothing is stored outside of the memory of a read");
    }

    /// <summary>What a server sends; what it receives is dropped.</summary>
    private sealed class ServerStream(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            // A server that fuzzing makes up does not listen.
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            // The same.
        }
    }
}
