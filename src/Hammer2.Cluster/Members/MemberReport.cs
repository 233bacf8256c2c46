// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Reports;
using Hammer2.Membership;

namespace Hammer2.Cluster.Members;

/// <summary>Lists the nodes of a cluster.</summary>
public static class MemberReport
{
    /// <summary>The nodes: those of the record by their slots, then others.</summary>
    public static ClusterSummary Of(Pfs pfs)
    {
        ClusterView view = pfs.View;
        var members = new List<MemberDescription>();
        foreach (ChosenMember member in ChosenMember.All(view)) members.Add(Describe(view.Record, member));
        members.Sort(static (left, right) => Order(left).CompareTo(Order(right)));
        return new ClusterSummary(
            view.Record?.Number ?? 0, pfs.ClusterNodes.MastersTotal, view.Quorum, members);
    }

    private static MemberDescription Describe(MembershipRecord? record, ChosenMember member)
    {
        int slot = member.Tag is { } tag && record is not null ? record.SlotOf(tag) : -1;
        var node = member.Member as PresentNode;
        NodeState state = member.Member?.State ?? NodeState.Offline;
        return new MemberDescription(
            slot, slot < 0 ? null : record!.RoleOf(member.Tag!.Value),
            node?.Identity.FilesystemId.ToString() ?? member.Tag?.ToString() ?? "", member.Member?.Name, state,
            state == NodeState.Synced ? "" : member.Member?.Reason ?? "the mount does not know its device",
            node?.Root.Reference.ModifyTid ?? 0);
    }

    private static int Order(MemberDescription member) => member.Slot < 0 ? int.MaxValue : member.Slot;
}
