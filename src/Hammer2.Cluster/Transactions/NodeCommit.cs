// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Merges a syncing group into the trees of one node: each changed inode with its leaves, then the PFS root with the
/// index of inodes, which goes to the device's committer. All of it in new blocks that no header leads to yet.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_flush</c> and the synchronization of inodes before it. This is where the nodes of a
/// cluster get the same content: what is written was decided before, only locations differ. Runs on one thread, within
/// a turn of the device; several nodes run side by side.
/// </remarks>
internal sealed class NodeCommit
{
    private readonly PresentNode _node;
    private readonly SyncingGroup _group;
    private readonly MediaCommitter _committer;
    private readonly InodeMerge _merge;
    private readonly RootExchange _exchange = new();
    private Chain? _root;
    private PreparedCommit? _prepared;

    /// <param name="node">The node.</param>
    /// <param name="group">The group.</param>
    /// <param name="siblings">Replaces what the node cannot read.</param>
    public NodeCommit(PresentNode node, SyncingGroup group, SiblingLeaves siblings)
    {
        _node = node;
        _group = group;
        _committer = _node.Device.Committer!;
        _merge = new InodeMerge(node, group, siblings);
    }

    /// <summary>The node.</summary>
    public PresentNode Node => _node;

    /// <summary>Inodes of the group that cannot be written, since a block that they need can be read neither here nor
    /// on a sibling. With any of them, this attempt cannot be prepared.</summary>
    public IReadOnlyList<UnreadableInode> Unreadable => _merge.Unreadable;

    /// <summary>Leaves that were restored from siblings, since they could not be read here.</summary>
    public long RestoredTotal => _merge.RestoredTotal;

    /// <summary>Writes the group's blocks, up to the PFS root. Nothing leads to them yet.</summary>
    /// <returns>None, also when inodes are unreadable; what writing met, or the super-root, which is the node's
    /// alone.</returns>
    public Hammer2Error Build()
    {
        FrozenInode? rootImage = _group.Inodes.Find(static inode => inode.Inode.Inum == Media.PfsRootInum);
        TreeEditor index = _merge.OpenIndex(rootImage);
        foreach (FrozenInode inode in _group.Inodes)
        {
            if (ReferenceEquals(inode, rootImage)) continue;
            Hammer2Error error = _merge.Write(inode, index);
            if (error != Hammer2Error.None) return error;
        }
        Hammer2Error failed = rootImage is null
            ? Hammer2Error.None : _merge.WriteRootEntries(rootImage, index);
        if (failed != Hammer2Error.None || Unreadable.Count > 0) return failed;
        failed = WriteRoot(rootImage, index, out Blockref root);
        if (failed == Hammer2Error.None) failed = _committer.PutPfsRoot(root);
        return failed == Hammer2Error.None ? ApplyEdits() : failed;
    }

    /// <summary>Frees the space of an attempt that is not prepared.</summary>
    /// <returns>None.</returns>
    public Hammer2Error Abandon()
    {
        _committer.Abandon();
        return Hammer2Error.None;
    }

    /// <summary>Makes what was built durable.</summary>
    public Hammer2Error Prepare()
    {
        ref readonly Blockref root = ref _root!.Reference;
        var identity = new CommitIdentity(
            root.Key, _node.Root.Meta.PfsClusterId, root.ModifyTid, _group.Ids.Cluster?.CommitId ?? 0);
        _node.Attempt((_exchange.Root ?? _root).Reference);
        return _committer.Prepare(identity, out _prepared);
    }

    /// <summary>Writes the header, and shows the new root.</summary>
    public Hammer2Error Finish()
    {
        Hammer2Error error = _committer.Publish(_prepared!);
        // Nothing is read for it: a fault of the device would come after the header.
        if (error == Hammer2Error.None) _node.Install(_exchange.Root ?? _root!);
        return error;
    }

    private Hammer2Error ApplyEdits()
    {
        // The node took an earlier attempt, which had them.
        if (_group.FormerTids.Contains(_node.Root.Reference.ModifyTid)) return Hammer2Error.None;
        var turn = new PfsRootTurn(_node.Device, _node.Slot)
        {
            Source = _root,
            Tid = _group.EditIds.Tid,
            CommitId = _group.EditIds.Cluster?.CommitId,
            HasOrphans = _group.HasOrphans,
            Exchange = _exchange,
        };
        foreach (PfsRootEdit edit in _group.Edits)
        {
            Hammer2Error error = edit.Apply(turn);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error WriteRoot(FrozenInode? image, TreeEditor tree, out Blockref reference)
    {
        Chain committed = _node.Root;
        reference = committed.Reference;
        InodeMeta meta = committed.Meta;
        if (image is not null) meta = RootMeta.Join(image.Meta, committed.Meta);
        meta.PfsInum = _group.LastInum + 1;
        if (_group.HasSnapshot) meta.PfsSnapshotTid = _group.Ids.Tid;
        if (_group.Ids.Cluster is { } cluster)
        {
            meta.PfsMasters = (byte)cluster.Masters;
            meta.PfsCommitId = cluster.CommitId;
        }
        reference.ModifyTid = Math.Max(reference.ModifyTid, _group.Ids.Tid);
        reference.Flags |= BlockrefFlags.PfsRoot;
        InodeName name = committed.NameArea;
        if (_group.Ids.Cluster is { Record: { } record })
        {
            if (!RootNames.TryWith(committed, record, out byte[] after)) return Hammer2Error.TooLarge;
            name = new InodeName(committed.InodeName, after);
        }
        Hammer2Error written = InodeWriter.Write(
            _committer.Writer, _committer.MirrorTid, meta, name, tree, ref reference, out Chain? chain);
        if (written != Hammer2Error.None) return written;
        Blockref stamped = reference;
        stamped.UpdateTid = CommitStamp.Compute(reference, _group.HasOrphans);
        _root = _committer.Writer.RememberAs(chain!, stamped);
        reference = stamped;
        return written;
    }
}
