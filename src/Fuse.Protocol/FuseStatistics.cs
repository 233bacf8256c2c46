// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Numerics;
using System.Threading;

namespace Fuse.Protocol;

/// <summary>Counts the requests of a session, and how long the filesystem needed for them.</summary>
/// <remarks>Each thread that serves requests counts in memory of its own, without a lock. A reader adds up; requests
/// that end meanwhile may be missing in a part of the sums.</remarks>
public sealed class FuseStatistics
{
    /// <summary>Ranges of durations: the first is below 1 us, each further one ends at twice the time of the one
    /// before, and the last has no end.</summary>
    public const int RangesTotal = 26;

    private const int ErrorsColumn = RangesTotal;
    private const int TimeColumn = RangesTotal + 1;
    private const int ColumnsTotal = RangesTotal + 2;
    private const int OpcodesTotal = (int)FuseOpcode.CopyFileRange64 + 1;
    private const int ThreadsMax = 640;
    private const double MicrosecondsPerSecond = 1e6;

    private readonly TimeProvider _time;
    private readonly double _microsecondsPerTick;
    private readonly long[]?[] _byThread = new long[]?[ThreadsMax];     // a thread's numbers; null until it served

    /// <summary>Nothing counted.</summary>
    public FuseStatistics(TimeProvider time)
    {
        _time = time;
        _microsecondsPerTick = MicrosecondsPerSecond / time.TimestampFrequency;
        Since = time.GetUtcNow();
    }

    /// <summary>When counting began.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>The sums of all operations that occurred, in the order of their opcodes.</summary>
    public IReadOnlyList<FuseOperationStatistics> Read()
    {
        var found = new List<FuseOperationStatistics>();
        for (int opcode = 0; opcode < OpcodesTotal; opcode++)
        {
            long[] sums = SumsOf(opcode);
            long count = 0;
            for (int range = 0; range < RangesTotal; range++) count += sums[range];
            if (count == 0) continue;
            found.Add(new FuseOperationStatistics((FuseOpcode)opcode, count, sums[ErrorsColumn],
                (long)(sums[TimeColumn] * _microsecondsPerTick), sums[..RangesTotal]));
        }
        return found;
    }

    /// <summary>The range of a duration.</summary>
    internal static int RangeOf(long microseconds) => microseconds <= 0
        ? 0 : Math.Min(RangesTotal - 1, BitOperations.Log2((ulong)microseconds) + 1);

    /// <summary>When a request begins.</summary>
    internal long Begin() => _time.GetTimestamp();

    /// <summary>Counts a request that ended.</summary>
    /// <param name="thread">Number of the thread that served it, from 0.</param>
    /// <param name="opcode">Its operation.</param>
    /// <param name="error">Its error number.</param>
    /// <param name="start">When it began.</param>
    /// <returns>How long it took, in microseconds.</returns>
    internal long End(int thread, FuseOpcode opcode, int error, long start)
    {
        long ticks = _time.GetTimestamp() - start;
        long[] numbers = _byThread[thread] ??= new long[OpcodesTotal * ColumnsTotal];
        Span<long> row = numbers.AsSpan((int)opcode * ColumnsTotal, ColumnsTotal);
        long microseconds = (long)(ticks * _microsecondsPerTick);
        row[RangeOf(microseconds)]++;
        row[TimeColumn] += ticks;
        if (error != FuseErrno.None) row[ErrorsColumn]++;
        return microseconds;
    }

    private long[] SumsOf(int opcode)
    {
        long[] sums = new long[ColumnsTotal];
        foreach (long[]? numbers in _byThread)
        {
            if (numbers is null) continue;
            for (int column = 0; column < ColumnsTotal; column++)
                sums[column] += Volatile.Read(ref numbers[(opcode * ColumnsTotal) + column]);
        }
        return sums;
    }
}

/// <summary>What was counted of one operation.</summary>
/// <param name="Opcode">The operation.</param>
/// <param name="Count">Requests.</param>
/// <param name="Errors">Those that were answered with an error number; a name that is missing is among them where the
/// kernel is told so by ENOENT.</param>
/// <param name="TotalMicroseconds">Time for all of them.</param>
/// <param name="Ranges">Requests by duration, as <see cref="FuseStatistics.RangesTotal"/> says.</param>
public sealed record FuseOperationStatistics(
    FuseOpcode Opcode, long Count, long Errors, long TotalMicroseconds, IReadOnlyList<long> Ranges);
