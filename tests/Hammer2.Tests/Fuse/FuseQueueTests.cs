// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Fuse.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>A session whose requests come from queues in memory: each is answered once, those that wait hold up no
/// others, and every end of a session ends their threads.</summary>
public sealed class FuseQueueTests : IDisposable
{
    private const int ThreadsOfQueueMax = 32;

    private readonly MemoryQueues _queues = new(2);
    private readonly MemoryTransport _transport;
    private readonly RecordingFileSystem _fileSystem = new();
    private readonly FuseSession _session;
    private bool _isStalled;

    public FuseQueueTests()
    {
        _transport = new MemoryTransport { Queues = _queues };
        _session = new FuseSession(_transport, _fileSystem, new FuseSessionOptions
        {
            WorkersTotal = 2,
            UsesQueues = true,
            IsStalled = () => Volatile.Read(ref _isStalled),
        }, NullLogger.Instance);
    }

    public void Dispose()
    {
        _session.Stop();
        _ = _session.Wait();
        _session.Dispose();
        _transport.Dispose();
    }

    [Fact]
    public void Requests_of_queues_and_of_the_device_are_answered()
    {
        Begin();
        Assert.True(_session.Connection!.Has(FuseInitFlags.OverIoUring));
        _queues.Ask(0, FuseMessage.StatFs(2));
        Assert.Equal(2u, _queues.Answer().Unique);
        _queues.Ask(1, FuseMessage.StatFs(4));
        Assert.Equal(4u, _queues.Answer().Unique);
        _transport.Ask(FuseMessage.StatFs(6));
        Assert.Equal(6u, MemoryMarshal.Read<FuseOutHeader>(_transport.Answer()).Unique);
        EndByUnmounting();
    }

    [Fact]
    public void Nothing_is_taken_from_queues_that_the_kernel_does_not_offer()
    {
        Begin(flags2: "FF 01 00 00");
        Assert.False(_session.Connection!.Has(FuseInitFlags.OverIoUring));
        _transport.Ask(FuseMessage.StatFs(6));
        _ = _transport.Answer();
        Assert.Equal(0, _queues.EntriesTotal);
        EndByUnmounting();
    }

    [Fact]
    public void As_many_as_threads_wait_and_hold_up_no_others()
    {
        using var isOver = new ManualResetEventSlim();
        int inside = 0;
        _fileSystem.DuringRead = _ =>
        {
            Interlocked.Increment(ref inside);
            isOver.Wait();
        };
        Begin();
        for (ulong unique = 1; unique < ThreadsOfQueueMax; unique++)
        {
            _queues.Ask(0, FuseMessage.Read(unique * 2));
            Await(() => Volatile.Read(ref inside) == (int)unique);
        }
        _queues.Ask(0, FuseMessage.StatFs(1000));
        _queues.Ask(1, FuseMessage.StatFs(1002));
        Assert.Equal([1000u, 1002u], new[] { _queues.Answer().Unique, _queues.Answer().Unique }.Order());

        // One more takes the last thread; another one has to wait, in this queue alone.
        _queues.Ask(0, FuseMessage.Read(2000));
        Await(() => Volatile.Read(ref inside) == ThreadsOfQueueMax);
        _queues.Ask(0, FuseMessage.StatFs(2002));
        _queues.Ask(1, FuseMessage.StatFs(1004));
        Assert.Equal(1004u, _queues.Answer().Unique);
        Thread.Sleep(20);
        Assert.True(_queues.IsQuiet);
        isOver.Set();
        var answered = new HashSet<ulong>();
        for (int i = 0; i <= ThreadsOfQueueMax; i++) Assert.True(answered.Add(_queues.Answer().Unique));
        Assert.Contains(2002u, answered);
        Assert.InRange(_queues.EntriesTotal, ThreadsOfQueueMax + 1, ThreadsOfQueueMax + 3);
        EndByUnmounting();
    }

