// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>What a cluster view and its membership record say together. Pure functions.</summary>
internal static class ViewMembers
{
    /// <summary>The first record of a cluster that only stores how many masters it has: possible when all of them are
    /// there.</summary>
    /// <param name="view">Its nodes.</param>
    /// <param name="mastersTotal">How many masters it has.</param>
    /// <returns>Null when it has a record, when some masters are absent or unknown, or when a root has no space for
    /// it.</returns>
    public static MembershipRecord? FindAdoption(ClusterView view, int mastersTotal)
    {
        if (view.Record is not null) return null;
        var nodes = new List<(MemberTag, MemberRole)>();
        int masters = 0;
        foreach (PresentNode node in view.Nodes)
        {
            if (node.Facts.Role == NodeRole.Slave) nodes.Add((node.Facts.Tag, MemberRole.Slave));
            if (node.Facts.Role != NodeRole.Master) continue;
            masters++;
            nodes.Add((node.Facts.Tag, MemberRole.Master));
        }
        if (masters != mastersTotal) return null;
        var record = MembershipRecord.Create(nodes);
        return HasRoom(view, record) ? record : null;
    }

    /// <summary>True when the PFS root of every node has space for a record.</summary>
    public static bool HasRoom(ClusterView view, MembershipRecord record)
    {
        foreach (PresentNode node in view.Nodes)
            if (!RootNames.TryWith(node.Root, record, out _)) return false;
        return true;
    }

    /// <summary>True when a node may be made equal to the synced ones: the record names it; where there is none, it is
    /// a master, or there are fewer than the cluster has.</summary>
    /// <param name="view">The view, with the node.</param>
    /// <param name="node">The node.</param>
    /// <param name="mastersTotal">How many masters a cluster without a record has.</param>
    public static bool MayJoin(ClusterView view, PresentNode node, int mastersTotal)
    {
        if (view.Record is { } record)
            return record.RoleOf(node.Facts.Tag) is MemberRole.Master or MemberRole.Joining;
        int masters = 0;
        foreach (PresentNode present in view.Nodes)
            if (present.Facts.Role == NodeRole.Master) masters++;
        return node.Facts.Role == NodeRole.Master || masters < mastersTotal;
    }

    /// <summary>Masters of the record that are not there.</summary>
    public static List<MemberTag> FindAbsentMasters(ClusterView view)
    {
        var absent = new List<MemberTag>();
        if (view.Record is not { } record) return absent;
        foreach (PfsMember member in record.Members)
        {
            var tag = new MemberTag(member.FilesystemStart, member.Check);
            if (member.Role == MemberRole.Master && NodeOf(view, tag) is null) absent.Add(tag);
        }
        return absent;
    }

    /// <summary>The record in which a node that was made to replace a lost one is to become a master.</summary>
    /// <returns>Null when it is not clear which node it replaces: no master is absent, or several are.</returns>
    public static MembershipRecord? FindSeat(ClusterView view, PresentNode node)
    {
        List<MemberTag> absent = FindAbsentMasters(view);
        if (absent.Count != 1 || node.Facts.Role != NodeRole.Returning) return null;
        return view.Record!.Without(absent[0]).With(node.Facts.Tag, MemberRole.Joining);
    }

    /// <summary>The view in which a node has a vote that was made equal to the synced ones.</summary>
    /// <param name="view">The view, with the node.</param>
    /// <param name="node">The node.</param>
    /// <param name="mastersTotal">How many masters a cluster without a record has.</param>
    public static ClusterView WithVote(ClusterView view, PresentNode node, int mastersTotal)
    {
        if (view.Record is not { } record)
            return FindAdoption(view, mastersTotal) is { } first ? view.WithRecord(first) : view;
        return record.RoleOf(node.Facts.Tag) == MemberRole.Joining
            ? view.WithRecord(record.With(node.Facts.Tag, MemberRole.Master)) : view;
    }

    private static PresentNode? NodeOf(ClusterView view, MemberTag tag)
    {
        foreach (PresentNode node in view.Nodes)
            if (node.Facts.Tag == tag) return node;
        return null;
    }
}
