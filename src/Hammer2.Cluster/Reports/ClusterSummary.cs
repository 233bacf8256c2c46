// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Reports;

/// <summary>The nodes of a cluster, and how many decide.</summary>
/// <param name="Number">Number of the membership record; 0 when there is none, and masters are only counted.</param>
/// <param name="Masters">How many masters there are, absent ones included.</param>
/// <param name="Quorum">Masters that must agree.</param>
/// <param name="Members">The nodes.</param>
public sealed record ClusterSummary(uint Number, int Masters, int Quorum, IReadOnlyList<MemberDescription> Members);
