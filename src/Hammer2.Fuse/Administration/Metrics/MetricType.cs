// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Types of metrics, as OpenMetrics has them.</summary>
internal enum MetricType
{
    /// <summary>A number that rises and falls.</summary>
    Gauge,

    /// <summary>A number that only rises, from 0 when the mount is made or a volume's errors are cleared.</summary>
    Counter,

    /// <summary>How many durations were in which range.</summary>
    Histogram,

    /// <summary>Which of several states holds.</summary>
    StateSet,

    /// <summary>Texts, as labels of the number 1.</summary>
    Info,
}
