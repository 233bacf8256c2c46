// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: on a full volume a file can be deleted and another one written, although the kernel forgets the first one only
/// later. Method: the tests call the request handlers as the kernel would; the clock is manual, and a waiting writer is
/// recognized by the timer that it starts.
/// </summary>
public sealed class PendingDeletionTests : IDisposable
{
    private const int VolumeBytes = 64 << 20;
    private const int FilesTotal = 4;

    private static readonly Credentials Caller = new(0, 0);

    private readonly MemoryBlockDevice _device = NewVolume.InMemory(VolumeBytes);
    private readonly ManualTime _time = new();
    private readonly ClusterMount _mount;
    private readonly VnodeOps _ops;
    private readonly Hammer2FileSystem _kernelSide;
    private readonly ulong[] _files = new ulong[FilesTotal];

    public PendingDeletionTests()
    {
        _mount = ModelMount.Open([_device], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _kernelSide = new Hammer2FileSystem(
            _ops, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance, _time);
        for (int i = 0; i < FilesTotal; i++) _files[i] = Make((byte)('0' + i));
        Errno error = Errno.None;
        for (int part = 0; error == Errno.None; part++) error = Write(_files[part % FilesTotal], part);
        Assert.Equal(Errno.ENOSPC, error);
    }

    public void Dispose()
    {
        _mount.Dispose();
        _device.Dispose();
        _time.Dispose();
    }

    [Fact]
    public void A_write_that_hits_ENOSPC_waits_for_a_pending_deletion()
    {
        Unlink(0);
        Errno answer = WriteDuring(() => Forget(0));
        Assert.Equal(Errno.None, answer);
    }

    [Fact]
    public void A_pending_deletion_is_waited_for_at_most_one_second()
    {
        Unlink(0);
        Assert.Equal(Errno.ENOSPC, WriteDuring(() => _time.Advance(TimeSpan.FromSeconds(1))));
        Assert.Equal(Errno.ENOSPC, Write(_files[1], -1));                   // at once
        Forget(0);
        Assert.Equal(Errno.None, Write(_files[1], -1));
    }

    [Fact]
    public void Closing_an_orphan_makes_it_a_pending_deletion_again()
    {
        Unlink(0);
        Close(1);                                                           // still linked: no pending deletion
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(Errno.ENOSPC, Write(_files[1], -1));
        Close(0);
        Assert.Equal(Errno.None, WriteDuring(() => Forget(0)));
    }

    // The kernel does not forget a file while it writes back its pages.
    [Fact]
    public void A_write_to_the_pending_deletion_itself_does_not_wait()
    {
        Unlink(0);
        Assert.Equal(Errno.ENOSPC, Write(_files[0], -1));                   // at once
        Assert.False(_ops.HasRoom(_files[0], 8 << 20));
        Assert.Equal(Errno.None, WriteDuring(() => Forget(0)));
    }

    [Fact]
    public void Each_pending_deletion_is_waited_for_its_own_second()
    {
        Unlink(0);
        _time.Advance(TimeSpan.FromSeconds(0.75));
        Unlink(1);
        Errno answer = WriteDuring(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));                       // the first one's second is over
            Forget(1);
        });
        Assert.Equal(Errno.None, answer);
    }

    [Fact]
    public void A_file_with_another_link_is_not_waited_for()
    {
        Assert.Equal(Errno.None, _ops.Link(_files[0], VnodeOps.RootInum, "other"u8, out _));
        Unlink(0);
        Assert.Equal(Errno.ENOSPC, Write(_files[1], -1));
    }

    [Fact]
    public void Unlink_does_not_wait()
    {
        Unlink(0);
        Errno answer = WriteDuring(() =>
        {
            Unlink(1);
            Forget(1);
            Forget(0);
        });
        Assert.Equal(Errno.None, answer);
    }

    private ulong Make(byte name)
    {
        Assert.Equal(Errno.None, _ops.Create(VnodeOps.RootInum, [name],
            new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes made));
        var header = new FuseInHeader { NodeId = VnodeOps.RootInum };
        var entry = new FuseEntryOut();
        Assert.Equal(FuseErrno.None, _kernelSide.Lookup(new FuseContext(in header), [name], ref entry));
        Assert.Equal(made.Inum, entry.NodeId);
        return made.Inum;
    }

    private void Unlink(int file)
    {
        var header = new FuseInHeader { NodeId = VnodeOps.RootInum };
        Assert.Equal(FuseErrno.None, _kernelSide.Unlink(new FuseContext(in header), [(byte)('0' + file)]));
    }

    private void Close(int file)
    {
        var header = new FuseInHeader { NodeId = _files[file] };
        Assert.Equal(FuseErrno.None, _kernelSide.Release(new FuseContext(in header), default));
    }

    private void Forget(int file) => _kernelSide.Forget(_files[file], 1);

    // Each part of each file is different, so that deduplication finds no equal blocks.
    private Errno Write(ulong file, int part)
    {
        byte[] data = new byte[1 << 20];
        new SeededRandom((ulong)(part + 1)).Fill(data);
        return _ops.Write(file, (ulong)(part + 1) << 20, data, dropsPrivileges: false);
    }

    private Errno WriteDuring(Action then)
    {
        Errno answer = Errno.None;
        var writer = new Thread(() => answer = Write(_files[FilesTotal - 1], -1)) { IsBackground = true };
        _time.MayBeAwaited = true;
        writer.Start();
        _time.AwaitTimer();
        then();
        Assert.True(writer.Join(TimeSpan.FromMinutes(1)), "still waits");
        _time.MayBeAwaited = false;
        return answer;
    }

    /// <summary>A clock that advances only when told to and counts the timers started.</summary>
    private sealed class ManualTime : TimeProvider, IDisposable
    {
        private readonly ConcurrentDictionary<ManualTimer, TimerCallback> _timers = new();
        private readonly SemaphoreSlim _started = new(0);
        private long _now;

        public bool MayBeAwaited { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Advance(TimeSpan time)
        {
            long now = Interlocked.Add(ref _now, time.Ticks);
            foreach ((ManualTimer timer, TimerCallback callback) in _timers)
                if (timer.End <= now) callback(null);
        }

        public void AwaitTimer() => Assert.True(_started.Wait(TimeSpan.FromSeconds(30)), "no writer waits");

        public void Dispose() => _started.Dispose();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (!MayBeAwaited) throw new InvalidOperationException("a writer waits that should not");
            var timer = new ManualTimer(this, GetTimestamp() + dueTime.Ticks);
            _timers[timer] = callback;
            _ = _started.Release();
            return timer;
        }

        private sealed class ManualTimer(ManualTime time, long end) : ITimer
        {
            public long End { get; } = end;

            public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

            public void Dispose() => _ = time._timers.TryRemove(this, out _);

            public System.Threading.Tasks.ValueTask DisposeAsync() => throw new NotSupportedException();
        }
    }
}
