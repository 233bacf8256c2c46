// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Fuse;

/// <summary>
/// The clock with which the kernel stamps files; its resolution is a few milliseconds. With a finer clock, a file that
/// the kernel writes right after its creation would get a modification time before its creation time.
/// </summary>
/// <remarks>Source: <c>CLOCK_REALTIME_COARSE</c>, clock_gettime(2). Timers are those of the system.</remarks>
internal sealed unsafe partial class KernelTime : TimeProvider
{
    private const int RealTimeCoarse = 5;
    private const int NanosecondsPerTick = 100;

    /// <summary>The clock.</summary>
    public static readonly KernelTime Instance = new();

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        long* now = stackalloc long[2];             // struct timespec of 64-bit Linux
        if (GetTime(RealTimeCoarse, now) != 0) return System.GetUtcNow();
        long ticks = (now[0] * TimeSpan.TicksPerSecond) + (now[1] / NanosecondsPerTick);
        return DateTimeOffset.UnixEpoch.AddTicks(ticks);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, long* time);
}
