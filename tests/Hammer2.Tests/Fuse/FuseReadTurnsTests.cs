// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: workers sleep while requests are rare, poll while they arrive in quick succession, and no request waits for a
/// long one to finish. Method: a clock that advances by a step whenever it is read, and a channel that records what a
/// worker did. Tests with several threads wait only for events that are certain to happen.
/// </summary>
public sealed class FuseReadTurnsTests : IDisposable
{
    private const int CloseRequests = 8;
    private readonly SteppedTime _time = new();
    private readonly ScriptedChannel _channel = new();
    private readonly FuseWorker _worker;

    public FuseReadTurnsTests() => _worker = new FuseWorker(0, _channel, FuseBufferSizes.For(4096, 4096));

    public void Dispose() => _worker.Dispose();

    [Fact]
    public void A_worker_sleeps_at_once_while_requests_are_rare()
    {
        using var turns = new FuseReadTurns(maySpin: true, _time);
        for (int i = 0; i < 3 * CloseRequests; i++)
        {
            _time.Step = TimeSpan.FromMilliseconds(1);
            ServeNext(turns);
        }
        Assert.Equal(3 * CloseRequests, _channel.Sleeps);
        Assert.Equal(2 * 3 * CloseRequests, _channel.Looks);       // before sleeping and after
    }

    [Fact]
    public void A_worker_polls_once_requests_arrived_in_quick_succession()
    {
        using var turns = new FuseReadTurns(maySpin: true, _time);
        Warm(turns);
        int sleeps = _channel.Sleeps;
        for (int i = 0; i < 100; i++)
        {
            _channel.EmptyLooks = 3;
            ServeNext(turns);
        }
        Assert.Equal(sleeps, _channel.Sleeps);
    }

    [Fact]
    public void Polling_without_result_is_given_up()
    {
        using var turns = new FuseReadTurns(maySpin: true, _time);
        Warm(turns);
        int looks = 0;
        for (int i = 0; i < 50; i++)
        {
            _time.Step = TimeSpan.FromMicroseconds(10);
            _channel.EmptyLooks = int.MaxValue;
            looks = _channel.Looks;
            ServeNext(turns);
        }
        Assert.Equal(2, _channel.Looks - looks);
    }

    [Fact]
    public void A_preempted_thread_sleeps_for_a_while()
    {
        using var turns = new FuseReadTurns(maySpin: true, _time);
        Warm(turns);
        _time.Step = TimeSpan.FromMilliseconds(3);      // as if another thread ran meanwhile
        _channel.EmptyLooks = 3;
        ServeNext(turns);
        int sleeps = _channel.Sleeps;
        for (int i = 0; i < 3 * CloseRequests; i++)
        {
            _time.Step = TimeSpan.FromMicroseconds(1);
            ServeNext(turns);
        }
        Assert.Equal(sleeps + (3 * CloseRequests), _channel.Sleeps);

        _time.Advance(TimeSpan.FromMilliseconds(100));
        ServeNext(turns);
        Warm(turns);
        sleeps = _channel.Sleeps;
        ServeNext(turns);
        Assert.Equal(sleeps, _channel.Sleeps);
    }

    [Fact]
    public void A_worker_does_not_poll_on_a_single_processor()
    {
        using var turns = new FuseReadTurns(maySpin: false, _time);
        Warm(turns);
        int sleeps = _channel.Sleeps;
        for (int i = 0; i < 10; i++) ServeNext(turns);
        Assert.Equal(sleeps + 10, _channel.Sleeps);
    }

