// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// Which inodes of a group depend on each other: those that one operation changed, and with them those that another
/// operation changed together with one of these. Such a set is committed as a whole, or not at all.
/// </summary>
/// <remarks>
/// A union-find over <see cref="LiveInode.SetParent"/>, so that an operation costs no memory. Entry: the lock of the
/// list of changed inodes is held, or no operation runs.
/// </remarks>
internal static class DependentInodes
{
    /// <summary>The inode that stands for the set; itself for one that is alone.</summary>
    public static LiveInode SetOf(LiveInode inode)
    {
        while (inode.SetParent is { } parent)
        {
            // Each step halves the way of the next.
            if (parent.SetParent is { } above) inode.SetParent = above;
            inode = parent;
        }
        return inode;
    }

    /// <summary>One operation changed both.</summary>
    public static void Join(LiveInode left, LiveInode right)
    {
        LiveInode leftSet = SetOf(left), rightSet = SetOf(right);
        if (leftSet != rightSet) rightSet.SetParent = leftSet;
    }

    /// <summary>The inodes of a closed group that leave it, since some of their sets cannot be written.</summary>
    public static List<ClosedInode> LeavingGroup(ClosedGroup group, IEnumerable<ClosedInode> unreadable)
    {
        var sets = new HashSet<LiveInode>();
        foreach (ClosedInode image in unreadable) _ = sets.Add(image.Set);
        return group.Inodes.FindAll(image => sets.Contains(image.Set));
    }

    /// <summary>The inodes of the open group that leave with them: later operations on the same inodes, and what
    /// depends on those.</summary>
    public static HashSet<LiveInode> LeavingOpenGroup(IReadOnlyList<LiveInode> dirty, List<ClosedInode> leaving)
    {
        var sets = new HashSet<LiveInode>();
        foreach (ClosedInode image in leaving)
            if (image.Live.IsDirty) _ = sets.Add(SetOf(image.Live));
        var left = new HashSet<LiveInode>();
        foreach (LiveInode inode in dirty)
            if (sets.Contains(SetOf(inode))) _ = left.Add(inode);
        return left;
    }
}
