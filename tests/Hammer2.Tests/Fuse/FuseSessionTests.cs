// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Fuse.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>The life of a session over an in-memory transport: INIT, workers, interrupts, and every way to
/// end.</summary>
public sealed class FuseSessionTests : IDisposable
{
    private readonly MemoryTransport _transport = new();
    private readonly RecordingFileSystem _fileSystem = new();
    private readonly FuseSession _session;

    public FuseSessionTests() => _session = new FuseSession(
        _transport, _fileSystem, new FuseSessionOptions { WorkersTotal = 3 }, NullLogger.Instance);

    public void Dispose()
    {
        _session.Stop();
        _ = _session.Wait();
        _session.Dispose();
        _transport.Dispose();
    }

    [Fact]
    public void Init_of_an_old_kernel_has_no_second_word_of_flags()
    {
        _transport.Ask(FuseMessage.Request(26, node: 0, """
            07 00 00 00  1F 00 00 00 // 7.31
            00 00 02 00              // read-ahead
            FB FF FF 03              // features
            """));
        FuseConnection connection = _session.Negotiate();
        Assert.Equal(31u, connection.Minor);
        byte[] answer = _transport.Answer();
        Assert.Equal(16 + 64, answer.Length);
        Assert.Equal("initialized 7.31", _fileSystem.Calls);
    }

    [Fact]
    public void Init_of_a_newer_major_is_repeated_in_ours()
    {
        _transport.Ask(FuseMessage.Request(26, node: 0,
            "08 00 00 00  00 00 00 00  00 00 02 00  FF FF FF 7F"));
        AskInit();
        Assert.Equal(45u, _session.Negotiate().Minor);
        byte[] first = _transport.Answer();
        Assert.Equal(7u, MemoryMarshal.Read<FuseInitOut>(first.AsSpan(16)).Major);
        _ = _transport.Answer();
    }

    [Fact]
    public void Init_of_a_kernel_that_is_too_old_says_which_is_needed()
    {
        _transport.Ask(FuseMessage.Request(26, node: 0,
            "07 00 00 00  1A 00 00 00  00 00 02 00  FF FF FF 03"));
        var failure = Assert.Throws<FuseException>(() => _session.Negotiate());
        Assert.Contains("7.26", failure.Message, StringComparison.Ordinal);
        Assert.Contains("7.31", failure.Message, StringComparison.Ordinal);
        Assert.Equal(-FuseErrno.EPROTO, MemoryMarshal.Read<FuseOutHeader>(_transport.Answer()).Error);
    }

    [Theory]
    [InlineData(1u, "\"name\" 00")]
    [InlineData(26u, "07 00 00 00")]
    public void Anything_but_init_first_ends_the_session(uint opcode, string body)
    {
        _transport.Ask(FuseMessage.Request(opcode, node: 1, body));
        _ = Assert.Throws<FuseException>(() => _session.Negotiate());
    }

    [Fact]
    public void Unmounting_during_init_is_an_error_and_no_hang()
    {
        _transport.Unmount();
        _ = Assert.Throws<FuseException>(() => _session.Negotiate());
    }

    [Fact]
    public void Unmounting_ends_every_worker_and_runs_DESTROY_once()
    {
        Begin();
        _transport.Ask(FuseMessage.Request(17, node: 1, ""));
        _ = _transport.Answer();
        _transport.Unmount();
        Assert.Equal(FuseSessionEnd.Unmounted, _session.Wait());
        Assert.EndsWith("statfs 1 by 1000:1001/4242\ndestroyed", _fileSystem.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void DESTROY_from_the_kernel_is_not_repeated()
    {
        Begin();
        _transport.Ask(FuseMessage.Request(38, node: 0, ""));
        _ = _transport.Answer();
        _transport.Unmount();
        _ = _session.Wait();
        Assert.Equal(1, _fileSystem.Calls.Split('\n').Count(call => call == "destroyed"));
    }

    [Fact]
    public void Stopping_ends_workers_that_wait_for_requests()
    {
        Begin();
        _session.Stop();
        Assert.Equal(FuseSessionEnd.Stopped, _session.Wait());
        _session.Dispose();
        Assert.Empty(_transport.Open);
    }

    [Fact]
    public void A_running_request_is_answered_before_its_worker_stops()
    {
        using var isInside = new ManualResetEventSlim();
        _fileSystem.DuringRead = _ =>
        {
            isInside.Set();
            Thread.Sleep(50);
        };
        Begin();
        _transport.Ask(FuseMessage.Read(unique: 10));
        Assert.True(isInside.Wait(TimeSpan.FromSeconds(60)));
        _session.Stop();
        _ = _session.Wait();
        Assert.Equal(10u, MemoryMarshal.Read<FuseOutHeader>(_transport.Answer()).Unique);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_interrupt_reaches_the_request_it_is_about(bool comesEarly)
    {
        var waiting = new WaitingFileSystem();
        using var session = new FuseSession(
            _transport, waiting, new FuseSessionOptions { WorkersTotal = 3 }, NullLogger.Instance);
        AskInit();
        _ = session.Negotiate();
        _ = _transport.Answer();
        session.Start();
        if (comesEarly) _transport.Ask(FuseMessage.Interrupt(10));
        if (comesEarly) Thread.Sleep(20);
        _transport.Ask(FuseMessage.Read(unique: 10));
        if (!comesEarly) _transport.Ask(FuseMessage.Interrupt(10));

        byte[] answer = _transport.Answer();
        Assert.Equal(-FuseErrno.EINTR, MemoryMarshal.Read<FuseOutHeader>(answer).Error);

        // The next request of the same worker is not interrupted.
        waiting.Answers = true;
        _transport.Ask(FuseMessage.Read(unique: 11));
        Assert.Equal(0, MemoryMarshal.Read<FuseOutHeader>(_transport.Answer()).Error);
        _transport.Unmount();
        _ = session.Wait();
    }

    [Fact]
    public void Notifications_have_the_kernels_layout()
    {
        var notifier = new FuseNotifier(_session);
        Assert.Equal(0, notifier.InvalidateInode(nodeId: 5, position: 4096, lengthBytes: 8192));
        Assert.Equal(FuseMessage.Bytes("""
            28 00 00 00  02 00 00 00  00 00 00 00 00 00 00 00 // length, code, no request
            05 00 00 00 00 00 00 00  00 10 00 00 00 00 00 00  00 20 00 00 00 00 00 00
            """), _transport.Answer());

        Assert.Equal(0, notifier.InvalidateEntry(directory: 5, "name"u8, onlyExpires: true));
        Assert.Equal(FuseMessage.Bytes("""
            25 00 00 00  03 00 00 00  00 00 00 00 00 00 00 00
            05 00 00 00 00 00 00 00  04 00 00 00  01 00 00 00  "name" 00
            """), _transport.Answer());
        Assert.Equal(FuseErrno.EINVAL, notifier.InvalidateEntry(5, new byte[256]));
    }

    private void AskInit() => _transport.Ask(FuseMessage.Init());

    private void Begin()
    {
        AskInit();
        _ = _session.Negotiate();
        _ = _transport.Answer();
        _session.Start();
    }

    // A READ that lasts until it is interrupted.
    private sealed class WaitingFileSystem : IFuseFileSystem
    {
        public volatile bool Answers;

        public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
        {
            readBytes = 0;
            if (Answers) return context.IsInterrupted ? FuseErrno.EINTR : FuseErrno.None;
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
            {
                if (context.IsInterrupted) return FuseErrno.EINTR;
            }
            return FuseErrno.EIO;
        }
    }
}
