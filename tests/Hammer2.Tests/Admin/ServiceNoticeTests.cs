// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tool.Commands;
using Hammer2.Tool.Mounts;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>What is told to a manager of services, and how events are shown.</summary>
public sealed class ServiceNoticeTests
{
    [Theory, InlineData(false), InlineData(true)]
    public void A_notice_is_one_datagram_to_the_socket_that_is_named(bool isAbstract)
    {
        using var directory = new ScratchDirectory();
        string name = isAbstract ? "@hammer2-" + directory.Below("notify") : directory.Below("notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        Assert.Null(ServiceNotice.Send(name, ServiceNotice.Ready("/srv/a b")));
        byte[] received = new byte[200];
        int bytes = manager.Receive(received);
        Assert.Equal("READY=1\nSTATUS=mounted on /srv/a b", Encoding.UTF8.GetString(received, 0, bytes));
    }

    [Theory]
    [InlineData(null, null, 0)]
    [InlineData("", null, 0)]
    [InlineData("0", null, 0)]
    [InlineData("-5", null, 0)]
    [InlineData("9x", null, 0)]
    [InlineData("3000000", null, 3)]
    [InlineData("3000000", "", 3)]
    [InlineData("3000000", "77", 3)]
    [InlineData("3000000", "78", 0)]
    [InlineData("9223372036854775807", null, 86400)]
    public void The_watchdogs_interval_is_that_of_this_process(string? microseconds, string? process, int seconds)
    {
        TimeSpan? interval = ServiceWatchdog.IntervalOf(microseconds, process, self: 77);
        Assert.Equal(seconds == 0 ? null : TimeSpan.FromSeconds(seconds), interval);
    }

    [Fact]
    public void The_watchdog_is_silent_while_a_commit_hangs_and_speaks_again_after_it()
    {
        var time = new FiredTime();
        var longest = TimeSpan.Zero;
        var notices = new List<string>();
        using var watchdog = new ServiceWatchdog(TimeSpan.FromSeconds(10), () => longest, notices.Add, time);
        Assert.Equal(TimeSpan.FromSeconds(5), time.Period);
        time.Fire();
        longest = TimeSpan.FromSeconds(9);
        time.Fire();
        Assert.Equal([ServiceWatchdog.Alive, ServiceWatchdog.Alive], notices);
        longest = TimeSpan.FromSeconds(10);
        time.Fire();
        Assert.Equal(2, notices.Count);
        longest = TimeSpan.Zero;
        time.Fire();
        Assert.Equal(3, notices.Count);
    }

    [Fact]
    public void A_commit_that_hangs_in_a_device_is_seen_and_none_is_after_it()
    {
        using var device = new HangingDevice(NewVolume.InMemory());
        using ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label);
        var time = new SetTime();
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(new PfsWriteOptions { Time = time }));
        PfsWriter writer = mount.Pfs.Writer!;
        Assert.Null(writer.CommitRunningFor);
        long before = writer.Commits.Ranges.Sum();
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "f"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _));
        TimeSpan? seen = null;
        device.InFlush = () =>
        {
            time.Seconds += 30;
            seen = writer.CommitRunningFor;
        };
        Assert.Equal(Errno.None, ops.Sync());
        Assert.True(seen >= TimeSpan.FromSeconds(30), $"{seen}");
        Assert.Null(writer.CommitRunningFor);
        CommitCounts commits = writer.Commits;
        Assert.Equal(seen, commits.Total);
        Assert.Equal(0, commits.Failed);
        double bound = seen.Value.TotalSeconds;
        int range = commits.BoundsSeconds.Count(end => end < bound);
        Assert.Equal((1, before + 1), (commits.Ranges[range], commits.Ranges.Sum()));
    }

    private sealed class SetTime : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => 1000L * (Seconds + 1);
    }

    private sealed class FiredTime : TimeProvider
    {
        private Action _fire = static () => { };

        public TimeSpan Period { get; private set; }

        public void Fire() => _fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Period = period;
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

    private sealed class HangingDevice(IBlockDevice inner) : IBlockDevice
    {
        public Action InFlush { get; set; } = static () => { };

        public string Name => inner.Name;

        public long LengthBytes => inner.LengthBytes;

        public int SectorBytes => inner.SectorBytes;

        public bool IsReadOnly => inner.IsReadOnly;

        public Hammer2Error Read(long offset, Span<byte> destination) => inner.Read(offset, destination);

        public Hammer2Error Write(long offset, ReadOnlySpan<byte> source) => inner.Write(offset, source);

        public Hammer2Error Flush()
        {
            InFlush();
            return inner.Flush();
        }

        public Hammer2Error Discard(long offset, long lengthBytes) => inner.Discard(offset, lengthBytes);

        public void Dispose() => inner.Dispose();
    }

    [Fact]
    public void Without_a_manager_nothing_is_sent_and_a_wrong_socket_is_told()
    {
        Assert.Null(ServiceNotice.Send(null, "READY=1"));
        Assert.Null(ServiceNotice.Send("", "READY=1"));
        Assert.Contains("/none/socket", ServiceNotice.Send("/none/socket", "READY=1"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_is_a_line_with_its_time_and_what_was_lost_before_it()
    {
        const string Line = """
            {"number":7,"lost":2,"time":"2026-01-02T03:04:05Z","level":"Warning","source":"Nodes","message":"a\nb"}
            """;
        string text = EventsCommand.TextOf(Line);
        Assert.StartsWith("2 events were dropped unread\n2026-01-0", text, StringComparison.Ordinal);
        Assert.Contains(" warning Nodes: a", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Split('\n').Length - 1);
    }
}
