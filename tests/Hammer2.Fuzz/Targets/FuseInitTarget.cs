// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using Fuse.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Fuzz.Targets;

/// <summary>What the kernel says first.</summary>
/// <remarks>Input: for each message its length in 16 bits, of which the highest has the length field set, and its
/// bytes.</remarks>
internal static class FuseInitTarget
{
    /// <summary>Settles a connection, or refuses to.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var options = new FuseSessionOptions { PageBytes = 4096, MaySpin = false };
        var transport = new CannedTransport(input);
        using var session = new FuseSession(transport, new SinkFileSystem(0), options, NullLogger.Instance);
        try
        {
            FuseConnection connection = session.Negotiate();
            Property.Holds(connection.Minor is >= 31 and <= 45 && connection.Minor <= connection.KernelMinor,
                "a version is spoken");
            Property.Holds(connection.MaxWriteBytes is >= 4096 and <= 1 << 20, "writes have 4 KiB to 1 MiB");
            Property.Holds(connection.MaxReadBytes is >= 4096 and <= 1 << 20, "reads have 4 KiB to 1 MiB");
            Property.Holds((connection.Enabled & ~connection.Offered) == 0, "nothing is used that was not offered");
            Property.Holds(connection.MaxReadAheadBytes >= 0, "read-ahead is not negative");
            Property.Holds(transport.Answers > 0, "INIT was answered");
        }
        catch (FuseException)
        {
            // What is no INIT is refused this way.
        }
    }

    private sealed class CannedTransport : IFuseTransport, IFuseChannel
    {
        private readonly Queue<byte[]> _messages = new();

        public CannedTransport(ReadOnlySpan<byte> input)
        {
            var reader = new InputReader(input);
            while (!reader.Rest.IsEmpty && _messages.Count < 8)
            {
                int word = reader.Word();
                byte[] message = reader.Take(word & 0x7FFF).ToArray();
                if ((word & 0x8000) != 0 && message.Length >= 4)
                    BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
                if (message.Length > 0) _messages.Enqueue(message);
            }
        }

        public int Answers { get; private set; }

        public IFuseChannel OpenChannel() => this;

        public int TryReceive(Span<byte> request)
        {
            if (!_messages.TryDequeue(out byte[]? message)) return -FuseErrno.ENODEV;
            message.CopyTo(request);
            return message.Length;
        }

        public int WaitForRequest() => FuseErrno.None;

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
        {
            Answers++;
            Property.Holds(header.Length == 16 + payload.Length, "an answer is as long as it says");
            return 0;
        }

        public void Interrupt()
        {
        }

        public void Dispose()
        {
        }
    }
}
