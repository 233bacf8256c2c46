// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Admin.Scan;

/// <summary>What a scan counts, caches and reports.</summary>
public sealed record BlockScanOptions
{
    /// <summary>Default of <see cref="CacheThreshold"/>.</summary>
    public const long CacheThresholdDefault = 100;

    /// <summary>True to count empty references too.</summary>
    public bool CountsEmpty { get; init; }

    /// <summary>True to follow the references in a block that does not match its check code; otherwise the blocks that
    /// it refers to are verified, and nothing below them.</summary>
    public bool FollowsDamage { get; init; }

    /// <summary>A subtree of at least this many references is read once and its totals are cached. A higher threshold
    /// needs less memory; at least 1.</summary>
    public long CacheThreshold { get; init; } = CacheThresholdDefault;

    /// <summary>Maximum number of listed faults; further ones are only counted.</summary>
    public int FaultsMax { get; init; } = 10_000;

    /// <summary>Called periodically with the number of references scanned so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the scan early.</summary>
    public CancellationToken Cancellation { get; init; }
}
