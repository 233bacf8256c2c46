// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Undoes the uncommitted changes of inodes that a commit cannot write, because a damaged block that copy-on-write has
/// to read is readable on no node: they leave the syncing group, with every operation in it and in the open group that
/// depends on them, and the commit goes on with the rest.
/// </summary>
internal sealed class GroupReversal
{
    private readonly TransactionGate _gate;
    private readonly GroupCloser _closer;
    private readonly InodeReversal _inodes;
    private readonly SpaceReserve _space;
    private readonly LeftOutReport _report;

    public GroupReversal(
        TransactionGate gate, GroupCloser closer, InodeReversal inodes, SpaceReserve space, LeftOutReport report)
    {
        _gate = gate;
        _closer = closer;
        _inodes = inodes;
        _space = space;
        _report = report;
    }

    /// <summary>Takes what depends on unreadable inodes out of a group.</summary>
    /// <param name="group">The group, of which nothing is prepared.</param>
    /// <param name="unreadable">At least one of its inodes.</param>
    /// <returns>The rest, as a further attempt.</returns>
    public SyncingGroup Without(SyncingGroup group, List<UnreadableInode> unreadable)
    {
        var lost = new List<LeftOutInode>();
        SyncingGroup rest;
        using (_gate.EnterExclusive())
        {
            HashSet<GroupMember> leaving = DependentInodes.AllOf(
                [.. group.Inodes.Select(image => image.Member)], unreadable.Select(inode => inode.Image.Member));
            HashSet<GroupMember> later = _gate.DependentsOf(leaving.Select(member => member.Inode));
            foreach (GroupMember member in later)
            {
                _gate.Remove(member);
                _space.Release(member.ReservedBytes);
            }
            foreach (FrozenInode image in group.Inodes)
            {
                if (!leaving.Contains(image.Member)) continue;
                // What the open group changed of it is in later, and goes with it.
                if (image.Inode.Member is { } member) _ = later.Remove(member);
                lost.Add(_inodes.Revert(image.Inode, image));
            }
            foreach (GroupMember member in later) lost.Add(_inodes.Revert(member.Inode, image: null));
            rest = _closer.Without(group, leaving);
        }
        _report.Tell(lost, unreadable[0]);
        return rest;
    }
}
