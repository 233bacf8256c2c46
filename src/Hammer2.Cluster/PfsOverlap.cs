// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster;

/// <summary>Decides whether two PFSs must not be in use at the same time.</summary>
internal static class PfsOverlap
{
    /// <summary>True when both have a node in common, or nodes of the same cluster.</summary>
    public static bool IsAny(IReadOnlyList<PfsEntry> left, IReadOnlyList<PfsEntry> right)
    {
        foreach (PfsEntry one in left)
        {
            foreach (PfsEntry other in right)
                if (IsSameNode(one, other) || IsSameCluster(one, other)) return true;
        }
        return false;
    }

    // The key of a PFS root below the super-root never changes.
    private static bool IsSameNode(PfsEntry one, PfsEntry other) =>
        one.Device == other.Device && one.Root.Reference.Key == other.Root.Reference.Key;

    private static bool IsSameCluster(PfsEntry one, PfsEntry other) =>
        !one.ClusterId.IsZero && one.ClusterId == other.ClusterId;
}
