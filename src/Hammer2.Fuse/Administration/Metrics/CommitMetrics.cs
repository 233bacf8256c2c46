// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Metrics of commits, and of what became of changes; none of commits for a read-only mount.</summary>
internal static class CommitMetrics
{
    /// <summary>The metrics.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        new("hammer2_commit_duration_seconds", MetricType.Histogram, MetricUnits.Seconds,
            "Time that successful commits took", static facts => facts.Statistics.Commits is { } commits
                ? [new MetricSample([], MetricUnits.OfMicroseconds(commits.TotalMicroseconds))
                    { Bounds = commits.BoundsSeconds, Counts = commits.Histogram }]
                : []),
        OfCommits("hammer2_commit_failures", MetricType.Counter, MetricUnits.None,
            "Attempts to commit that too few nodes took", static commits => commits.Failed),
        OfCommits("hammer2_commit_running_seconds", MetricType.Gauge, MetricUnits.Seconds,
            "For how long the present commit has been running; 0 while there is none",
            static commits => MetricUnits.OfMicroseconds(commits.RunningMicroseconds ?? 0)),
        new("hammer2_last_commit_time_seconds", MetricType.Gauge, MetricUnits.Seconds,
            "When the last commit was durable; not there before the first one of the mount",
            static facts => facts.Status.LastCommitAt is { } at ? [MetricSample.Of(MetricUnits.OfMoment(at))] : []),
        Of("hammer2_stalls", "How often changes had to wait for nodes", static status => status.Stalls),
        Of("hammer2_left_out_inodes", "Inodes whose changes could not be committed",
            static status => status.LeftOutInodes),
        Of("hammer2_repaired_reads", "Reads that another node answered", static status => status.RepairedReads),
        Of("hammer2_healed_places", "Damaged places that were made right", static status => status.HealedPlaces),
        Of("hammer2_unhealed_places", "Damaged places that could not be made right from other nodes",
            static status => status.UnhealedPlaces),
    ];

    private static MetricRow Of(string name, string help, Func<StatusResult, double> value) => new(name,
        MetricType.Counter, MetricUnits.None, help, facts => [MetricSample.Of(value(facts.Status))]);

    private static MetricRow OfCommits(
        string name, MetricType type, string unit, string help, Func<CommitsResult, double> value) => new(
        name, type, unit, help,
        facts => facts.Statistics.Commits is { } commits ? [MetricSample.Of(value(commits))] : []);
}
