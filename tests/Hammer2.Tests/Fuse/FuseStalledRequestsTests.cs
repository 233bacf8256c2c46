// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Fuse.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Requests of a stalled filesystem over an in-memory transport: they wait without a thread, others go on, and
/// each is answered once.</summary>
public sealed class FuseStalledRequestsTests : IDisposable
{
    private const int Many = 200;

    private readonly MemoryTransport _transport = new();
    private readonly StallingFileSystem _fileSystem = new();
    private readonly FuseSession _session;

    public FuseStalledRequestsTests()
    {
        _session = new FuseSession(_transport, _fileSystem, new FuseSessionOptions
        {
            WorkersTotal = 2,
            IsStalled = () => _fileSystem.IsStalled,
        }, NullLogger.Instance);
        _transport.Ask(FuseMessage.Init());
        _ = _session.Negotiate();
        _ = _transport.Answer();
        _session.Start();
    }

    public void Dispose()
    {
        _session.Stop();
        _ = _session.Wait();
        _session.Dispose();
        _transport.Dispose();
    }

    [Fact]
    public void They_are_answered_when_the_stall_ends_and_reads_go_on_meanwhile()
    {
        for (ulong unique = 1; unique <= Many; unique++) _transport.Ask(FuseMessage.FSync(unique));
        _transport.Ask(FuseMessage.StatFs(1000));
        Assert.Equal((1000UL, 0), Next());
        AwaitStalled(Many);
        Assert.True(_transport.IsQuiet);
        _fileSystem.IsStalled = false;
        _session.ServeStalled();
        var answered = new HashSet<ulong>();
        for (int i = 0; i < Many; i++)
        {
            (ulong unique, int error) = Next();
            Assert.Equal(0, error);
            Assert.True(answered.Add(unique));
        }
        Assert.True(_transport.IsQuiet);
    }

    [Fact]
    public void One_that_is_interrupted_is_answered_at_once()
    {
        _transport.Ask(FuseMessage.FSync(7));
        AwaitStalled(1);
        _transport.Ask(FuseMessage.Interrupt(7));
        Assert.Equal((7UL, -FuseErrno.EINTR), Next());
        // Before the request itself.
        _transport.Ask(FuseMessage.Interrupt(8));
        Thread.Sleep(20);
        _transport.Ask(FuseMessage.FSync(8));
        Assert.Equal((8UL, -FuseErrno.EINTR), Next());
        AwaitStalled(0);
    }

    [Fact]
    public void One_that_has_to_wait_again_is_kept_again()
    {
        _transport.Ask(FuseMessage.FSync(7));
        AwaitStalled(1);
        int served = _fileSystem.Served;
        _fileSystem.StallsAgain = true;
        _fileSystem.IsStalled = false;
        _session.ServeStalled();
        while (_fileSystem.Served == served) Thread.Sleep(1);
        AwaitStalled(1);
        Assert.True(_transport.IsQuiet);
        _fileSystem.IsStalled = false;
        _session.ServeStalled();
        Assert.Equal((7UL, 0), Next());
    }

    [Fact]
    public void Unmounting_ends_the_session_although_some_wait()
    {
        _transport.Ask(FuseMessage.FSync(7));
        AwaitStalled(1);
        _transport.Unmount();
        Assert.Equal(FuseSessionEnd.Unmounted, _session.Wait());
    }

    private void AwaitStalled(int count)
    {
        for (int tries = 0; _session.Dispatcher!.StalledTotal != count; tries++)
        {
            Assert.True(tries < 60_000, $"{_session.Dispatcher.StalledTotal} wait, {count} expected");
            Thread.Sleep(1);
        }
    }

    private (ulong Unique, int Error) Next()
    {
        var header = MemoryMarshal.Read<FuseOutHeader>(_transport.Answer());
        return (header.Unique, header.Error);
    }

    private sealed class StallingFileSystem : IFuseFileSystem
    {
        private int _served;

        public volatile bool IsStalled = true;
        public volatile bool StallsAgain;

        public int Served => Volatile.Read(ref _served);

        public int FSync(in FuseContext context, in FuseFSyncIn request)
        {
            bool isStalled = IsStalled;
            if (StallsAgain && !isStalled) IsStalled = isStalled = !(StallsAgain = false);
            _ = Interlocked.Increment(ref _served);
            return isStalled ? FuseErrno.ERESTART : FuseErrno.None;
        }

        public int StatFs(in FuseContext context, ref FuseStatFsOut answer) => FuseErrno.None;
    }
}
