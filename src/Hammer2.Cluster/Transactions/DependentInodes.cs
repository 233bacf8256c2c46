// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Which inodes of a transaction group depend on each other: those that one operation changed, and with them those that
/// another operation changed together with one of these. Such a set is committed as a whole, or not at all.
/// </summary>
/// <remarks>
/// A union-find over <see cref="GroupMember.SetParent"/> with the members of each set in a circle, so that an operation
/// allocates nothing. Entry: the lock of the group's members is held, or no operation runs.
/// </remarks>
internal static class DependentInodes
{
    /// <summary>The member that stands for the set; itself for a member that is alone.</summary>
    public static GroupMember SetOf(GroupMember member)
    {
        while (member.SetParent is { } parent)
        {
            // Each step halves the way of the next search.
            if (parent.SetParent is { } above) member.SetParent = above;
            member = parent;
        }
        return member;
    }

    /// <summary>One operation changed both.</summary>
    public static void Join(GroupMember left, GroupMember right)
    {
        GroupMember leftSet = SetOf(left), rightSet = SetOf(right);
        if (leftSet == rightSet) return;
        rightSet.SetParent = leftSet;
        (leftSet.NextInSet, rightSet.NextInSet) = (rightSet.NextInSet, leftSet.NextInSet);
    }

    /// <summary>Moves the set of a member from one group into another, as a whole.</summary>
    /// <remarks>Entry: no operation runs. Time grows with the set.</remarks>
    public static void MoveSet(GroupMember member, TransactionGroup from, TransactionGroup target)
    {
        GroupMember first = member;
        do
        {
            target.Take(member, from);
            member = member.NextInSet;
        }
        while (member != first);
    }

    /// <summary>The members of some sets of a group.</summary>
    /// <param name="members">The group's members.</param>
    /// <param name="some">At least one of each set.</param>
    public static HashSet<GroupMember> AllOf(IReadOnlyList<GroupMember> members, IEnumerable<GroupMember> some)
    {
        var sets = new HashSet<GroupMember>();
        foreach (GroupMember member in some) _ = sets.Add(SetOf(member));
        var all = new HashSet<GroupMember>();
        foreach (GroupMember member in members)
            if (sets.Contains(SetOf(member))) _ = all.Add(member);
        return all;
    }
}