    [Theory]
    [InlineData(nameof(FuseDuration.Short), 10, false)]
    [InlineData(nameof(FuseDuration.Read), 0, false)]
    [InlineData(nameof(FuseDuration.Read), 10, true)]
    [InlineData(nameof(FuseDuration.Change), 0, false)]
    [InlineData(nameof(FuseDuration.Change), 10, true)]
    [InlineData(nameof(FuseDuration.Long), 0, true)]
    public void Another_worker_is_called_before_a_long_request(string kind, int lastMilliseconds, bool takesLong)
    {
        FuseDuration duration = Enum.Parse<FuseDuration>(kind);
        using var turns = new FuseReadTurns(maySpin: true, _time);
        using var other = new FuseWorker(1, new ScriptedChannel(), FuseBufferSizes.For(4096, 4096));
        Warm(turns);
        ServeNext(turns, duration, TimeSpan.FromMilliseconds(lastMilliseconds));

        // The first worker polls; the other one parks until it is called.
        _channel.EmptyLooks = int.MaxValue;
        _channel.HoldsSleepers = true;
        int got = 0;
        var first = new Thread(() => got = turns.Take(_worker));
        first.Start();
        Assert.True(_channel.IsAsleep.Wait(TimeSpan.FromSeconds(60)));
        bool hasLooked = false;
        var second = new Thread(() => hasLooked = turns.Take(other) >= 0);
        second.Start();
        AwaitParked(second);
        _channel.HoldsSleepers = false;
        first.Join();
        Assert.True(got > 0);

        turns.BeforeServing(turns.TakesLong(duration));
        if (!takesLong) turns.Stop();
        Assert.True(second.Join(TimeSpan.FromSeconds(60)));
        Assert.Equal(takesLong, hasLooked);
    }

    [Fact]
    public void The_timer_calls_another_worker_for_one_that_is_stuck()
    {
        using var turns = new FuseReadTurns(maySpin: true, _time);
        Warm(turns);
        using var other = new FuseWorker(1, new ScriptedChannel(), FuseBufferSizes.For(4096, 4096));
        var second = new Thread(() => _ = turns.Take(other));
        _channel.EmptyLooks = int.MaxValue;
        _channel.HoldsSleepers = true;
        var first = new Thread(() => _ = turns.Take(_worker));
        first.Start();
        Assert.True(_channel.IsAsleep.Wait(TimeSpan.FromSeconds(60)));
        second.Start();
        AwaitParked(second);
        _channel.HoldsSleepers = false;
        first.Join();
        turns.BeforeServing(isLong: false);    // usually short, but the first worker never returns

        _time.Tick();
        _time.Tick();
        Assert.True(second.Join(TimeSpan.FromSeconds(60)));
    }

    // It must park while the other one sleeps: later it would poll itself.
    private static void AwaitParked(Thread worker) => Assert.True(SpinWait.SpinUntil(
        () => (worker.ThreadState & ThreadState.WaitSleepJoin) != 0, TimeSpan.FromSeconds(60)));

    // Enough requests in quick succession to start polling.
    private void Warm(FuseReadTurns turns)
    {
        for (int i = 0; i <= CloseRequests; i++)
        {
            _time.Step = TimeSpan.FromMicroseconds(1);
            _channel.EmptyLooks = 1;
            ServeNext(turns);
        }
    }

    private void ServeNext(
        FuseReadTurns turns, FuseDuration duration = FuseDuration.Short, TimeSpan takes = default)
    {
        Assert.True(turns.Take(_worker) > 0);
        turns.BeforeServing(turns.TakesLong(duration));
        _time.Advance(takes);
        turns.Answered(_worker, duration);
        if (_channel.EmptyLooks < 1) _channel.EmptyLooks = 1;
    }

    /// <summary>Has no request for a number of polls, or until a worker sleeps for one; afterwards always has
    /// one.</summary>
    private sealed class ScriptedChannel : IFuseChannel
    {
        private volatile bool _holdsSleepers;

        public int EmptyLooks { get; set; } = 1;

        public int Looks { get; private set; }

        public int Sleeps { get; private set; }

        public bool HoldsSleepers
        {
            get => _holdsSleepers;
            set
            {
                if (value) IsAsleep.Reset();            // signaled by the next sleeper that is held
                _holdsSleepers = value;
            }
        }

        public ManualResetEventSlim IsAsleep { get; } = new();

        public int TryReceive(Span<byte> request)
        {
            Looks++;
            return EmptyLooks-- > 0 ? -FuseErrno.EAGAIN : 40;
        }

        public int WaitForRequest()
        {
            Sleeps++;
            IsAsleep.Set();
            SpinWait.SpinUntil(() => !_holdsSleepers);
            EmptyLooks = 0;
            return FuseErrno.None;
        }

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload) => FuseErrno.None;

        public void Interrupt()
        {
        }

        public void Dispose() => IsAsleep.Dispose();
    }
}
