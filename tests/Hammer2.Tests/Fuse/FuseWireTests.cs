// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Fuse.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: requests are decoded and replies encoded byte for byte as the kernel does, and no request crashes the server.
/// Method: requests as commented dumps go through the dispatcher to a filesystem that records its calls. The bytes come
/// from linux/fuse.h and not from our own structs.
/// </summary>
public sealed class FuseWireTests : IDisposable
{
    private readonly RecordingFileSystem _fileSystem = new();
    private readonly MemoryTransport _transport = new();
    private readonly byte[] _reply = new byte[65536];

    public void Dispose() => _transport.Dispose();

    public static TheoryData<FuseWireCase> Cases => [.. FuseWireCases.All];

    [Theory, MemberData(nameof(Cases))]
    public void Each_request_is_understood_and_answered_as_the_kernel_expects(FuseWireCase wire)
    {
        // Bytes of earlier replies in the buffer must not appear in this one.
        Array.Fill(_reply, (byte)0xEE);
        Serve(FuseMessage.Request(wire.Opcode, node: 2, wire.Body));

        Assert.Equal(wire.Call, _fileSystem.Calls);
        if (wire.Payload is null)
        {
            Assert.True(_transport.IsQuiet, "an answer was sent to a request that has none");
            return;
        }
        byte[] expected = FuseMessage.Bytes(wire.Payload);
        Array.Resize(ref expected, wire.PayloadBytes);
        AssertAnswer(0, expected);
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_request_cut_short_anywhere_is_refused_and_never_crashes(FuseWireCase wire)
    {
        byte[] whole = FuseMessage.Request(wire.Opcode, node: 2, wire.Body);
        FuseDispatcher dispatcher = Dispatcher();
        for (int length = 0; length < whole.Length; length++)
        {
            long before = dispatcher.MalformedTotal;
            int callsBefore = _fileSystem.Calls.Length;
            Serve(FuseMessage.Resized(whole, length), dispatcher);

            bool wasRefused = dispatcher.MalformedTotal == before + 1;
            bool wasAsked = _fileSystem.Calls.Length != callsBefore;
            if (length < 40) Assert.True(wasRefused, $"{length} bytes were accepted as a request");

            // A body may be truncated only where its fields are not used; BATCH_FORGET may have been served in part.
            bool hasNoMeaning = wire.Opcode == 41;
            if (length >= 40 && wire.Opcode != 42 && !hasNoMeaning)
                Assert.False(wasAsked, $"{length} of {whole.Length} bytes reached the filesystem");
            if (length >= 40 && !hasNoMeaning)
                Assert.True(wasRefused, $"{length} of {whole.Length} bytes were accepted");
            if (length >= 40 && wire.Payload is not null) AssertAnswer(FuseErrno.EINVAL, []);
        }
        Assert.Equal(0, dispatcher.ThrownTotal);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Bytes_after_a_request_do_no_harm(FuseWireCase wire)
    {
        byte[] whole = FuseMessage.Request(wire.Opcode, node: 2, wire.Body);
        FuseDispatcher dispatcher = Dispatcher();
        Serve(FuseMessage.Resized(whole, whole.Length + 1), dispatcher);
        Serve(FuseMessage.Resized(whole, whole.Length + 4096), dispatcher);
        Assert.Equal(0, dispatcher.ThrownTotal);
        if (wire.Payload is not null) Assert.Equal(0, ErrorOf(_transport.Answer()));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Garbage_after_the_header_never_crashes(FuseWireCase wire)
    {
        FuseDispatcher dispatcher = Dispatcher();
        byte[] whole = FuseMessage.Request(wire.Opcode, node: 2, wire.Body);
        foreach (byte filler in new byte[] { 0x00, 0x01, 0x2E, 0x7F, 0x80, 0xFF })
        {
            byte[] garbage = (byte[])whole.Clone();
            Array.Fill(garbage, filler, 40, garbage.Length - 40);
            Serve(garbage, dispatcher);
        }
        Assert.Equal(0, dispatcher.ThrownTotal);
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_handler_that_throws_answers_an_io_error_and_is_counted(FuseWireCase wire)
    {
        if (wire.Call.Length == 0) return;
        _fileSystem.Throws = new InvalidOperationException("on purpose");
        FuseDispatcher dispatcher = Dispatcher();
        Serve(FuseMessage.Request(wire.Opcode, node: 2, wire.Body), dispatcher);
        Assert.Equal(1, dispatcher.ThrownTotal);
        if (wire.Payload is not null && wire.Opcode != 38) AssertAnswer(FuseErrno.EIO, []);
    }

    [Theory, MemberData(nameof(Cases))]
    public void An_error_carries_no_payload(FuseWireCase wire)
    {
        if (wire.Payload is null || wire.Opcode == 38) return;
        _fileSystem.Error = FuseErrno.ENOSPC;
        Serve(FuseMessage.Request(wire.Opcode, node: 2, wire.Body));
        AssertAnswer(FuseErrno.ENOSPC, []);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(512)]
    public void An_answer_that_is_no_error_number_becomes_an_io_error(int answer)
    {
        _fileSystem.Error = answer;
        FuseDispatcher dispatcher = Dispatcher();
        Serve(FuseMessage.Request(17, node: 1, ""), dispatcher);
        Assert.Equal(1, dispatcher.ThrownTotal);
        AssertAnswer(FuseErrno.EIO, []);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(7u)]            // never assigned
    [InlineData(48u)]           // SETUPMAPPING
    [InlineData(49u)]           // REMOVEMAPPING
    [InlineData(54u)]
    [InlineData(4096u)]
    [InlineData(uint.MaxValue)]
    public void An_unknown_operation_is_not_implemented(uint opcode)
    {
        FuseDispatcher dispatcher = Dispatcher();
        Serve(FuseMessage.Request(opcode, node: 1, "00 00 00 00"), dispatcher);
        Assert.Equal(1, dispatcher.UnknownTotal);
        AssertAnswer(FuseErrno.ENOSYS, []);
    }

    [Fact]
    public void A_filesystem_that_overrides_nothing_implements_nothing()
    {
        var dispatcher = new FuseDispatcher(new EmptyFileSystem(), Connection(), 1, NullLogger.Instance);
        foreach (FuseWireCase wire in FuseWireCases.All)
        {
            Serve(FuseMessage.Request(wire.Opcode, node: 2, wire.Body), dispatcher);
            if (wire.Payload is not null && wire.Opcode != 38) AssertAnswer(FuseErrno.ENOSYS, []);
            else if (wire.Payload is not null) AssertAnswer(0, []);
        }
    }

    [Fact]
    public void Extensions_at_the_tail_are_not_taken_for_the_body()
    {
        Serve(FuseMessage.Request(1, node: 2, "\"na\" 61 61 61 61 61 61 61 61", extensionWords: 1));
        AssertAnswer(FuseErrno.EINVAL, []);     // the name's end lay in the extension
        Serve(FuseMessage.Request(1, node: 2, "\"na\" 00 61 61 61 61 61 61 61 61", extensionWords: 1));
        Assert.EndsWith(" na", _fileSystem.Calls, StringComparison.Ordinal);
        Serve(FuseMessage.Request(1, node: 2, "\"na\" 00", extensionWords: 9));
    }

    [Fact]
    public void A_value_longer_than_the_callers_room_is_out_of_range()
    {
        Serve(FuseMessage.Request(22, node: 2, "02 00 00 00  00 00 00 00  \"user.a\" 00"));
        AssertAnswer(FuseErrno.ERANGE, []);
    }

    [Fact]
    public void The_longer_record_of_setxattr_is_read_when_it_was_agreed()
    {
        var dispatcher = new FuseDispatcher(
            _fileSystem, Connection(FuseInitFlags.SetXAttrExt), 1, NullLogger.Instance);
        Serve(FuseMessage.Request(21, node: 2, """
            05 00 00 00  01 00 00 00  01 00 00 00  00 00 00 00 "user.a" 00 "value"
            """), dispatcher);
        Assert.EndsWith("user.a=value flags=1 ext=1", _fileSystem.Calls, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1u, "\"name\" 00", "lookup {0} name\nforget 102 1")]
    [InlineData(14u, "00 80 00 00  00 00 00 00", "open {0} flags=8000\nrelease 2 by 0:0/0 handle=68")]
    [InlineData(27u, "00 80 00 00  00 00 00 00", "opendir {0} flags=8000\nreleasedir 2 by 0:0/0 handle=68")]
    [InlineData(35u, "41 00 00 00  A4 81 00 00  12 00 00 00  00 00 00 00 \"n\" 00",
        "create {0} n mode=81A4\nrelease 102 by 0:0/0 handle=68\nforget 102 1")]
    public void A_reply_to_an_interrupted_caller_is_undone(uint opcode, string body, string calls)
    {
        _transport.SendError = FuseErrno.ENOENT;
        Serve(FuseMessage.Request(opcode, node: 2, body));
        string expected = calls.Replace("{0}", "2 by 1000:1001/4242", StringComparison.Ordinal);
        Assert.Equal(expected, _fileSystem.Calls);
    }

    [Fact]
    public void References_of_an_undeliverable_directory_listing_are_dropped()
    {
        _transport.SendError = FuseErrno.ENOENT;
        FuseWireCase wire = Array.Find(FuseWireCases.All, one => one.Name == "READDIRPLUS")!;
        Serve(FuseMessage.Request(wire.Opcode, node: 2, wire.Body));
        Assert.EndsWith("\nforget 102 1", _fileSystem.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_that_the_kernel_refuses_is_replaced_by_an_io_error()
    {
        _transport.SendError = FuseErrno.EINVAL;
        Serve(FuseMessage.Request(17, node: 1, ""));
        AssertAnswer(FuseErrno.EIO, []);
    }

    private static FuseConnection Connection(FuseInitFlags enabled = FuseInitFlags.None) =>
        new(45, 45, enabled, enabled, 65536, 65536, 131072);

    private FuseDispatcher Dispatcher() => new(_fileSystem, Connection(), 1, NullLogger.Instance);

    private void Serve(byte[] message) => Serve(message, Dispatcher());

    private void Serve(byte[] message, FuseDispatcher dispatcher) =>
        dispatcher.Serve(0, message, _reply, _transport.OpenChannel());

    private void AssertAnswer(int error, byte[] payload)
    {
        byte[] answer = _transport.Answer();
        var header = MemoryMarshal.Read<FuseOutHeader>(answer);
        Assert.Equal(-error, header.Error);
        Assert.Equal(FuseMessage.Unique, header.Unique);
        Assert.Equal((uint)answer.Length, header.Length);
        Assert.Equal(payload, answer[16..]);
    }

    private static int ErrorOf(byte[] answer) => MemoryMarshal.Read<FuseOutHeader>(answer).Error;

    private sealed class EmptyFileSystem : IFuseFileSystem;
}
