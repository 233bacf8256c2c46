// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.Reports;

/// <summary>A PFS of a filesystem, as its root says.</summary>
/// <param name="Key">Its key below the super-root.</param>
/// <param name="Label">Its label, a string of <see cref="ByteText"/>.</param>
/// <param name="Type">Its role in its cluster.</param>
/// <param name="Subtype">Its purpose; as stored.</param>
/// <param name="ClusterId">The cluster that it is a node of.</param>
/// <param name="NodeId">The id of this node.</param>
/// <param name="SnapshotTid">Number of the commit of its newest snapshot; 0 for none.</param>
/// <param name="ModifyTid">Number of its last commit.</param>
/// <param name="BirthTime">When it was made, in microseconds since 1970 UTC; 0 when that is not stored.</param>
/// <param name="OriginId">Of a snapshot, the cluster id of its source; zero when that is not stored.</param>
/// <param name="Holds">Its holds, the oldest first.</param>
/// <param name="IsHeld">True when it must not be deleted, also where the holds cannot be read.</param>
public sealed record PfsDescription(ulong Key, string Label, PfsType Type, PfsSubtype Subtype, MediaUuid ClusterId,
    MediaUuid NodeId, ulong SnapshotTid, ulong ModifyTid, ulong BirthTime, MediaUuid OriginId,
    IReadOnlyList<PfsHold> Holds, bool IsHeld)
{
    internal static PfsDescription Of(Chain root)
    {
        var holds = new List<PfsHold>();
        bool isRead = PfsHolds.TryRead(root.AfterInodeName, holds);
        return Of(root, holds, !isRead || holds.Count > 0);
    }

    private static PfsDescription Of(Chain root, IReadOnlyList<PfsHold> holds, bool isHeld) => new(
        root.Reference.Key, ByteText.Decode(root.InodeName), root.Meta.PfsType, root.Meta.PfsSubtype,
        root.Meta.PfsClusterId, root.Meta.PfsNodeId, root.Meta.PfsSnapshotTid, root.Reference.ModifyTid,
        root.Meta.BirthTime, root.Meta.PfsOriginId, holds, isHeld);
}