    [Fact]
    public void One_that_is_stalled_is_answered_when_the_stall_ends_or_when_it_is_interrupted()
    {
        Begin();
        _fileSystem.SyncError = FuseErrno.ERESTART;
        Volatile.Write(ref _isStalled, true);
        _queues.Ask(0, FuseMessage.FSync(2));
        _queues.Ask(0, FuseMessage.FSync(4));
        Await(() => _session.Dispatcher!.StalledTotal == 2);
        _queues.Ask(0, FuseMessage.StatFs(6));
        Assert.Equal(6u, _queues.Answer().Unique);
        _transport.Ask(FuseMessage.Interrupt(4));
        FuseOutHeader interrupted = _queues.Answer();
        Assert.Equal((4u, -FuseErrno.EINTR), (interrupted.Unique, interrupted.Error));
        _fileSystem.SyncError = 0;
        Volatile.Write(ref _isStalled, false);
        _session.ServeStalled();
        FuseOutHeader served = _queues.Answer();
        Assert.Equal((2u, 0), (served.Unique, served.Error));
        EndByUnmounting();
    }

    [Fact]
    public void Stopping_ends_threads_that_wait_for_requests_and_for_the_end_of_a_stall()
    {
        Begin();
        _fileSystem.SyncError = FuseErrno.ERESTART;
        Volatile.Write(ref _isStalled, true);
        _queues.Ask(0, FuseMessage.FSync(2));
        Await(() => _session.Dispatcher!.StalledTotal == 1);
        _session.Stop();
        Assert.Equal(FuseSessionEnd.Stopped, _session.Wait());
        Assert.EndsWith("destroyed", _fileSystem.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Unmounting_is_seen_by_the_queues_alone()
    {
        Begin();
        _queues.Unmount();
        Assert.Equal(FuseSessionEnd.Unmounted, _session.Wait());
        Assert.Equal(1, _fileSystem.Calls.Split('\n').Count(call => call == "destroyed"));
    }

    [Fact]
    public void DESTROY_waits_for_requests_in_other_threads()
    {
        using var isOver = new ManualResetEventSlim();
        using var isInside = new ManualResetEventSlim();
        _fileSystem.DuringSync = () =>
        {
            isInside.Set();
            isOver.Wait();
        };
        Begin();
        _queues.Ask(0, FuseMessage.FSync(2));
        isInside.Wait();
        _queues.Ask(0, FuseMessage.Request(38, node: 0, ""));
        Thread.Sleep(20);
        Assert.DoesNotContain("destroyed", _fileSystem.Calls, StringComparison.Ordinal);
        isOver.Set();
        _ = _queues.Answer();
        _ = _queues.Answer();
        EndByUnmounting();
        Assert.Equal(1, _fileSystem.Calls.Split('\n').Count(call => call == "destroyed"));
    }

    [Fact]
    public void Requests_without_reply_and_malformed_ones_give_their_entry_back()
    {
        Begin();
        _queues.Ask(0, FuseMessage.Request(2, node: 5, "01 00 00 00 00 00 00 00"));     // FORGET
        Assert.Equal(0, _queues.Answer().Error);
        byte[] malformed = FuseMessage.StatFs(2);
        malformed[0]++;
        _queues.Ask(0, malformed);
        Assert.Equal(-FuseErrno.EINVAL, _queues.Answer().Error);
        _queues.Ask(0, FuseMessage.StatFs(4));
        Assert.Equal(4u, _queues.Answer().Unique);
        EndByUnmounting();
    }

    [Fact]
    public void A_refused_entry_leaves_the_device_to_serve()
    {
        _queues.RegisterError = FuseErrno.EINVAL;
        Begin();
        _transport.Ask(FuseMessage.StatFs(6));
        Assert.Equal(6u, MemoryMarshal.Read<FuseOutHeader>(_transport.Answer()).Unique);
        EndByUnmounting();
    }

    [Fact]
    public void A_queue_without_any_entry_ends_the_session()
    {
        _queues.OpenError = new FuseException("no memory");
        Begin();
        Assert.Equal(FuseSessionEnd.Failed, _session.Wait());
    }

    private static void Await(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(60)), "did not happen within 60 s");

    private void Begin(string flags2 = "FF 03 00 00")
    {
        _transport.Ask(FuseMessage.Init(flags2));
        _ = _session.Negotiate();
        _ = _transport.Answer();
        _session.Start();
    }

    private void EndByUnmounting()
    {
        _queues.Unmount();
        _transport.Unmount();
        Assert.Equal(FuseSessionEnd.Unmounted, _session.Wait());
    }
}
