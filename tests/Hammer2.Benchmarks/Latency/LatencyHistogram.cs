// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.Numerics;

namespace Hammer2.Benchmarks.Latency;

/// <summary>How long calls took: counts in buckets that are a sixteenth of a power of two wide. Belongs to one
/// thread.</summary>
internal sealed class LatencyHistogram
{
    private const int StepsBits = 4;
    private const int Steps = 1 << StepsBits;

    private readonly long[] _counts = new long[64 * Steps];

    /// <summary>Calls so far.</summary>
    internal long Count { get; private set; }

    /// <summary>The longest call in milliseconds.</summary>
    internal double MaxMilliseconds { get; private set; }

    /// <summary>Adds a call that began at a timestamp of <see cref="Stopwatch"/> and ends now.</summary>
    internal void Add(long begin)
    {
        TimeSpan taken = Stopwatch.GetElapsedTime(begin);
        ulong nanoseconds = (ulong)Math.Max(1, taken.Ticks * TimeSpan.NanosecondsPerTick);
        _counts[BucketOf(nanoseconds)]++;
        Count++;
        MaxMilliseconds = Math.Max(MaxMilliseconds, taken.TotalMilliseconds);
    }

    /// <summary>Milliseconds that a part of the calls took at most, rounded up by up to a sixteenth.</summary>
    /// <param name="part">0 to 1.</param>
    internal double Percentile(double part)
    {
        long wanted = (long)Math.Ceiling(Count * part), seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= wanted && seen > 0) return Math.Min(UpperBound(bucket) / 1e6, MaxMilliseconds);
        }
        return 0;
    }

    private static int BucketOf(ulong value)
    {
        int log = BitOperations.Log2(value);
        int step = log <= StepsBits ? 0 : (int)(value >> (log - StepsBits)) & (Steps - 1);
        return (log * Steps) + step;
    }

    private static double UpperBound(int bucket)
    {
        double power = Math.Pow(2, bucket / Steps);
        return power * (1 + (((bucket % Steps) + 1) / (double)Steps));
    }
}
