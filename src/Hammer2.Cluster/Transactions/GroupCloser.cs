// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Transactions;

/// <summary>Closes the open transaction group, or a part of it, numbers it and freezes its inodes.</summary>
/// <remarks>Used by one commit at a time.</remarks>
internal sealed class GroupCloser
{
    private readonly TransactionGate _gate;
    private readonly InodeCache _inodes;
    private readonly InodeNumbers _inodeNumbers;
    private readonly CommitNumbers _numbers;
    private readonly OrphanSet _orphans;

    public GroupCloser(
        TransactionGate gate, InodeCache inodes, InodeNumbers inodeNumbers, CommitNumbers numbers, OrphanSet orphans)
    {
        _gate = gate;
        _inodes = inodes;
        _inodeNumbers = inodeNumbers;
        _numbers = numbers;
        _orphans = orphans;
    }

    /// <summary>Closes the open group.</summary>
    /// <param name="inums">Only these inodes with what depends on them; null for the whole group.</param>
    /// <returns>The group; null when there is nothing to commit.</returns>
    public SyncingGroup? Close(IReadOnlyList<ulong>? inums)
    {
        TransactionGroup closed;
        CommitIds ids;
        ulong lastInum;
        using (_gate.EnterExclusive())
        {
            closed = inums is null ? _gate.Close() : _gate.CloseDependents(Dirty(inums));
            if (closed.Members.Count == 0) return null;
            lastInum = _inodeNumbers.Last;
            ids = _numbers.NextCommit();
        }
        List<FrozenInode> images = _inodes.Freeze(closed);
        foreach (FrozenInode image in images) _orphans.Note(image.Inode.Inum, image.Meta.LinkCount, image.IsDeleted);
        return new SyncingGroup(images, ids, lastInum, closed.ReservedBytes, _orphans.HasAny);
    }

    /// <summary>A group that changes nothing: its commit writes the PFS root alone.</summary>
    public SyncingGroup Empty(CommitIds ids) => new([], ids, _inodeNumbers.Last, 0, _orphans.HasAny);

    /// <summary>Numbers a commit that changes nothing.</summary>
    public CommitIds NumberEmpty()
    {
        using (_gate.EnterExclusive()) return _numbers.NextEmptyCommit();
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

    private IEnumerable<DirtyInode> Dirty(IReadOnlyList<ulong> inums)
    {
        foreach (ulong inum in inums)
            if (_inodes.TryGet(inum, out DirtyInode? inode)) yield return inode;
    }
}
