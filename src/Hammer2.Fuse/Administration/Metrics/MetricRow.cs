// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>A metric: all that is known of it but its values.</summary>
/// <param name="Name">Its name, with its unit at the end, without the suffixes of its samples (such as
/// <c>_total</c>).</param>
/// <param name="Type">Its type.</param>
/// <param name="Unit">Its unit; empty for a plain number.</param>
/// <param name="Help">What it is, for people: a sentence without its full stop.</param>
/// <param name="Read">Its values; none where there is nothing that it could be of.</param>
internal sealed record MetricRow(string Name, MetricType Type, string Unit, string Help,
    Func<MetricFacts, IEnumerable<MetricSample>> Read);
