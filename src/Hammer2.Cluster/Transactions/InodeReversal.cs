// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;

namespace Hammer2.Cluster.Transactions;

/// <summary>Takes one inode back to its state before a group, with its file data and entries: to the image below the
/// group's, or else the last commit.</summary>
internal sealed class InodeReversal
{
    private readonly InodeLocks _locks;
    private readonly InodeCache _inodes;
    private readonly BlockWriteBack _writeBack;

    public InodeReversal(InodeLocks locks, InodeCache inodes, BlockWriteBack writeBack)
    {
        _locks = locks;
        _inodes = inodes;
        _writeBack = writeBack;
    }

    /// <summary>Gives up what the open group changed of an inode, and what a syncing group did.</summary>
    /// <param name="inode">The inode.</param>
    /// <param name="image">The inode as the syncing group has it; null when only the open group changed it.</param>
    /// <returns>What was lost.</returns>
    /// <remarks>Entry: no inode lock held; no operation runs.</remarks>
    public LeftOutInode Revert(DirtyInode inode, FrozenInode? image)
    {
        using InodeLocks.Guard guard = _locks.Write(inode.Inum);
        var lost = new LeftOutInode(inode.Inum);
        if (inode.Open is { } open) Drop(inode, open, lost);
        if (image is not null)
        {
            if (image.Changes is { } changes) Drop(inode, changes, lost);
            inode.Frozen = image.Below;
        }
        if (!inode.Revert()) _inodes.Forget(inode);
        return lost;
    }

    private void Drop(DirtyInode inode, LeafDelta delta, LeftOutInode lost)
    {
        foreach ((_, DirtyBlock block) in delta.Blocks) _writeBack.Drop(inode, block);
        foreach ((ulong key, DirentDelta entry) in delta.Entries) lost.Add(key, entry.Name);
    }
}
