// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Admin.Fsck;

/// <summary>How a check is done.</summary>
public sealed record FsckOptions
{
    /// <summary>Maximum number of listed findings; further ones are only counted.</summary>
    public int FindingsMax { get; init; } = 10_000;

    /// <summary>False to skip file data: everything else is checked, in a fraction of the time.</summary>
    public bool ReadsData { get; init; } = true;

    /// <summary>Maximum number of inodes and entries that are compared one by one at a time, where something is wrong;
    /// the names are walked again for each further part. 25 to 75 bytes of memory for each.</summary>
    public int FactsMax { get; init; } = 1 << 19;

    /// <summary>Called periodically with the number of bytes read so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the check early.</summary>
    public CancellationToken Cancellation { get; init; }
}
