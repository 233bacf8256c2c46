// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Control;

/// <summary>A point in time at which an operation must end.</summary>
internal readonly struct Deadline
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan _timeout;

    /// <summary>A deadline that starts now.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">The time allowed.</param>
    public Deadline(TimeProvider time, TimeSpan timeout) =>
        (_time, _start, _timeout) = (time, time.GetTimestamp(), timeout);

    /// <summary>The remaining time, rounded up; 0 after the deadline.</summary>
    public int LeftMilliseconds =>
        (int)Math.Clamp(Math.Ceiling((_timeout - _time.GetElapsedTime(_start)).TotalMilliseconds), 0, int.MaxValue);
}
