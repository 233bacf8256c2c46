// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>What a transaction group knows of a dirty inode in it: its image once it is frozen, the space reserved for
/// it, and the inodes that depend on it.</summary>
internal sealed class GroupMember
{
    public GroupMember(DirtyInode inode, ulong groupNumber)
    {
        Inode = inode;
        GroupNumber = groupNumber;
        NextInSet = this;
    }

    /// <summary>The inode.</summary>
    public DirtyInode Inode { get; }

    /// <summary>The number of the group that it is in.</summary>
    public ulong GroupNumber { get; set; }

    /// <summary>Its position in the list of the group. Belongs to the group.</summary>
    public int Index { get; set; }

    /// <summary>Its image; null until it is frozen.</summary>
    public FrozenInode? Image { get; set; }

    /// <summary>Space reserved for what its commit writes.</summary>
    public long ReservedBytes { get; set; }

    /// <summary>Leads to the member that stands for the set of dependent inodes; null for that one. Belongs to
    /// <see cref="DependentInodes"/>.</summary>
    public GroupMember? SetParent { get; set; }

    /// <summary>The next member of the set, in a circle. Belongs to <see cref="DependentInodes"/>.</summary>
    public GroupMember NextInSet { get; set; }
}
