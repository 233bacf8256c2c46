// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Fuse.Protocol;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Fuzz.Targets;

/// <summary>Requests as the kernel sends them, one after the other, to one dispatcher.</summary>
/// <remarks>
/// Input: a byte of flags, and for each request its length in 16 bits and its bytes. Flags: 1 sets the length field of
/// each request; 2 agrees to longer records of SETXATTR; 4 has answers refused, as when the caller was killed; the high
/// nibble picks what the filesystem answers.
/// </remarks>
internal static class FuseTarget
{
    private const int RequestsMax = 64;
    private const int ReadBytesMax = 65536;
    private static readonly int[] Answers = [0, 0, FuseErrno.ENOENT, FuseErrno.EIO, 511, 512, -1, int.MinValue];

    private static readonly GuardedMemory Message = new(FuzzTarget.InputBytesMax);
    private static readonly GuardedMemory Reply = new(ReadBytesMax);

    /// <summary>Serves the requests.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        int flags = reader.Byte();
        int answer = Answers[(flags >> 4) % Answers.Length];
        FuseInitFlags enabled = (flags & 2) != 0 ? FuseInitFlags.SetXAttrExt : 0;
        var connection = new FuseConnection(45, 45, enabled, enabled, ReadBytesMax, ReadBytesMax, 0);
        var fileSystem = new SinkFileSystem(answer);
        var dispatcher = new FuseDispatcher(fileSystem, connection, 1, NullLogger.Instance);
        var channel = new AnswerChannel((flags & 4) != 0 ? FuseErrno.ENOENT : 0);

        for (int request = 0; request < RequestsMax && !reader.Rest.IsEmpty; request++)
        {
            ReadOnlySpan<byte> bytes = reader.Take(reader.Word());
            Span<byte> message = Message.AtEnd(bytes.Length & ~7);
            if (message.Length != bytes.Length) message = Message.AtStart(bytes.Length);     // records are aligned
            bytes.CopyTo(message);
            if ((flags & 1) != 0 && message.Length >= 4)
                BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
            ServeOne(dispatcher, message, channel, fileSystem);
        }
        bool isValid = answer is >= 0 and < 512;
        Property.Holds(!isValid || dispatcher.ThrownTotal == 0, "no request makes a handler throw");
    }

    private static void ServeOne(
        FuseDispatcher dispatcher, ReadOnlySpan<byte> message, AnswerChannel channel, SinkFileSystem fileSystem)
    {
        channel.Answers = 0;
        long refusedBefore = dispatcher.MalformedTotal + dispatcher.UnknownTotal;
        int callsBefore = fileSystem.Calls;
        dispatcher.Serve(0, message, Reply.AtEnd(ReadBytesMax), channel);
        Property.Holds(channel.Answers <= 1, "a request is answered once");
        bool isRefused = dispatcher.MalformedTotal + dispatcher.UnknownTotal > refusedBefore;
        Property.Holds(!isRefused || fileSystem.Calls <= callsBefore + 1,
            "what is refused reaches the filesystem once at most");
    }

    /// <summary>Takes answers, and checks what the kernel checks.</summary>
    private sealed class AnswerChannel(int error) : IFuseChannel
    {
        public int Answers { get; set; }

        public int TryReceive(Span<byte> request) => -FuseErrno.ENODEV;

        public int WaitForRequest() => FuseErrno.None;

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
        {
            Answers++;
            Property.Holds(header.Length == Unsafe.SizeOf<FuseOutHeader>() + payload.Length,
                "an answer is as long as it says");
            Property.Holds(header.Error is <= 0 and > -512, "an answer has an error number");
            Property.Holds(header.Error == 0 || payload.IsEmpty, "an error has no payload");
            return header.Error == 0 ? error : 0;
        }

        public void Interrupt()
        {
        }

        public void Dispose()
        {
        }
    }
}
