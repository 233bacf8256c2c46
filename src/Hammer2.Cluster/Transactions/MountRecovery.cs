// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// What comes before the first change of a mount: the counter of inode numbers is checked against the index, a cluster
/// begins an epoch, and orphans that a crash left are deleted.
/// </summary>
internal sealed class MountRecovery
{
    private const int OrphansAtOnce = 4096;

    private readonly ClusterNodes _nodes;
    private readonly InodeNumbers _inodeNumbers;
    private readonly CommitQueue _queue;
    private readonly OrphanSet _orphans;
    private readonly OrphanDeletion _deletion;

    /// <param name="nodes">The nodes of the PFS.</param>
    /// <param name="inodeNumbers">Its counter of inode numbers.</param>
    /// <param name="queue">Its commits.</param>
    /// <param name="orphans">Its orphans.</param>
    /// <param name="deletion">Deletes them.</param>
    public MountRecovery(
        ClusterNodes nodes, InodeNumbers inodeNumbers, CommitQueue queue, OrphanSet orphans,
        OrphanDeletion deletion)
    {
        _nodes = nodes;
        _inodeNumbers = inodeNumbers;
        _queue = queue;
        _orphans = orphans;
        _deletion = deletion;
    }

    /// <summary>Makes the PFS ready for changes.</summary>
    /// <returns>None; NoQuorum and the faults of nodes when too few took the epoch; TooLarge when no epoch is left;
    /// what the index met.</returns>
    public Hammer2Error Run()
    {
        Hammer2Error error = _inodeNumbers.RaiseToIndex();
        // No other mark on media than the link count tells of orphans: every inode is looked at, unless the last commit
        // was this driver's and says that there are none. Until the search is done, commits say that there may be some.
        _orphans.IsUnknown = CommitStamp.MayHaveOrphans(_nodes.View.FocusOf(Media.PfsRootInum).Root.Reference);
        if (error == Hammer2Error.None && _nodes.IsCluster) error = _queue.BeginEpoch();
        return error == Hammer2Error.None && _orphans.IsUnknown ? DeleteOrphans() : error;
    }

    /// <summary>Makes the PFS ready for changes after its root was exchanged for one of an earlier state.</summary>
    /// <returns>What the index met, or the commits that delete orphans.</returns>
    /// <remarks>Entry: no operation runs.</remarks>
    public Hammer2Error RunAfterExchange()
    {
        _inodeNumbers.RaiseToRoots();
        Hammer2Error error = _inodeNumbers.RaiseToIndex();
        return error == Hammer2Error.None && _orphans.IsUnknown ? DeleteOrphans() : error;
    }

    private Hammer2Error DeleteOrphans()
    {
        int deleted = 0;
        ulong next = Media.PfsRootInum + 1;
        bool isAtEnd = false;
        while (!isAtEnd)
        {
            var found = new List<ulong>();
            isAtEnd = FindOrphans(ref next, found);
            foreach (ulong inum in found)
            {
                Hammer2Error error = _deletion.Run(inum);
                if (error != Hammer2Error.None) return error;
            }
            deleted += found.Count;
            Hammer2Error committed = found.Count > 0 ? _queue.CommitAll() : Hammer2Error.None;
            if (committed != Hammer2Error.None) return committed;
        }
        _orphans.IsUnknown = false;
        if (deleted > 0) MountLog.OrphansDeleted(_nodes.Logger, _nodes.LabelText, deleted);
        return _queue.CommitRoot();
    }

    // An inode that cannot be read is left to fsck.
    private bool FindOrphans(ref ulong next, List<ulong> found)
    {
        PresentNode node = _nodes.View.FocusOf(Media.PfsRootInum);
        var cursor = new ChainCursor(node.Device, node.Root, next, Media.EntryKeyBit - 1);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error != Hammer2Error.None) continue;
            Blockref reference = cursor.Current;
            next = reference.Key + 1;
            if (reference.Type != BlockrefType.Inode || node.Device.Load(reference, out Chain? inode) != 0) continue;
            if (inode!.Meta.LinkCount == 0) found.Add(reference.Key);
            if (found.Count == OrphansAtOnce) return false;
        }
        return true;
    }
}
