// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Cluster;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>Background work that is throttled takes the time that its rate means, also when the rate changes
/// meanwhile.</summary>
public sealed class RateThrottleTests
{
    private readonly PausedTime _time = new();

    [Fact]
    public void Bytes_take_the_time_that_the_rate_means()
    {
        var throttle = new RateThrottle(new RateLimit(1 << 20), _time, _time);
        for (int i = 0; i < 40; i++) throttle.Count(256 << 10, static () => false);
        Assert.InRange(_time.Paused.TotalSeconds, 9.9, 10.0);
    }

    [Fact]
    public void Without_a_rate_there_is_no_wait()
    {
        var throttle = new RateThrottle(new RateLimit(), _time, _time);
        throttle.Count(1L << 40, static () => false);
        Assert.Equal(TimeSpan.Zero, _time.Paused);
    }

    [Fact]
    public void A_rate_that_is_taken_away_ends_the_wait_and_so_does_cancelling()
    {
        var limit = new RateLimit(1);
        var throttle = new RateThrottle(limit, _time, _time);
        int asked = 0;
        throttle.Count(1 << 30, () => ++asked == 5);
        Assert.Equal((5, 0.4), (asked, Math.Round(_time.Paused.TotalSeconds, 3)));
        asked = 0;
        throttle.Count(1 << 30, () =>
        {
            if (++asked == 3) limit.BytesPerSecond = 0;
            return false;
        });
        Assert.Equal(3, asked);
    }

    private sealed class PausedTime : TimeProvider, IScheduler
    {
        public TimeSpan Paused { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Paused.Ticks;

        public void Pause(TimeSpan duration) => Paused += duration;

        public IStartedThread Start(string name, Action body) => throw new NotSupportedException();

        public void Queue(Action body) => throw new NotSupportedException();

        public void Spin(int iterations) => throw new NotSupportedException();
    }
}
