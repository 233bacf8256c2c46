// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Reports;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>A PFS on a node that needs space.</summary>
/// <param name="Entry">It.</param>
/// <param name="Facts">What its root says.</param>
/// <param name="Masters">Masters that its root counts.</param>
/// <param name="IsElsewhere">True when a synced node has all of it, too.</param>
/// <param name="IsHeldElsewhere">True when it is held there.</param>
internal sealed record PfsOnNode(
    PfsEntry Entry, PfsDescription Facts, int Masters, bool IsElsewhere, bool IsHeldElsewhere);

/// <summary>Decides which snapshots a node that needs space may lose.</summary>
internal static class ExpendableSnapshots
{
    /// <summary>Those that may be deleted as far as their roots say.</summary>
    /// <param name="clusterId">The cluster of the PFS that is resynchronized.</param>
    /// <param name="all">What the node has.</param>
    /// <returns>The oldest first, those of one time by label; ones of unknown age last.</returns>
    public static List<PfsOnNode> InOrder(MediaUuid clusterId, IEnumerable<PfsOnNode> all) =>
        [.. all.Where(one => IsExpendable(clusterId, one))
            .OrderBy(static one => one.Facts.BirthTime == 0 ? ulong.MaxValue : one.Facts.BirthTime)
            .ThenBy(static one => one.Facts.Label, StringComparer.Ordinal)];

    private static bool IsExpendable(MediaUuid clusterId, PfsOnNode one)
    {
        PfsDescription facts = one.Facts;
        bool isOfPfs = !clusterId.IsZero && facts.OriginId == clusterId && facts.ClusterId != clusterId
            && facts.Subtype is PfsSubtype.Snapshot or PfsSubtype.AutoSnapshot;
        // Parts of a stream or of a copy have other types.
        bool isWhole = facts.Type == PfsType.Master;
        bool isWritten = facts.ModifyTid > facts.SnapshotTid;
        // What this node alone held before a resynchronization.
        bool isKeptContent = one.Masters == 1 && !one.IsElsewhere;
        return isOfPfs && isWhole && !isWritten && !isKeptContent && !facts.IsHeld && !one.IsHeldElsewhere;
    }
}
