// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Tool.Mounts;

/// <summary>One kind of request of the kernel, counted since the mount was made, or in a time.</summary>
/// <param name="Name">Its name in the FUSE protocol.</param>
/// <param name="Count">How many.</param>
/// <param name="Errors">How many of them ended with an error number.</param>
/// <param name="TotalMicroseconds">Time that the filesystem needed for all.</param>
/// <param name="Histogram">How many took below 1 us, 1 to 2 us, 2 to 4 us ...</param>
internal sealed record OperationCount(
    string Name, long Count, long Errors, long TotalMicroseconds, IReadOnlyList<long> Histogram)
{
    /// <summary>The mean duration in microseconds; 0 without a request.</summary>
    public long MeanMicroseconds => Count == 0 ? 0 : TotalMicroseconds / Count;

    /// <summary>The duration that a share of the requests did not exceed, in microseconds: the end of the range of the
    /// histogram that it falls into.</summary>
    /// <param name="share">0 to 1.</param>
    public long Percentile(double share)
    {
        long total = Histogram.Sum(), seen = 0;
        for (int range = 0; range < Histogram.Count; range++)
        {
            seen += Histogram[range];
            if (seen > 0 && seen >= share * total) return 1L << range;
        }
        return 0;
    }

    /// <summary>What was counted since another count.</summary>
    public OperationCount Since(OperationCount before) => new(Name, Count - before.Count, Errors - before.Errors,
        TotalMicroseconds - before.TotalMicroseconds,
        [.. Histogram.Select((count, range) => count - (range < before.Histogram.Count ? before.Histogram[range] : 0))]);
}
