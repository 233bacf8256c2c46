// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Metrics of space.</summary>
internal static class SpaceMetrics
{
    /// <summary>The metrics.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        Of("hammer2_size_bytes", "What can be allocated on the smallest node", static space => space.TotalBytes),
        Of("hammer2_free_bytes", "What is free on the fullest node", static space => space.FreeBytes),
        Of("hammer2_available_bytes", "What is free for new data, as df(1) shows it",
            static space => space.AvailableBytes),
        Of("hammer2_reserve_bytes", "What only operations that remove something may use",
            static space => space.ReserveBytes),
        Of("hammer2_reserved_bytes", "What is reserved for accepted changes, at their worst case",
            static space => space.ReservedBytes),
        Of("hammer2_unwritten_bytes", "Dirty file data that is on no node yet", static space => space.UnwrittenBytes),
        Of("hammer2_uncommitted_bytes", "Blocks that are on a node and that no commit has yet, of all PFSs there",
            static space => space.UncommittedBytes),
        new("hammer2_staged_bytes", MetricType.Gauge, MetricUnits.Bytes,
            "What the next bulkfree frees, of all nodes; not there before the first bulkfree",
            static facts => facts.Status.Space.StagedBytes is { } staged ? [MetricSample.Of(staged)] : []),
        new("hammer2_live_bytes", MetricType.Gauge, MetricUnits.Bytes,
            "What is allocated for the mounted PFS; blocks that it shares with others count as well",
            static facts => [MetricSample.Of(facts.Status.LiveBytes)]),
        new("hammer2_inodes", MetricType.Gauge, MetricUnits.None, "Objects in the mounted PFS",
            static facts => [MetricSample.Of(facts.Status.Space.Inodes)]),
        new("hammer2_deduplicated_blocks", MetricType.Counter, MetricUnits.None,
            "Blocks that were not stored because an equal one was",
            static facts => [MetricSample.Of(facts.Statistics.DeduplicatedBlocks)]),
    ];

    private static MetricRow Of(string name, string help, Func<SpaceResult, double> value) => new(name,
        MetricType.Gauge, MetricUnits.Bytes, help, facts => [MetricSample.Of(value(facts.Status.Space))]);
}
