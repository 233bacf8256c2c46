// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Fuse.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: requests that take long never keep a session from answering short ones, and none is lost or gets the bytes of
/// another.
/// Method: WRITE and FSYNC wait inside the filesystem until the test lets them go on; the session must answer other
/// requests meanwhile.
/// </summary>
public sealed class FuseLongRequestsTests : IDisposable
{
    private const int Workers = 4;
    private const int Buffers = 8;
    private const uint LookupOpcode = 1, GetAttrOpcode = 3, ReadOpcode = 15, WriteOpcode = 16, FSyncOpcode = 20;

    private readonly MemoryTransport _transport = new();
    private readonly WaitingFileSystem _fileSystem = new();
    private readonly FuseSession _session;

    public FuseLongRequestsTests()
    {
        var options = new FuseSessionOptions { WorkersTotal = Workers, BackgroundRequestsMax = Buffers };
        _session = new FuseSession(_transport, _fileSystem, options, NullLogger.Instance);
        _transport.Ask(FuseMessage.Init());
        _ = _session.Negotiate();
        _ = _transport.Answer();
        _session.Start();
    }

    public void Dispose()
    {
        _fileSystem.MayGoOn.Set();
        _transport.Unmount();
        _ = _session.Wait();
        _session.Dispose();
        _fileSystem.MayGoOn.Dispose();
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public void Short_requests_are_answered_while_writes_wait(int writeBytes)
    {
        for (ulong unique = 100; unique < 100 + Buffers; unique++) _transport.Ask(Write(unique, writeBytes));
        AwaitEntered(Buffers);
        AssertShortRequestsAreAnswered();

        _fileSystem.MayGoOn.Set();
        AssertAnswered([.. Enumerable.Range(100, Buffers).Select(unique => (ulong)unique)], error: 0);
        Assert.Equal("", _fileSystem.Mixed);
    }

    [Fact]
    public void Any_number_of_syncs_may_wait()
    {
        const int Syncs = 3 * FuseLongRequests.ThreadsMax;
        for (ulong unique = 100; unique < 100 + Syncs; unique++)
            _transport.Ask(Named(FuseMessage.Request(FSyncOpcode, node: 2, SixteenZeros), unique));
        AwaitEntered((Workers / 2) + FuseLongRequests.ThreadsMax);
        AssertShortRequestsAreAnswered();
        _fileSystem.MayGoOn.Set();
        AssertAnswered([.. Enumerable.Range(100, Syncs).Select(unique => (ulong)unique)], error: 0);
    }

    [Fact]
    public void A_few_at_a_time_are_served_by_the_workers_that_received_them()
    {
        _fileSystem.MayGoOn.Set();
        for (ulong unique = 100; unique < 200; unique++)
        {
            _transport.Ask(Write(unique, 100_000));
            Assert.Equal(0, MemoryMarshal.Read<FuseOutHeader>(_transport.Answer()).Error);
        }
        Assert.Equal("", _fileSystem.Mixed);
        Assert.Equal(0, _fileSystem.OnOtherThreads);
    }

    [Fact]
    public void More_writes_than_buffers_are_all_answered()
    {
        const int Writes = 100;
        for (ulong unique = 100; unique < 100 + Writes; unique++) _transport.Ask(Write(unique, 50_000));
        AwaitEntered(Workers + Buffers);
        _fileSystem.MayGoOn.Set();
        AssertAnswered([.. Enumerable.Range(100, Writes).Select(unique => (ulong)unique)], error: 0);
        Assert.Equal("", _fileSystem.Mixed);
    }

    [Theory]
    [InlineData(FuseErrno.ENOSPC, FuseErrno.ENOSPC)]
    [InlineData(-1, FuseErrno.EIO)]
    public void Errors_of_handed_over_requests_are_sent(int answer, int error)
    {
        _fileSystem.Error = answer;
        for (ulong unique = 100; unique < 100 + Buffers; unique++) _transport.Ask(Write(unique, 100_000));
        AwaitEntered(Buffers);
        _fileSystem.MayGoOn.Set();
        AssertAnswered([.. Enumerable.Range(100, Buffers).Select(unique => (ulong)unique)], -error);
    }

    [Fact]
    public void An_interrupt_reaches_a_handed_over_request()
    {
        for (ulong unique = 100; unique < 104; unique++)
            _transport.Ask(Named(FuseMessage.Request(FSyncOpcode, node: 2, SixteenZeros), unique));
        AwaitEntered(4);
        for (byte unique = 100; unique < 104; unique++)
            _transport.Ask(FuseMessage.Request(36, node: 0, $"{unique:X2} 00 00 00 00 00 00 00"));
        AssertAnswered([100, 101, 102, 103], -FuseErrno.EINTR);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_final_callback_comes_after_handed_over_requests(bool byRequest)
    {
        for (ulong unique = 100; unique < 100 + Buffers; unique++) _transport.Ask(Write(unique, 100_000));
        AwaitEntered(Buffers);
        if (byRequest) _transport.Ask(FuseMessage.Request(38, node: 0, ""));
        else _transport.Unmount();
        Task<FuseSessionEnd> end = Task.Run(_session.Wait, TestContext.Current.CancellationToken);
        AwaitEntered(Buffers);
        Assert.Equal(-1, _fileSystem.ServedBeforeDestroyed);

        _fileSystem.MayGoOn.Set();
        if (byRequest)
        {
            Assert.True(SpinWait.SpinUntil(() => _fileSystem.ServedBeforeDestroyed >= 0, TimeSpan.FromSeconds(60)));
            _transport.Unmount();
        }
        Assert.Equal(FuseSessionEnd.Unmounted, await end);
        Assert.Equal(Buffers, _fileSystem.ServedBeforeDestroyed);
    }

    private const string SixteenZeros = "00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00";

    private void AwaitEntered(int total) => Assert.True(
        SpinWait.SpinUntil(() => _fileSystem.Entered >= total, TimeSpan.FromSeconds(60)),
        $"{_fileSystem.Entered} of {total} requests reached the filesystem");

    private void AssertShortRequestsAreAnswered()
    {
        _transport.Ask(Named(FuseMessage.Request(LookupOpcode, node: 1, "\"name\" 00"), 1));
        AssertAnswered([1], error: 0);
        _transport.Ask(Named(FuseMessage.Request(GetAttrOpcode, node: 1, SixteenZeros), 2));
        AssertAnswered([2], error: 0);
        _transport.Ask(Named(FuseMessage.Request(ReadOpcode, node: 2, """
            09 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  00 10 00 00  00 00 00 00
            00 00 00 00 00 00 00 00  00 00 00 00  00 00 00 00
            """), 3));
        AssertAnswered([3], error: 0);
    }

    private void AssertAnswered(List<ulong> uniques, int error)
    {
        var answered = new List<ulong>();
        foreach (ulong _ in uniques)
        {
            FuseOutHeader header = MemoryMarshal.Read<FuseOutHeader>(_transport.Answer());
            Assert.Equal(error, header.Error);
            answered.Add(header.Unique);
        }
        Assert.Equal(uniques, answered.Order());
    }

    // Its data is its own number, over and over.
    private static byte[] Write(ulong unique, int bytes)
    {
        byte[] head = FuseMessage.Request(
            WriteOpcode, node: 2, $"{SixteenZeros} {SixteenZeros} 00 00 00 00 00 00 00 00");
        byte[] message = FuseMessage.Resized(head, head.Length + bytes);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(40 + 16), bytes);
        message.AsSpan(head.Length).Fill((byte)unique);
        return Named(message, unique);
    }

    private static byte[] Named(byte[] message, ulong unique)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(8), unique);
        return message;
    }

    private sealed class WaitingFileSystem : IFuseFileSystem
    {
        private int _entered, _served, _onOtherThreads;
        private volatile string _mixed = "";

        public ManualResetEventSlim MayGoOn { get; } = new();

        public int Error { get; set; }

        public int Entered => Volatile.Read(ref _entered);

        public int OnOtherThreads => Volatile.Read(ref _onOtherThreads);

        /// <summary>What had the bytes of another request.</summary>
        public string Mixed => _mixed;

        /// <summary>-1 until the final callback.</summary>
        public int ServedBeforeDestroyed { get; private set; } = -1;

        public void Destroyed() => ServedBeforeDestroyed = Volatile.Read(ref _served);

        public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry) => 0;

        public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer) => 0;

        public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
        {
            readBytes = 0;
            return 0;
        }

        public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data, out int writtenBytes)
        {
            writtenBytes = data.Length;
            if (Thread.CurrentThread.Name!.StartsWith("fuse-long", StringComparison.Ordinal))
                _ = Interlocked.Increment(ref _onOtherThreads);
            _ = Interlocked.Increment(ref _entered);
            MayGoOn.Wait();
            if (data.ContainsAnyExcept((byte)context.Unique)) _mixed += $"{context.Unique} ";
            _ = Interlocked.Increment(ref _served);
            return Error;
        }

        public int FSync(in FuseContext context, in FuseFSyncIn request)
        {
            _ = Interlocked.Increment(ref _entered);
            FuseInterruption interruption = context.Interruption;
            while (!MayGoOn.Wait(1))
            {
                if (interruption.HasCome()) return FuseErrno.EINTR;
            }
            return FuseErrno.None;
        }
    }
}
