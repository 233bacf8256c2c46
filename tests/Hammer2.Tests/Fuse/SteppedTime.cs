// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Tests.Fuse;

/// <summary>A clock that advances by a step whenever it is read; timers run when the test calls them.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private readonly List<(TimerCallback Callback, object? State)> _timers = [];
    private long _now;

    public TimeSpan Step { get; set; } = TimeSpan.FromMicroseconds(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref _now, Step.Ticks);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);

    public void Tick() => _timers.ForEach(timer => timer.Callback(timer.State));

    public override ITimer CreateTimer(
        TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Add((callback, state));
        return new NoTimer();
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public System.Threading.Tasks.ValueTask DisposeAsync() => default;
    }
}
