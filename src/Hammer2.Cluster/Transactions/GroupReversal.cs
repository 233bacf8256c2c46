// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Undoes the uncommitted changes of inodes that a commit cannot write, because a damaged block that copy-on-write has
/// to read is readable on no node: they leave the syncing group, with every operation in it and in the open group that
/// depends on them, and the commit goes on with the rest.
/// </summary>
internal sealed class GroupReversal
{
    private readonly ClusterNodes _nodes;
    private readonly TransactionGate _gate;
    private readonly InodeCache _inodes;
    private readonly BlockWriteBack _writeBack;
    private readonly OrphanSet _orphans;
    private readonly CommitNumbers _numbers;
    private readonly SpaceReserve _space;
    private readonly FailStop _failStop;
    private long _revertedTotal;

    public GroupReversal(
        ClusterNodes nodes, TransactionGate gate, InodeCache inodes, BlockWriteBack writeBack, OrphanSet orphans,
        CommitNumbers numbers, SpaceReserve space, FailStop failStop)
    {
        _nodes = nodes;
        _gate = gate;
        _inodes = inodes;
        _writeBack = writeBack;
        _orphans = orphans;
        _numbers = numbers;
        _space = space;
        _failStop = failStop;
    }

    /// <summary>Inodes so far whose changes were accepted and could not be committed.</summary>
    public long RevertedTotal => Volatile.Read(ref _revertedTotal);

    /// <summary>Told of such inodes once they are as the last commit has them. Called within a commit: it must not
    /// block, nor make changes.</summary>
    public Action<IReadOnlyList<LeftOutInode>>? Reverted { get; set; }

    /// <summary>Takes what depends on unreadable inodes out of a group.</summary>
    /// <param name="group">The group, of which nothing is prepared.</param>
    /// <param name="unreadable">At least one of its inodes.</param>
    /// <returns>The rest, as a further attempt.</returns>
    public SyncingGroup Without(SyncingGroup group, List<UnreadableInode> unreadable)
    {
        var told = new List<LeftOutInode>();
        SyncingGroup rest;
        using (_gate.EnterExclusive())
        {
            HashSet<GroupMember> leaving = DependentInodes.AllOf(
                [.. group.Inodes.Select(image => image.Member)], unreadable.Select(inode => inode.Image.Member));
            HashSet<GroupMember> later = _gate.DependentsOf(leaving.Select(member => member.Inode));
            foreach (FrozenInode image in group.Inodes)
                if (leaving.Contains(image.Member)) told.Add(LeaveSyncing(image, later));
            foreach (GroupMember member in later) told.Add(LeaveOpen(member));
            rest = Rest(group, leaving);
        }
        _ = Interlocked.Add(ref _revertedTotal, told.Count);
        MountLog.ChangesLeftOut(
            _nodes.Logger, _failStop.Label, told.Count, unreadable[0].Image.Inode.Inum, unreadable[0].Fault);
        Reverted?.Invoke(told);
        return rest;
    }

    private LeftOutInode LeaveSyncing(FrozenInode image, HashSet<GroupMember> later)
    {
        DirtyInode inode = image.Inode;
        using InodeLocks.Guard guard = _inodes.LockOf(inode);
        var told = new LeftOutInode(inode.Inum);
        if (inode.Member is { } member && later.Remove(member)) LeaveOpen(inode, member, told);
        if (image.Changes is { } delta) Drop(inode, delta, told);
        inode.Frozen = image.Below;
        Revert(inode);
        _orphans.Note(inode.Inum, inode.Meta.LinkCount, inode.IsDeleted);
        return told;
    }

    private LeftOutInode LeaveOpen(GroupMember member)
    {
        DirtyInode inode = member.Inode;
        using InodeLocks.Guard guard = _inodes.LockOf(inode);
        var told = new LeftOutInode(inode.Inum);
        LeaveOpen(inode, member, told);
        Revert(inode);
        return told;
    }

    private void LeaveOpen(DirtyInode inode, GroupMember member, LeftOutInode told)
    {
        if (inode.Open is { } delta) Drop(inode, delta, told);
        _gate.Remove(member);
        _space.Release(member.ReservedBytes);
    }

    private void Revert(DirtyInode inode)
    {
        if (!inode.Revert()) _inodes.Forget(inode);
    }

    private void Drop(DirtyInode inode, LeafDelta delta, LeftOutInode told)
    {
        foreach ((_, DirtyBlock block) in delta.Blocks) _writeBack.Drop(inode, block);
        foreach ((ulong key, DirentDelta entry) in delta.Entries) told.Add(key, entry.Name);
    }

    private SyncingGroup Rest(SyncingGroup group, HashSet<GroupMember> leaving)
    {
        int attempts = group.Attempts + 1;
        return group with
        {
            Inodes = group.Inodes.FindAll(image => !leaving.Contains(image.Member)),
            Ids = _numbers.NextAttempt(group.Ids, attempts),
            Attempts = attempts,
            HasOrphans = _orphans.HasAny,
        };
    }
}

/// <summary>An inode of a group that needs a block which cannot be read.</summary>
/// <param name="Image">The inode as the group has it.</param>
/// <param name="Fault">What reading met.</param>
internal readonly record struct UnreadableInode(FrozenInode Image, Hammer2Error Fault);

/// <summary>An inode whose changes were accepted and could not be committed.</summary>
/// <param name="Inum">Its number.</param>
public sealed record LeftOutInode(ulong Inum)
{
    private readonly List<LeftOutEntry> _entries = [];

    /// <summary>The entries of a directory that are as before.</summary>
    public IReadOnlyList<LeftOutEntry> Entries => _entries;

    internal void Add(ulong key, byte[]? name) =>
        _entries.Add(new LeftOutEntry(key, name is null ? null : name.AsMemory()));
}

/// <summary>A directory entry that was not added, or not removed.</summary>
/// <param name="Key">Its key in its directory.</param>
/// <param name="Name">Its name; null for one that is still there.</param>
public readonly record struct LeftOutEntry(ulong Key, ReadOnlyMemory<byte>? Name);
