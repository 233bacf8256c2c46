// SPDX-License-Identifier: BSD-3-Clause
using System.Reflection;
using Hammer2.Fuse.Administration.Requests;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>What the metrics of a mount are made of: the results of two requests at one moment.</summary>
/// <param name="Mount">The mount point.</param>
/// <param name="Version">Version of this program.</param>
/// <param name="Status">The state of the mount.</param>
/// <param name="Statistics">What it has counted.</param>
internal sealed record MetricFacts(string Mount, string Version, StatusResult Status, StatisticsResult Statistics)
{
    private static readonly string s_version = typeof(MetricFacts).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Those of a mount now.</summary>
    public static MetricFacts Of(AdministeredMount mount) =>
        new(mount.Target(), s_version, StatusRequests.StatusOf(mount), StatusRequests.StatisticsOf(mount));
}
