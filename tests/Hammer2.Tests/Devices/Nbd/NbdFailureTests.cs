// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using System.Threading.Tasks;
using Hammer2.Devices.Nbd;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Devices.Nbd;

/// <summary>
/// Goal: a server that hangs, goes away or breaks the protocol fails the device for good, within its deadline; and it
/// is known whether one of its writes may still be executed.
/// Method: a server in this process that does so at a chosen request.
/// </summary>
public sealed class NbdFailureTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly MemoryBlockDevice _disk = new(1 << 20);
    private readonly FakeNbdServer _server;
    private readonly LogCapture _log = new();
    private readonly AddedTime _time = new();

    public NbdFailureTests() => _server = new FakeNbdServer(_disk);

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_read_that_is_not_answered_in_time_ends_the_connection_and_nothing_is_outstanding()
    {
        using NbdBlockDevice device = Open(milliseconds: 200);
        _server.Decide = _ => FakeNbdAction.Hold;
        Assert.Equal(Hammer2Error.Io, device.Read(0, new byte[512]));
        Assert.Contains("a read of 512 bytes at 0x0 was not answered within 0.2 seconds", device.Failure,
            StringComparison.Ordinal);
        Assert.Null(device.Unsettled);
        _server.Decide = null;
        Assert.Equal(Hammer2Error.Io, device.Read(0, new byte[512]));
        Assert.Equal(Hammer2Error.Io, device.Flush());
        Assert.True(_log.Contains(LogLevel.Error, "given up"));
    }

    [Fact]
    public void A_write_that_hangs_is_unsettled_until_it_is_answered()
    {
        using NbdBlockDevice device = Open(milliseconds: 200);
        _server.Decide = _ => FakeNbdAction.Hold;
        Assert.Equal(Hammer2Error.Io, device.Write(0, new byte[] { 7 }));
        Assert.Contains("1 write of the connection", device.Unsettled, StringComparison.Ordinal);
        byte[] kept = new byte[1];
        Assert.Equal(Hammer2Error.None, _disk.Read(0, kept));
        Assert.Equal(0, kept[0]);
        _server.Release();
        Await(() => device.Unsettled is null);
        Assert.Equal(Hammer2Error.None, _disk.Read(0, kept));
        Assert.Equal(7, kept[0]);
        Assert.NotNull(device.Failure);
    }

    [Fact]
    public void A_write_whose_server_ended_the_connection_is_settled_some_seconds_later()
    {
        _time.Stop();
        using NbdBlockDevice device = Open();
        _server.Decide = _ => FakeNbdAction.Drop;
        Assert.Equal(Hammer2Error.Io, device.Write(0, new byte[] { 7 }));
        Await(() => device.Unsettled?.Contains("a moment ago", StringComparison.Ordinal) == true);
        _time.Advance(LateChanges.Settling - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(device.Unsettled);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(device.Unsettled);
    }

    [Fact]
    public void What_the_user_trusts_is_settled()
    {
        using NbdBlockDevice device = Open(milliseconds: 200, options: "latewrites=trust");
        _server.Decide = _ => FakeNbdAction.Hold;
        Assert.Equal(Hammer2Error.Io, device.Write(0, new byte[] { 7 }));
        Assert.Null(device.Unsettled);
    }

    [Fact]
    public async Task Answers_after_the_deadline_do_not_touch_the_memory_of_the_caller()
    {
        using NbdBlockDevice device = Open(milliseconds: 1000);
        byte[] ones = new byte[512];
        Array.Fill(ones, (byte)1);
        Assert.Equal(Hammer2Error.None, device.Write(0, ones));
        _server.Decide = _ => FakeNbdAction.Hold;
        byte[] target = new byte[512];
        Task<Hammer2Error> writing = Task.Run(() => device.Write(512, ones));
        Assert.Equal(Hammer2Error.Io, device.Read(0, target));
        Assert.Equal(Hammer2Error.Io, await writing);
        _server.Release();
        Await(() => device.Unsettled is null);
        Assert.All(target, one => Assert.Equal(0, one));
    }

    [Fact]
    public void Garbage_ends_the_connection_and_names_what_is_wrong()
    {
        using NbdBlockDevice device = Open();
        _server.Decide = seen => seen.Command == 0 ? FakeNbdAction.Send([1, 2, 3, 4]) : FakeNbdAction.Answer;
        Assert.Equal(Hammer2Error.Io, device.Read(0, new byte[512]));
        Assert.Contains("0x01020304", device.Failure, StringComparison.Ordinal);
        // The receiving thread logs after the device has failed.
        Await(() => _log.Contains(LogLevel.Error, device.Name));
        Assert.Null(device.Unsettled);
    }

    [Fact]
    public void After_garbage_a_write_is_unsettled_until_the_server_ends_the_connection()
    {
        using NbdBlockDevice device = Open();
        _server.Decide = _ => FakeNbdAction.Send(new byte[100]);
        Assert.Equal(Hammer2Error.Io, device.Write(0, new byte[] { 7 }));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Contains("neither answered nor ended", device.Unsettled, StringComparison.Ordinal);
        _server.Cut();
        Await(() => device.Unsettled?.Contains("a moment ago", StringComparison.Ordinal) == true);
        _time.Advance(LateChanges.Settling);
        Assert.Null(device.Unsettled);
    }

    [Fact]
    public void All_threads_that_wait_are_told()
    {
        using NbdBlockDevice device = Open();
        int arrived = 0;
        _server.Decide = _ => Interlocked.Increment(ref arrived) == 20 ? FakeNbdAction.Drop : FakeNbdAction.Hold;
        var tasks = new Task<Hammer2Error>[20];
        for (int task = 0; task < tasks.Length; task++)
        {
            int number = task;
            tasks[task] = Task.Factory.StartNew(
                () => number % 2 == 0 ? device.Read(0, new byte[512]) : device.Write(number * 512, new byte[] { 1 }),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        Assert.All(tasks, task => Assert.Equal(Hammer2Error.Io, task.Result));
        Assert.Contains("closed the connection", device.Failure, StringComparison.Ordinal);
        Assert.Contains("10 writes", device.Unsettled, StringComparison.Ordinal);
    }

    [Fact]
    public void More_requests_than_there_is_room_for_wait_for_their_turn()
    {
        using NbdBlockDevice device = Open();
        _ = Parallel.For(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 100 }, number =>
        {
            byte[] bytes = new byte[300_000];
            Assert.Equal(Hammer2Error.None, device.Read(number, bytes));
        });
        Assert.Null(device.Failure);
    }

    [Fact]
    public void A_server_that_takes_nothing_more_fails_the_device_in_time()
    {
        using NbdBlockDevice device = Open(milliseconds: 300);
        using var hung = new ManualResetEventSlim();
        _server.Decide = seen =>
        {
            _ = hung.Wait(Soon);
            return FakeNbdAction.Answer;
        };
        byte[] bytes = new byte[1 << 20];
        bytes.AsSpan().Fill(1);
        Assert.Equal(Hammer2Error.Io, device.Write(0, bytes));
        Assert.NotNull(device.Unsettled);
        hung.Set();
    }

    private NbdBlockDevice Open(int milliseconds = 20_000, string options = "") => NbdBlockDevice.Open(
        NbdAddress.Parse(_server.Address(options)), new NbdBlockDeviceOptions(IsReadOnly: false)
        {
            Logger = _log,
            Timeout = TimeSpan.FromMilliseconds(milliseconds),
            Time = _time,
        });

    private static void Await(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Soon));

    /// <summary>The real time until it is stopped, to which a test adds.</summary>
    private sealed class AddedTime : TimeProvider
    {
        private long _added;
        private long? _stoppedAt;

        public void Stop() => _stoppedAt = System.GetTimestamp();

        public void Advance(TimeSpan time) =>
            Interlocked.Add(ref _added, (long)(time.TotalSeconds * System.TimestampFrequency));

        public override long TimestampFrequency => System.TimestampFrequency;

        public override long GetTimestamp() =>
            (_stoppedAt ?? System.GetTimestamp()) + Volatile.Read(ref _added);
    }
}
