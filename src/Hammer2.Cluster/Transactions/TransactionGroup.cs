// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.Transactions;

/// <summary>The operations that become durable together: those since the group before, or a part of them.</summary>
/// <remarks>Open as long as operations join it, then syncing. Its members are changed under the lock of the gate.
/// </remarks>
internal sealed class TransactionGroup(ulong number)
{
    private readonly List<GroupMember> _members = [];
    private long _reservedBytes;
    private int _leaves;

    /// <summary>Its number among the groups of its PFS, by which its members know it.</summary>
    public ulong Number { get; } = number;

    /// <summary>The inodes in it, in no order.</summary>
    public IReadOnlyList<GroupMember> Members => _members;

    /// <summary>Space reserved for what its commit writes, blocks of file data not included.</summary>
    public long ReservedBytes => Volatile.Read(ref _reservedBytes);

    /// <summary>Entries and blocks of file data that were changed in it, those of members that left included.</summary>
    public int Leaves => Volatile.Read(ref _leaves);

    /// <summary>Counts a changed entry or block.</summary>
    public void CountLeaf() => _ = Interlocked.Increment(ref _leaves);

    /// <summary>Adds an inode.</summary>
    public GroupMember Add(DirtyInode inode)
    {
        var member = new GroupMember(inode, Number) { Index = _members.Count };
        _members.Add(member);
        return member;
    }

    /// <summary>Adds space that was reserved for a member.</summary>
    /// <remarks>Entry: the lock of the member's inode is held.</remarks>
    public void Charge(GroupMember member, long bytes)
    {
        member.ReservedBytes += bytes;
        _ = Interlocked.Add(ref _reservedBytes, bytes);
    }

    /// <summary>Moves a member of another group into this one.</summary>
    /// <remarks>Entry: no operation runs.</remarks>
    public void Take(GroupMember member, TransactionGroup from)
    {
        from.Remove(member);
        member.GroupNumber = Number;
        member.Index = _members.Count;
        _members.Add(member);
        _reservedBytes += member.ReservedBytes;
    }

    /// <summary>Removes a member, whose changes were reverted.</summary>
    /// <remarks>Entry: no operation runs.</remarks>
    public void Remove(GroupMember member)
    {
        GroupMember last = _members[^1];
        _members[member.Index] = last;
        last.Index = member.Index;
        _members.RemoveAt(_members.Count - 1);
        _reservedBytes -= member.ReservedBytes;
    }
}
