// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Control;

/// <summary>Until when something may take.</summary>
internal readonly struct Deadline
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan _timeout;

    /// <summary>Starts now.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long.</param>
    public Deadline(TimeProvider time, TimeSpan timeout) =>
        (_time, _start, _timeout) = (time, time.GetTimestamp(), timeout);

    /// <summary>What is left, rounded up; 0 when the time is up.</summary>
    public int LeftMilliseconds =>
        (int)Math.Clamp(Math.Ceiling((_timeout - _time.GetElapsedTime(_start)).TotalMilliseconds), 0, int.MaxValue);
}
