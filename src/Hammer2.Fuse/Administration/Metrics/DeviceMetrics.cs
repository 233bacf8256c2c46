// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Metrics of the volumes of the nodes: errors, which are counted on the volume until they are cleared, and
/// scrubs.</summary>
internal static class DeviceMetrics
{
    private static readonly (string Kind, Func<VolumeErrorsResult, long> Count)[] s_errors =
    [
        ("read", static volume => volume.Reads), ("write", static volume => volume.Writes),
        ("flush", static volume => volume.Flushes), ("check", static volume => volume.Checks),
    ];

    /// <summary>The metrics.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        new("hammer2_device_errors", MetricType.Counter, MetricUnits.None,
            "Errors of a volume since they were cleared: reads, writes and flushes that failed, blocks that did not "
            + "match their check codes",
            static facts => facts.Status.Errors.SelectMany(static volume => s_errors.Select(error =>
                new MetricSample([.. LabelsOf(volume), new("kind", error.Kind)], error.Count(volume))))),
        new("hammer2_device_healed_blocks", MetricType.Counter, MetricUnits.None,
            "Blocks of a volume that were written again where they are, since its errors were cleared",
            static facts => facts.Status.Errors.Select(
                static volume => new MetricSample(LabelsOf(volume), volume.Healed))),
        OfScrubs("hammer2_scrub_running", MetricUnits.None, "1 while a scrub of a node runs",
            static scrub => scrub.IsRunning ? 1 : 0),
        OfScrubs("hammer2_scrub_checked_bytes", MetricUnits.Bytes, "What the last scrub of a node has read",
            static scrub => scrub.CheckedBytes),
        OfScrubs("hammer2_scrub_size_bytes", MetricUnits.Bytes, "What the last scrub of a node has to read",
            static scrub => scrub.TotalBytes),
        OfScrubs("hammer2_scrub_faults", MetricUnits.None, "Damaged blocks that the last scrub of a node found",
            static scrub => scrub.Faults),
        OfScrubs("hammer2_scrub_unhealed_places", MetricUnits.None,
            "Places that are still damaged after the last scrub of a node", static scrub => scrub.Unhealed),
        OfScrubs("hammer2_scrub_ended_time_seconds", MetricUnits.Seconds,
            "When the last scrub of a node came to its end; not there before",
            static scrub => scrub.Ended is { } ended ? MetricUnits.OfMoment(ended) : null),
    ];

    private static MetricLabel[] LabelsOf(VolumeErrorsResult volume) =>
    [
        new("node", volume.Node.ToString(CultureInfo.InvariantCulture)),
        new("volume", volume.Volume.ToString(CultureInfo.InvariantCulture)), new("device", volume.Name),
    ];

    private static MetricRow OfScrubs(string name, string unit, string help, Func<ScrubResult, double?> value) =>
        new(name, MetricType.Gauge, unit, help, facts => facts.Status.Scrubs
            .Select(scrub => (Scrub: scrub, Value: value(scrub)))
            .Where(static found => found.Value is not null)
            .Select(static found => MetricSample.Of(found.Value!.Value,
                new("node", found.Scrub.Node.ToString(CultureInfo.InvariantCulture)), new("name", found.Scrub.Name))));
}
