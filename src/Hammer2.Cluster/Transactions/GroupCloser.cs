// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Transactions;

/// <summary>Closes the open transaction group, or a part of it, numbers it and freezes its inodes.</summary>
/// <remarks>Used by one commit at a time.</remarks>
internal sealed class GroupCloser
{
    private readonly TransactionGate _gate;
    private readonly FrozenInodes _images;
    private readonly InodeNumbers _inodeNumbers;
    private readonly CommitNumbers _numbers;
    private readonly OrphanSet _orphans;

    public GroupCloser(
        TransactionGate gate, FrozenInodes images, InodeNumbers inodeNumbers, CommitNumbers numbers, OrphanSet orphans)
    {
        _gate = gate;
        _images = images;
        _inodeNumbers = inodeNumbers;
        _numbers = numbers;
        _orphans = orphans;
    }

    /// <summary>True when the numbers of the epoch are nearly used up.</summary>
    public bool NeedsEpoch => _numbers.NeedsEpoch;

    /// <summary>Closes the open group.</summary>
    /// <param name="inodes">Only these inodes, as far as they are dirty, with what depends on them; null for the whole
    /// group.</param>
    /// <returns>The group; null when there is nothing to commit.</returns>
    public SyncingGroup? Close(IReadOnlyList<DirtyInode>? inodes)
    {
        TransactionGroup closed;
        CommitIds ids;
        ulong lastInum;
        using (_gate.EnterExclusive())
        {
            closed = inodes is null ? _gate.Close() : _gate.CloseDependents(inodes);
            if (closed.Members.Count == 0) return null;
            lastInum = _inodeNumbers.Last;
            ids = _numbers.NextCommit();
        }
        List<FrozenInode> images = _images.Freeze(closed);
        foreach (FrozenInode image in images) _orphans.Note(image.Inode.Inum, image.Meta.LinkCount, image.IsDeleted);
        return new SyncingGroup(images, ids, lastInum, closed.ReservedBytes, _orphans.HasAny);
    }

    /// <summary>The rest of a group, as a further attempt to commit it, when the changes of some of its inodes were
    /// given up.</summary>
    /// <param name="group">The group, of which nothing is prepared.</param>
    /// <param name="leaving">Those inodes, which are as the last commit has them.</param>
    public SyncingGroup Without(SyncingGroup group, HashSet<GroupMember> leaving)
    {
        foreach (GroupMember member in leaving)
        {
            DirtyInode inode = member.Inode;
            _orphans.Note(inode.Inum, inode.Meta.LinkCount, inode.IsDeleted);
        }
        int attempts = group.Attempts + 1;
        return group with
        {
            Inodes = group.Inodes.FindAll(image => !leaving.Contains(image.Member)),
            Ids = _numbers.NextAttempt(group.Ids, attempts),
            Attempts = attempts,
            HasOrphans = _orphans.HasAny,
        };
    }

    /// <summary>A group that too few nodes took, as a further attempt under a number of its own.</summary>
    public SyncingGroup Again(SyncingGroup group)
    {
        using (_gate.EnterExclusive())
        {
            return group with
            {
                Ids = _numbers.NextRetry(group.Ids),
                Attempts = 0,
                FormerTids = group.FormerTids.Add(group.Ids.Tid),
                FirstIds = group.EditIds,
                LastInum = _inodeNumbers.Last,
                HasOrphans = _orphans.HasAny,
            };
        }
    }

    /// <summary>Waits until no operation runs, and lets none begin.</summary>
    public void Suspend()
    {
        using (_gate.EnterExclusive()) _gate.Suspend();
    }

    /// <summary>Lets operations begin again.</summary>
    public void Resume() => _gate.Resume();

    /// <summary>The PFS has another root from now on.</summary>
    /// <param name="mayHaveOrphans">True when there may be orphans below it.</param>
    public void ForgetOrphans(bool mayHaveOrphans) => _orphans.Reset(mayHaveOrphans);

    /// <summary>A group that changes nothing: its commit writes the PFS root alone.</summary>
    public SyncingGroup Empty(CommitIds ids) => new([], ids, _inodeNumbers.Last, 0, _orphans.HasAny);

    /// <summary>Numbers a commit that changes nothing.</summary>
    public CommitIds NumberEmpty()
    {
        using (_gate.EnterExclusive()) return _numbers.NextEmptyCommit();
    }

    /// <summary>Has all further operations and commits numbered above a number.</summary>
    /// <returns>True when an epoch has to begin before the next commit.</returns>
    public bool RaiseNumbers(ulong least)
    {
        using (_gate.EnterExclusive()) return _numbers.Raise(least) && _numbers.IsCluster;
    }

    /// <summary>Numbers the two commits that begin an epoch.</summary>
    /// <returns>False when no epoch is left.</returns>
    public bool TryNumberEpoch(out CommitIds first, out CommitIds second)
    {
        second = default;
        using (_gate.EnterExclusive())
        {
            if (!_numbers.TryBeginEpoch(out first)) return false;
            second = _numbers.NextEmptyCommit();
            return true;
        }
    }
}
