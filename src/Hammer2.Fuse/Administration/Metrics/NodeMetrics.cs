// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Membership;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Metrics of the nodes of the mounted PFS, by their numbers in the order of mounting and their
/// devices.</summary>
internal static class NodeMetrics
{
    private const double Percent = 100;

    private static readonly string[] s_states = [.. Enum.GetNames<NodeState>()];

    /// <summary>The metrics.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        new("hammer2_quorum_nodes", MetricType.Gauge, MetricUnits.None, "Masters that must agree",
            static facts => [MetricSample.Of(facts.Status.Quorum)]),
        new("hammer2_node_state", MetricType.StateSet, MetricUnits.None, "State of each node",
            static facts => EachOf(facts, static node => Array.IndexOf(s_states, node.State))
                .Select(static sample => sample with { States = s_states })),
        Of("hammer2_node_behind_commits", MetricUnits.None,
            "Commits that a node lacks, where they can be counted", static node => node.Behind),
        Of("hammer2_node_resync_progress_ratio", MetricUnits.Ratio,
            "How far the pass of a resynchronization is", static node => node.Resync?.Percent / Percent),
        Of("hammer2_node_resync_copied_bytes", MetricUnits.Bytes,
            "File data that the present resynchronization has copied", static node => node.Resync?.CopiedBytes),
    ];

    private static MetricRow Of(string name, string unit, string help, Func<NodeResult, double?> value) =>
        new(name, MetricType.Gauge, unit, help, facts => EachOf(facts, value));

    private static IEnumerable<MetricSample> EachOf(MetricFacts facts, Func<NodeResult, double?> value)
    {
        for (int number = 0; number < facts.Status.Nodes.Count; number++)
        {
            NodeResult node = facts.Status.Nodes[number];
            if (value(node) is not { } found) continue;
            yield return MetricSample.Of(
                found, new("node", number.ToString(CultureInfo.InvariantCulture)), new("name", node.Name));
        }
    }
}
