// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Metrics of the requests of the kernel, and of the caches that serve them.</summary>
internal static class RequestMetrics
{
    // Every second of the ranges that are counted, from 1 us to 16.8 s: each range is a series of its own for each
    // operation.
    private const int RangesJoined = 2;
    private const int BoundsTotal = 13;

    private static readonly double[] s_bounds =
        [.. Enumerable.Range(0, BoundsTotal).Select(range => MetricUnits.OfMicroseconds(1L << (range * RangesJoined)))];

    /// <summary>The metrics.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        new("hammer2_request_duration_seconds", MetricType.Histogram, MetricUnits.Seconds,
            "Time that the filesystem needed for requests of the kernel, by operation of the FUSE protocol",
            static facts => facts.Statistics.Operations.Select(DurationsOf)),
        new("hammer2_request_errors", MetricType.Counter, MetricUnits.None,
            "Requests that ended with an error number, a name that does not exist among them",
            static facts => facts.Statistics.Operations.Select(
                static operation => MetricSample.Of(operation.Errors, new MetricLabel("operation", operation.Name)))),
        new("hammer2_stalled_requests", MetricType.Gauge, MetricUnits.None, "Requests that wait for nodes to return",
            static facts => [MetricSample.Of(facts.Statistics.StalledRequests)]),
        new("hammer2_malformed_requests", MetricType.Counter, MetricUnits.None, "Malformed requests of the kernel",
            static facts => [MetricSample.Of(facts.Statistics.Malformed)]),
        new("hammer2_unknown_requests", MetricType.Counter, MetricUnits.None,
            "Requests with operations that this program does not have",
            static facts => [MetricSample.Of(facts.Statistics.Unknown)]),
        new("hammer2_failed_requests", MetricType.Counter, MetricUnits.None,
            "Requests that a defect of this program made fail",
            static facts => [MetricSample.Of(facts.Statistics.Thrown)]),
        OfCaches("hammer2_cache_bytes", MetricType.Gauge, MetricUnits.Bytes,
            "Bytes in the caches, which the mounts of a process share", static cache => cache.HeldBytes),
        OfCaches("hammer2_cache_limit_bytes", MetricType.Gauge, MetricUnits.Bytes,
            "The most bytes in the caches", static cache => cache.MaxBytes),
        OfCaches("hammer2_cache_hits", MetricType.Counter, MetricUnits.None,
            "Blocks that were found in the caches", static cache => cache.Hits),
        OfCaches("hammer2_cache_misses", MetricType.Counter, MetricUnits.None,
            "Blocks that were looked for in the caches and not found", static cache => cache.Misses),
    ];

    private static MetricRow OfCaches(
        string name, MetricType type, string unit, string help, Func<CacheResult, long> value) =>
        new(name, type, unit, help, facts => facts.Statistics.Caches.Select(
            cache => MetricSample.Of(value(cache), new MetricLabel("cache", cache.Name))));

    private static MetricSample DurationsOf(OperationResult operation)
    {
        long[] counts = new long[BoundsTotal + 1];
        for (int range = 0; range < operation.Histogram.Count; range++)
            counts[Math.Min((range + 1) / RangesJoined, BoundsTotal)] += operation.Histogram[range];
        return new([new("operation", operation.Name)], MetricUnits.OfMicroseconds(operation.TotalMicroseconds))
        {
            Bounds = s_bounds,
            Counts = counts,
        };
    }
}
