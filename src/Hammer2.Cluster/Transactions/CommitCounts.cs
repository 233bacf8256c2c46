// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Transactions;

/// <summary>Commits of a PFS since it was opened for writing.</summary>
/// <param name="Total">Time that the successful ones took together.</param>
/// <param name="Failed">Attempts that too few nodes took.</param>
/// <param name="LastAt">When the last one was durable on a quorum; null before the first one.</param>
/// <param name="BoundsSeconds">The ends of ranges of durations.</param>
/// <param name="Ranges">Successful commits in each range: one more than there are bounds, since the last has no
/// end.</param>
public sealed record CommitCounts(
    TimeSpan Total, long Failed, DateTimeOffset? LastAt, IReadOnlyList<double> BoundsSeconds,
    IReadOnlyList<long> Ranges);
