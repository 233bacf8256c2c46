// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Metrics of a mount as a whole.</summary>
internal static class MountMetrics
{
    private static readonly string[] s_healths =
        [.. Enum.GetValues<Health>().Select(MountHealth.NameOf)];

    private static readonly string[] s_transports = ["device", "io_uring"];

    /// <summary>The metrics.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        new("hammer2_mount", MetricType.Info, MetricUnits.None, "What is mounted, and by which version of the program",
            static facts => [MetricSample.Of(1, new("pfs", facts.Status.Label), new("version", facts.Version))]),
        new("hammer2_health", MetricType.StateSet, MetricUnits.None, "How well the mount is; the worst counts",
            static facts => [StateOf(s_healths, facts.Status.Health)]),
        new("hammer2_read_only", MetricType.Gauge, MetricUnits.None, "1 for a mount that is read-only",
            static facts => [MetricSample.Of(facts.Status.IsReadOnly ? 1 : 0)]),
        new("hammer2_mounted_time_seconds", MetricType.Gauge, MetricUnits.Seconds, "When the mount was made",
            static facts => [MetricSample.Of(MetricUnits.OfMoment(facts.Statistics.Since))]),
        new("hammer2_transport", MetricType.StateSet, MetricUnits.None, "How requests of the kernel come",
            static facts => [StateOf(s_transports, facts.Statistics.Transport)]),
        new("hammer2_transport_queues", MetricType.Gauge, MetricUnits.None, "Queues of io_uring",
            static facts => [MetricSample.Of(facts.Statistics.Queues)]),
        new("hammer2_events", MetricType.Counter, MetricUnits.None, "Events, which the command 'hammer2 events' prints",
            static facts => [MetricSample.Of(facts.Statistics.Events)]),
        new("hammer2_jobs", MetricType.Gauge, MetricUnits.None, "Long requests of administrators in the background",
            static facts => [MetricSample.Of(facts.Status.Jobs.Count)]),
        new("hammer2_process_resident_bytes", MetricType.Gauge, MetricUnits.Bytes,
            "Memory of the process, which may serve several mounts",
            static facts => [MetricSample.Of(facts.Statistics.ResidentBytes)]),
    ];

    private static MetricSample StateOf(string[] states, string current) =>
        new([], Array.IndexOf(states, current)) { States = states };
}
