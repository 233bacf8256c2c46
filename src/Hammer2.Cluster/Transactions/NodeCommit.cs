// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.WriteBack;
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
    private readonly BlockWriter _writer;
    private readonly ulong _mirrorTid;
    private readonly SiblingLeaves _siblings;
    private readonly List<UnreadableInode> _unreadable = [];
    private Hammer2Error _fault;
    private readonly RootExchange _exchange = new();
    private Chain? _root;

    public NodeCommit(PresentNode node, SyncingGroup group, SiblingLeaves siblings)
    {
        _node = node;
        _group = group;
        _committer = _node.Device.Committer!;
        _writer = _committer.Writer;
        _mirrorTid = _committer.MirrorTid;
        _siblings = siblings;
    }

    /// <summary>The node.</summary>
    public PresentNode Node => _node;

    /// <summary>The header that waits to be written; after success.</summary>
    public PreparedCommit? Prepared { get; private set; }

    /// <summary>Inodes of the group that cannot be written, since a block that they need can be read neither here nor
    /// on a sibling. With any of them, this attempt cannot be prepared.</summary>
    public IReadOnlyList<UnreadableInode> Unreadable => _unreadable;

    /// <summary>Leaves that were restored from siblings, since they could not be read here.</summary>
    public long RestoredTotal => _siblings.RestoredTotal;

    /// <summary>Writes the group's blocks, up to the PFS root. Nothing leads to them yet.</summary>
    /// <returns>None, also when inodes are unreadable; what writing met, or the super-root, which is the node's
    /// alone.</returns>
    public Hammer2Error Build()
    {
        TreeEditor index = NewTree(_node.Root, _siblings.Of(Media.PfsRootInum));
        FrozenInode? rootImage = null;
        foreach (FrozenInode inode in _group.Inodes)
        {
            if (inode.Inode.Inum == Media.PfsRootInum)
            {
                rootImage = inode;
                continue;
            }
            Hammer2Error error = Sort(inode, WriteInode(inode, index));
            if (error != Hammer2Error.None) return error;
        }
        Hammer2Error failed = rootImage is null
            ? Hammer2Error.None : Sort(rootImage, ApplyChanges(rootImage, index));
        if (failed != Hammer2Error.None || _unreadable.Count > 0) return failed;
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
        Hammer2Error error = _committer.Prepare(identity, out PreparedCommit? prepared);
        Prepared = prepared;
        return error;
    }

    /// <summary>Writes the header, and shows the new root.</summary>
    public Hammer2Error Finish()
    {
        Hammer2Error error = _committer.Publish(Prepared!);
        // Nothing is read for it: a fault of the device would come after the header.
        if (error == Hammer2Error.None) _node.Install(_exchange.Root ?? _root!);
        return error;
    }

    private Hammer2Error ApplyEdits()
    {
        var turn = new PfsRootTurn(_node.Device, _node.Slot)
        {
            Source = _root,
            Tid = _group.Ids.Tid,
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

    private TreeEditor NewTree(Chain inode, ILeafSource? source)
    {
        TreeShape shape = TreeShape.OfInode(inode.Meta.Type, inode.Reference.Methods.Check);
        return new TreeEditor(_node.Device, shape, inode.Table, source);
    }

    // What could not be read concerns one inode; what could not be written, the node.
    private Hammer2Error Sort(FrozenInode inode, Hammer2Error error)
    {
        Hammer2Error fault = _fault;
        _fault = Hammer2Error.None;
        if (_siblings.WriteError != Hammer2Error.None) return _siblings.WriteError;
        if (fault == Hammer2Error.None) return error;
        _unreadable.Add(new UnreadableInode(inode, fault));
        return Hammer2Error.None;
    }

    private Hammer2Error Read(Hammer2Error error)
    {
        _fault |= error;
        return error;
    }

    private Hammer2Error WriteInode(FrozenInode inode, TreeEditor index)
    {
        ulong inum = inode.Inode.Inum;
        Hammer2Error error = index.Find(inum, out Blockref reference);
        bool isNew = error == Hammer2Error.NoEntry;
        if (!isNew && Read(error) != Hammer2Error.None) return error;
        if (inode.IsDeleted) return isNew ? Hammer2Error.None : Read(index.Remove(inum));
        if (isNew) reference = new Blockref { Type = BlockrefType.Inode, Key = inum, Methods = inode.Inode.Methods };
        if (reference.Type != BlockrefType.Inode)
        {
            return Read(_node.Device.ReportMisplaced(
                reference, "the PFS has something else under this inode's number"));
        }
        // Embedded content replaces all blocks of the file.
        TreeEditor? tree = null;
        if (inode.Embedded is null)
        {
            error = OpenTree(inode, isNew, reference, out tree);
            if (error != Hammer2Error.None) return error;
        }
        reference.ModifyTid = _group.ModifyTidOf(inode.ModifyTid);
        reference.UpdateTid = 0;
        Span<byte> name = stackalloc byte[18];
        bool isWritten = Encoding.ASCII.TryGetBytes($"0x{inum:x16}", name, out int nameBytes);
        Invariant.Holds(isWritten && nameBytes == name.Length);
        error = tree is null
            ? InodeWriter.Write(_writer, _mirrorTid, inode.Meta, name, inode.Embedded, ref reference)
            : InodeWriter.Write(_writer, _mirrorTid, inode.Meta, name, tree, ref reference);
        return error == Hammer2Error.None ? Read(index.Put(reference)) : error;
    }

    // The tree of an inode with the group's changes in it.
    private Hammer2Error OpenTree(FrozenInode inode, bool isNew, in Blockref reference, out TreeEditor? tree)
    {
        tree = null;
        Chain? committed = null;
        bool isLost = false;
        ILeafSource? source = _siblings.Of(inode.Inode.Inum);
        if (!isNew)
        {
            Hammer2Error error = _node.Device.LoadForChange(reference, out committed);
            isLost = error != Hammer2Error.None;
            if (isLost && source is null) return Read(error);
        }
        TreeShape shape = TreeShape.OfInode(inode.Meta.Type, inode.Inode.Methods.Check);
        tree = new TreeEditor(_node.Device, shape, committed is null ? default : committed.Table, source);
        Hammer2Error restored = isLost ? Read(_siblings.RestoreAll(inode.Inode.Inum, tree)) : Hammer2Error.None;
        return restored == Hammer2Error.None ? ApplyChanges(inode, tree) : restored;
    }

    private Hammer2Error ApplyChanges(FrozenInode inode, TreeEditor tree)
    {
        if (inode.Changes is not { } changes) return Hammer2Error.None;
        Hammer2Error error = Hammer2Error.None;
        if (changes.TruncatedFrom != LeafDelta.NotTruncated)
            error = Read(tree.RemoveRange(changes.TruncatedFrom, ulong.MaxValue));
        if (error == Hammer2Error.None) error = ApplyBlocks(changes, tree);
        return error == Hammer2Error.None ? ApplyEntries(inode, changes, tree) : error;
    }

    private Hammer2Error ApplyBlocks(LeafDelta changes, TreeEditor tree)
    {
        foreach ((ulong key, DirtyBlock block) in changes.Blocks)
        {
            Hammer2Error error;
            if (block.Stored is { } stored)
            {
                // A node joins only while there is no dirty block: without one of its own this must not go on.
                Invariant.Holds(_node.Slot < stored.Length && stored[_node.Slot].Data.Raw != 0);
                Blockref reference = stored[_node.Slot];
                reference.MirrorTid = _mirrorTid;
                reference.ModifyTid = _group.ModifyTidOf(reference.ModifyTid);
                error = Read(tree.Put(reference));
            }
            else
            {
                Invariant.Holds(block.IsHole);
                error = RemoveIfThere(tree, key);
            }
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error ApplyEntries(FrozenInode directory, LeafDelta changes, TreeEditor tree)
    {
        foreach ((ulong key, DirentDelta entry) in changes.Entries)
        {
            Hammer2Error error;
            if (entry.IsRemoval) error = RemoveIfThere(tree, key);
            else
            {
                error = MakeEntry(directory, key, entry, out Blockref reference);
                if (error == Hammer2Error.None) error = Read(tree.Put(reference));
            }
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error RemoveIfThere(TreeEditor tree, ulong key)
    {
        Hammer2Error error = tree.Remove(key);
        return error == Hammer2Error.NoEntry ? Hammer2Error.None : Read(error);
    }

    private Hammer2Error MakeEntry(
        FrozenInode directory, ulong key, DirentDelta entry, out Blockref reference)
    {
        byte[] name = entry.Name!;
        reference = new Blockref
        {
            Type = BlockrefType.Dirent,
            Methods = directory.Inode.Methods,
            Key = key,
            ModifyTid = _group.ModifyTidOf(entry.ModifyTid),
            MirrorTid = _mirrorTid,
        };
        reference.Dirent.Inum = entry.Inum;
        reference.Dirent.NameBytes = (ushort)name.Length;
        reference.Dirent.Type = entry.Type;
        if (name.Length <= Media.EntryNameInlineBytesMax)
        {
            name.CopyTo(reference.Check);
            return Hammer2Error.None;
        }
        byte[] block = new byte[Media.AllocationBytesMin];
        name.CopyTo(block, 0);
        return _writer.Write(ref reference, block);
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
        Hammer2Error written = InodeWriter.Write(
            _writer, _mirrorTid, meta, committed.NameArea, tree, ref reference, out Chain? chain);
        if (written != Hammer2Error.None) return written;
        Blockref stamped = reference;
        stamped.UpdateTid = CommitStamp.Compute(reference, _group.HasOrphans);
        _root = _writer.RememberAs(chain!, stamped);
        reference = stamped;
        return written;
    }
}

/// <summary>An inode of a group that needs a block which cannot be read.</summary>
/// <param name="Image">The inode as the group has it.</param>
/// <param name="Fault">What reading met.</param>
internal readonly record struct UnreadableInode(FrozenInode Image, Hammer2Error Fault);
