// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Freezes the inodes of a closed group into the images that its commit writes, and installs those when they are
/// committed: from then on readers find them in the trees.
/// </summary>
/// <remarks>Used by one commit at a time; locks one inode at a time.</remarks>
internal sealed class FrozenInodes
{
    private readonly ClusterNodes _nodes;
    private readonly InodeLocks _locks;
    private readonly InodeCache _inodes;
    private readonly List<FrozenInode> _unreadable = [];

    public FrozenInodes(ClusterNodes nodes, InodeLocks locks, InodeCache inodes)
    {
        _nodes = nodes;
        _locks = locks;
        _inodes = inodes;
    }

    /// <summary>Freezes those inodes of a closed group that no later operation froze.</summary>
    /// <returns>The images, by inode number.</returns>
    /// <remarks>Entry: no inode lock held; the gate is not needed.</remarks>
    public List<FrozenInode> Freeze(TransactionGroup closed)
    {
        var images = new List<FrozenInode>(closed.Members.Count);
        foreach (GroupMember member in closed.Members)
        {
            if (member.Image is null)
            {
                using InodeLocks.Guard guard = _locks.Write(member.Inode.Inum);
                if (member.Image is null) _ = member.Inode.Freeze();
            }
            images.Add(member.Image!);
        }
        images.Sort(static (left, right) => left.Inode.Inum.CompareTo(right.Inode.Inum));
        return images;
    }

    /// <summary>The trees have these images now: readers find them there from now on. An inode that cannot be read back
    /// stays as it was written.</summary>
    public void Install(IReadOnlyList<FrozenInode> committed)
    {
        foreach (FrozenInode image in committed) Install(image);
    }

    /// <summary>Tries once more to read back inodes that could not be read after their commit.</summary>
    public void InstallUnreadable()
    {
        if (_unreadable.Count == 0) return;
        FrozenInode[] waiting = [.. _unreadable];
        _unreadable.Clear();
        Install(waiting);
    }

    private void Install(FrozenInode image)
    {
        DirtyInode inode = image.Inode;
        using InodeLocks.Guard guard = _locks.Write(inode.Inum);
        if (!image.IsDeleted)
        {
            ClusterView view = _nodes.View;
            Hammer2Error error = _nodes.LoadCommitted(view, inode.Inum, out PresentNode? focus, out Chain? chain);
            if (error != Hammer2Error.None) error = _nodes.LoadCommitted(view, inode.Inum, out focus, out chain);
            if (error != Hammer2Error.None)
            {
                _unreadable.Add(image);
                return;
            }
            inode.SeeOn(focus!, chain);
        }
        inode.UnwrittenBytes -= ChargedBytes(image);
        inode.Frozen = null;
        if (!inode.IsDirty) _inodes.Forget(inode);
    }

    private static long ChargedBytes(FrozenInode image)
    {
        long sum = 0;
        if (image.Changes is not { } delta) return sum;
        foreach ((_, DirtyBlock block) in delta.Blocks) sum += block.ChargedBytes;
        return sum;
    }
}
