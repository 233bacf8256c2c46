// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Merges the changed inodes of a syncing group into the trees of one node, each with its blocks of file data or its
/// entries. All of it in new blocks that nothing leads to yet.
/// </summary>
/// <remarks>Part of a <see cref="NodeCommit"/>. What cannot be read concerns one inode, and what cannot be written the
/// node.</remarks>
internal sealed class InodeMerge
{
    private readonly PresentNode _node;
    private readonly SyncingGroup _group;
    private readonly SiblingLeaves _siblings;
    private readonly BlockWriter _writer;
    private readonly ulong _mirrorTid;
    private readonly List<UnreadableInode> _unreadable = [];
    private Hammer2Error _fault;

    /// <param name="node">The node, within a turn of its device.</param>
    /// <param name="group">The group.</param>
    /// <param name="siblings">Replaces what the node cannot read.</param>
    public InodeMerge(PresentNode node, SyncingGroup group, SiblingLeaves siblings)
    {
        _node = node;
        _group = group;
        _siblings = siblings;
        MediaCommitter committer = node.Device.Committer!;
        _writer = committer.Writer;
        _mirrorTid = committer.MirrorTid;
    }

    /// <summary>Inodes that cannot be written, since a block that they need can be read neither here nor on a
    /// sibling.</summary>
    public IReadOnlyList<UnreadableInode> Unreadable => _unreadable;

    /// <summary>Leaves that were restored from siblings, since they could not be read here.</summary>
    public long RestoredTotal => _siblings.RestoredTotal;

    /// <summary>The index of inodes of the last commit, with the entries of the root directory.</summary>
    /// <param name="root">The image of the root directory; null when the group has none.</param>
    public TreeEditor OpenIndex(FrozenInode? root) => OpenRebuilt(
        _node.Root, ShapeOf(_node.Root), _siblings.Of(Media.PfsRootInum), root);

    /// <summary>Writes an inode other than the root directory, or removes it.</summary>
    /// <returns>None, also when it is unreadable; what writing met.</returns>
    public Hammer2Error Write(FrozenInode inode, TreeEditor index) => Sort(inode, WriteInode(inode, index));

    /// <summary>Merges the entries of the root directory, which are in the index of inodes.</summary>
    /// <returns>As <see cref="Write"/>.</returns>
    public Hammer2Error WriteRootEntries(FrozenInode root, TreeEditor index) => Sort(root, ApplyChanges(root, index));

    // The tree of the last commit, with what is to be stored anew on this node, if that can be had.
    private TreeEditor OpenRebuilt(Chain? committed, TreeShape shape, ILeafSource? source, FrozenInode? image)
    {
        TreeEditor tree = Open(committed, shape, source);
        if (committed is null || source is null || image?.Changes is not { Rebuilds.Count: > 0 } changes) return tree;
        _siblings.IsOptional = true;
        bool isRebuilt = changes.Rebuilds.TrueForAll(
            rebuild => rebuild.Slot != _node.Slot || Rebuild(tree, source, rebuild) == Hammer2Error.None);
        _siblings.IsOptional = false;
        return isRebuilt ? tree : Open(committed, shape, source);
    }

    private TreeEditor Open(Chain? committed, TreeShape shape, ILeafSource? source) =>
        new(_node.Device, shape, committed is null ? default : committed.Table, source);

    private static TreeShape ShapeOf(Chain inode) =>
        TreeShape.OfInode(inode.Meta.Type, inode.Reference.Methods.Check);

    private static Hammer2Error Rebuild(TreeEditor tree, ILeafSource source, LeafRebuild rebuild)
    {
        // Finding it restores the blocks of references above it.
        Hammer2Error error = tree.Find(rebuild.Key, out _);
        if (error == Hammer2Error.NoEntry) return Hammer2Error.None;
        if (error != Hammer2Error.None || !rebuild.IsLeaf) return error;
        var leaves = new List<Blockref>();
        error = source.Restore(rebuild.Key, rebuild.Key, leaves);
        for (int i = 0; i < leaves.Count && error == Hammer2Error.None; i++) error = tree.Put(leaves[i]);
        return error;
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
        Span<byte> digits = stackalloc byte[Media.InodeNameBytes];
        bool isWritten = Encoding.ASCII.TryGetBytes($"0x{inum:x16}", digits, out int nameBytes);
        Invariant.Holds(isWritten && nameBytes == digits.Length);
        var name = new InodeName(digits, inode.AfterName);
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
        tree = OpenRebuilt(committed, shape, source, inode);
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
                if (block.IsLost) return Read(Hammer2Error.Io);
                // A node joins only while there is no dirty block, or each got a place there: without one of its own
                // this must not go on.
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
}
