// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Healing;

/// <summary>What healing did.</summary>
/// <param name="Rewritten">Places where a block was written again.</param>
/// <param name="Rebuilt">Places that a commit of the node stored anew.</param>
/// <param name="Failed">Places that are still damaged.</param>
public readonly record struct HealCounts(long Rewritten, long Rebuilt, long Failed)
{
    /// <summary>Places that are right now and were not.</summary>
    public long Healed => Rewritten + Rebuilt;

    /// <summary>Sums.</summary>
    public static HealCounts operator +(in HealCounts left, in HealCounts right) => new(
        left.Rewritten + right.Rewritten, left.Rebuilt + right.Rebuilt, left.Failed + right.Failed);
}
