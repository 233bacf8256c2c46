// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>All metrics of a mount. <c>.hammer2/metrics</c> prints them and <see cref="MountMeter"/> offers them to
/// listeners in this process.</summary>
internal static class MetricTable
{
    /// <summary>The metrics, in the order in which they are printed.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
        [.. MountMetrics.Rows, .. RequestMetrics.Rows, .. SpaceMetrics.Rows, .. CommitMetrics.Rows,
            .. NodeMetrics.Rows, .. DeviceMetrics.Rows];
}
