// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Fuse.Protocol;

/// <summary>
/// How long threads spin for a request, when requests come in quick succession, and for how long none spins after that
/// did not pay: a pause is twice as long each time, and shrinks when spinning finds requests.
/// </summary>
/// <remarks>All times are in ticks of the clock's timestamps. Thread-safe: a lost update does no harm.</remarks>
internal sealed class FuseSpinTimes
{
    private static readonly TimeSpan s_spin = TimeSpan.FromMicroseconds(100);

    // Longest time between a reply and the next request, waking included, that counts as quick succession.
    private static readonly TimeSpan s_close = TimeSpan.FromMicroseconds(250);

    // A spinning thread that misses this much time was preempted by another thread. A sleeping thread would get the
    // processor as soon as it wakes, so spinning pauses for a while.
    private static readonly TimeSpan s_preempted = TimeSpan.FromMicroseconds(700);
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_pauseMax = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly int _shrinkShift;
    private readonly long _pauseMin, _pauseMax;
    private long _pause, _pauseEnd;

    /// <param name="time">The clock.</param>
    /// <param name="shrinkShift">A pause shrinks by 1/2^shrinkShift of itself at a time.</param>
    public FuseSpinTimes(TimeProvider time, int shrinkShift)
    {
        _time = time;
        _shrinkShift = shrinkShift;
        Spin = ToTicks(s_spin);
        Close = ToTicks(s_close);
        Preempted = ToTicks(s_preempted);
        _pause = _pauseMin = ToTicks(s_pauseMin);
        _pauseMax = ToTicks(s_pauseMax);
    }

    /// <summary>How long a thread spins for a request.</summary>
    public long Spin { get; }

    /// <summary>Longest time between a reply and the next request that counts as quick succession.</summary>
    public long Close { get; }

    /// <summary>A thread that spins and misses more than this was preempted.</summary>
    public long Preempted { get; }

    /// <summary>A duration in ticks.</summary>
    public long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    /// <summary>True when no thread may spin.</summary>
    public bool IsPaused(long now) => now < Volatile.Read(ref _pauseEnd);

    /// <summary>Begins a pause: spinning did not pay.</summary>
    public void Pause(long now)
    {
        Volatile.Write(ref _pauseEnd, now + _pause);
        _pause = Math.Min(_pause * 2, _pauseMax);
    }

    /// <summary>Shortens later pauses: spinning found a request.</summary>
    public void Shrink() => _pause = Math.Max(_pause - (_pause >> _shrinkShift), _pauseMin);
}
