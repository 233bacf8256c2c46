// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Collections.Immutable;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Views;

/// <summary>Makes a PFS of nodes on devices that are in use, which do not change for it.</summary>
internal static partial class PfsAssembly
{
    /// <summary>Opens a PFS for reading.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="members">Its present nodes.</param>
    /// <param name="masters">Number of masters, for nodes that do not store it; null when it is not known.</param>
    /// <param name="mastersOfOrigin">How many masters the cluster has that it is a snapshot of; 0 when that is not
    /// known.</param>
    /// <param name="logger">Receives why it cannot be read.</param>
    /// <param name="pfs">The PFS.</param>
    /// <returns>None; NoQuorum when the nodes do not decide which state of it is to be read.</returns>
    public static Hammer2Error Open(
        byte[] label, IReadOnlyList<PfsEntry> members, int? masters, int mastersOfOrigin, ILogger logger, out Pfs? pfs)
    {
        var facts = new NodeFacts[members.Count];
        bool storesNumber = false;
        for (int i = 0; i < members.Count; i++)
        {
            PfsEntry member = members[i];
            // A record on a device in use is that of a commit in progress, or was dealt with.
            facts[i] = NodeFacts.Of(
                member.Root.Reference, member.Root.Meta, member.Root.AfterInodeName, member.Device.Volumes, null)
                .OfSnapshot(mastersOfOrigin);
            storesNumber |= member.Root.Meta.PfsMasters > 0;
        }
        return Open(label, members, facts, storesNumber ? null : masters, logger, out pfs);
    }

    /// <summary>Opens one node of a PFS for reading, whatever the others say.</summary>
    /// <returns>As <see cref="Open(byte[], IReadOnlyList{PfsEntry}, int?, int, ILogger, out Pfs?)"/>.</returns>
    public static Hammer2Error OpenAlone(byte[] label, PfsEntry member, ILogger logger, out Pfs? pfs)
    {
        InodeMeta meta = member.Root.Meta;
        (meta.PfsMasters, meta.PfsRole) = (0, (byte)PfsType.Master);
        NodeFacts[] facts = [NodeFacts.Of(member.Root.Reference, meta, [], member.Device.Volumes, record: null)];
        return Open(label, [member], facts, masters: null, logger, out pfs);
    }

    private static Hammer2Error Open(byte[] label, IReadOnlyList<PfsEntry> members, NodeFacts[] facts, int? masters,
        ILogger logger, out Pfs? pfs)
    {
        MembershipDecision membership = QuorumResolver.Resolve(
            facts, new MembershipHints(masters));
        ClusterView view = ViewOf(members, membership, facts, absent: []);
        pfs = new Pfs(label, view, membership, logger);
        bool isSlaveOnly = membership.Obstacle == WriteObstacle.SlavesOnly;
        bool isRefused = membership.SyncedTotal == 0 || membership.Obstacle == WriteObstacle.Split
            || (!membership.HasQuorum && !isSlaveOnly);
        if (!isRefused) return Hammer2Error.None;
        var report = new MembershipReport(pfs.ClusterNodes.LabelText, pfs);
        LogNotRead(logger, pfs.ClusterNodes.LabelText, report.DescribeObstacle(), report.DescribeNodes());
        pfs = null;
        return Hammer2Error.NoQuorum;
    }

    /// <summary>The nodes in their slots. The synced ones get the lowest, so that arrays by slot are only as long as
    /// the number of nodes that are used.</summary>
    /// <param name="members">The present nodes.</param>
    /// <param name="membership">What was decided of each.</param>
    /// <param name="facts">What each stores.</param>
    /// <param name="absent">The other ones.</param>
    public static ClusterView ViewOf(IReadOnlyList<PfsEntry> members, MembershipDecision membership,
        IReadOnlyList<NodeFacts> facts, IReadOnlyList<AbsentNode> absent)
    {
        var view = ImmutableArray.CreateBuilder<NodeMember>();
        int syncedSlot = 0, otherSlot = membership.SyncedTotal;
        for (int i = 0; i < members.Count; i++)
        {
            NodeState state = membership.States[i];
            int slot = state == NodeState.Synced ? syncedSlot++ : otherSlot++;
            view.Add(new PresentNode(slot, members[i], state, facts[i].AsIn(membership.Record)));
        }
        foreach (AbsentNode node in absent) view.Add(node);
        return ClusterView.Of(view.ToImmutable(), membership.Quorum, membership.Record);
    }

    [LoggerMessage(40, LogLevel.Warning, "PFS {Label} cannot be read: {Obstacle}. {Nodes}")]
    private static partial void LogNotRead(ILogger logger, string label, string obstacle, string nodes);
}
