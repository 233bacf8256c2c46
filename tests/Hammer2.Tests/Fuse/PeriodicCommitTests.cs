// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>The commit that a timer starts, on a thread where an exception would end the process.</summary>
public sealed class PeriodicCommitTests : IDisposable
{
    private readonly FaultyBlockDevice _device = new(NewVolume.InMemory());
    private readonly FiredTime _time = new();
    private readonly ClusterMount _mount;
    private readonly VnodeOps _ops;
    private readonly ThrowingLog _log = new();
    private readonly Hammer2FileSystem _fileSystem;

    public PeriodicCommitTests()
    {
        _mount = RecordedScript.Mount([_device], NewVolume.Label, loggers: _log);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(new PfsWriteOptions()));
        _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _fileSystem = new Hammer2FileSystem(_ops, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance);
    }

    public void Dispose()
    {
        _mount.Dispose();
        _log.Dispose();
        _device.Dispose();
    }

    [Fact]
    public void A_tick_commits_what_was_accepted()
    {
        using var commits = new PeriodicCommit(_fileSystem.CommitInBackground, TimeSpan.FromSeconds(5), _time);
        Make("a"u8);
        long flushes = _device.FlushCount;
        _time.Fire();
        Assert.Equal(flushes + 2, _device.FlushCount);
        _time.Fire();
        Assert.Equal(flushes + 2, _device.FlushCount);      // nothing was changed since
    }

    [Fact]
    public void A_tick_that_hits_a_device_error_only_stops_writing()
    {
        using var commits = new PeriodicCommit(_fileSystem.CommitInBackground, TimeSpan.FromSeconds(5), _time);
        ulong file = Make("a"u8);
        _device.ThrowAt(DeviceCall.Flush, _device.FlushCount + 1);
        _time.Fire();
        AssertStopped(file);
    }

    [Fact]
    public void A_tick_that_throws_outside_the_commit_only_stops_writing()
    {
        using var commits = new PeriodicCommit(_fileSystem.CommitInBackground, TimeSpan.FromSeconds(5), _time);
        ulong file = Make("a"u8);
        _device.IsGone = true;
        _log.Throws = true;                 // logging the failed commit fails as well
        _time.Fire();
        _device.Heal();
        AssertStopped(file);
    }

    private void AssertStopped(ulong file)
    {
        Assert.True(_mount.Pfs.Writer!.IsStopped);
        Assert.Equal(Errno.EIO, _ops.Sync());
        Assert.Equal(Errno.EIO, _ops.Sync());
        Assert.Equal(Errno.EROFS, _ops.Write(file, 0, "x"u8, dropsPrivileges: false));
        Assert.Equal(Errno.None, _ops.Lookup(VnodeOps.RootInum, "a"u8, out _));
    }

    private ulong Make(ReadOnlySpan<byte> name)
    {
        Assert.Equal(Errno.None, _ops.Create(VnodeOps.RootInum, name, new NewObject(ObjectType.RegularFile,
            UnixMode.O644),
            new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private sealed class ThrowingLog : ILoggerFactory, ILogger
    {
        public bool Throws { get; set; }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (Throws) throw new DeviceDefectException();
        }

        public void Dispose()
        {
        }
    }

    /// <summary>A clock whose one timer fires on demand, on the caller's thread.</summary>
    private sealed class FiredTime : TimeProvider
    {
        private Action _fire = static () => { };

        public void Fire() => _fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return new Handle();
        }

        private sealed class Handle : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public System.Threading.Tasks.ValueTask DisposeAsync() => default;
        }
    }
}
