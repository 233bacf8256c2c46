// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>A value of a metric, with what it is of.</summary>
/// <param name="Labels">What it is of, beside the mount.</param>
/// <param name="Value">The value; of a histogram the sum of what was observed; 1 for the state that holds.</param>
internal sealed record MetricSample(IReadOnlyList<MetricLabel> Labels, double Value)
{
    /// <summary>Of a histogram the ends of its ranges; the last range has none.</summary>
    public IReadOnlyList<double> Bounds { get; init; } = [];

    /// <summary>Of a histogram, how many were in each range: one more than there are bounds.</summary>
    public IReadOnlyList<long> Counts { get; init; } = [];

    /// <summary>Of a set of states all of them; the value is the index of the one that holds.</summary>
    public IReadOnlyList<string> States { get; init; } = [];

    /// <summary>Of a histogram, how many were observed.</summary>
    public long Count => Counts.Sum();

    /// <summary>A value with labels.</summary>
    public static MetricSample Of(double value, params MetricLabel[] labels) => new(labels, value);
}

/// <summary>A label of a value.</summary>
/// <param name="Name">Its name: letters, digits and underscores.</param>
/// <param name="Value">Its value: any text of <see cref="Linux.Text.ByteText"/>.</param>
internal readonly record struct MetricLabel(string Name, string Value);
