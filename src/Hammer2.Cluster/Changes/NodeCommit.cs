// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// Lays a closed group into the tree of one node: every changed inode with its leaves, then the PFS root with
/// the index of inodes, then the super-root. All of it new blocks that no header leads to yet.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_flush</c> and the synchronization of inodes before it. This is where the nodes of a
/// cluster get the same content: what is written was decided above, only places differ. Runs on one
/// thread; several nodes run side by side.
/// </remarks>
internal sealed class NodeCommit
{
    private readonly PfsNode _node;
    private readonly int _nodeIndex;
    private readonly ClosedGroup _group;
    private readonly BlockWriter _writer;
    private readonly ulong _mirrorTid;

    public NodeCommit(PfsNode node, int nodeIndex, ClosedGroup group)
    {
        _node = node;
        _nodeIndex = nodeIndex;
        _group = group;
        _writer = node.Device.Writer!;
        _mirrorTid = node.Device.NextMirrorTid;
    }

    /// <summary>The header that waits to be written; after success.</summary>
    public PreparedCommit? Prepared { get; private set; }

    /// <summary>Writes the group's blocks and makes them durable.</summary>
    public Hammer2Error Prepare()
    {
        TreeEditor index = NewTree(_node.Root);
        ClosedInode? rootImage = null;
        foreach (ClosedInode inode in _group.Inodes)
        {
            if (inode.Live.Inum == Media.PfsRootInum)
            {
                rootImage = inode;
                continue;
            }
            Hammer2Error error = WriteInode(inode, index);
            if (error != Hammer2Error.None) return error;
        }
        Hammer2Error failed = WriteRoot(rootImage, index, out Blockref root);
        if (failed != Hammer2Error.None) return failed;
        failed = WriteSuperRoot(root, out Blockref superRoot, out int slot);
        if (failed != Hammer2Error.None) return failed;

        var blockset = new Blockref[Media.BlocksetCount];
        _node.Device.Header.SuperRootBlockset.CopyTo(blockset);
        blockset[slot] = superRoot;
        var identity = new CommitIdentity(
            root.Key, _node.Root.Meta.PfsClusterId, root.ModifyTid, _group.Cluster?.CommitId ?? 0);
        failed = _node.Device.PrepareCommit(blockset, identity, out PreparedCommit? prepared);
        Prepared = prepared;
        return failed;
    }

    /// <summary>Writes the header, and shows the new root.</summary>
    public Hammer2Error Finish()
    {
        Hammer2Error error = _node.Device.FinishCommit(Prepared!);
        if (error != Hammer2Error.None) return error;
        error = PfsEntry.Find(_node.Device, _node.Root.Reference.Key, out Chain? root);
        if (error == Hammer2Error.None) _node.Install(root!);
        return error;
    }

    private TreeEditor NewTree(Chain inode)
    {
        TreeShape shape = TreeShape.OfInode(inode.Meta.Type, inode.Reference.Methods.Check);
        return new TreeEditor(_node.Device, shape, inode.Table);
    }

    private Hammer2Error WriteInode(ClosedInode inode, TreeEditor index)
    {
        ulong inum = inode.Live.Inum;
        Hammer2Error error = _node.LoadInode(inum, out Chain? committed);
        if (error is not (Hammer2Error.None or Hammer2Error.NoEntry)) return error;
        if (inode.IsDeleted)
        {
            error = index.Remove(inum);
            return error == Hammer2Error.NoEntry ? Hammer2Error.None : error;
        }
        Blockref reference = committed?.Reference
            ?? new Blockref { Type = BlockrefType.Inode, Key = inum, Methods = inode.Live.Methods };
        reference.ModifyTid = inode.ModifyTid;
        reference.UpdateTid = 0;
        Span<byte> name = stackalloc byte[18];
        bool isWritten = Encoding.ASCII.TryGetBytes($"0x{inum:x16}", name, out int nameBytes);
        Invariant.Holds(isWritten && nameBytes == name.Length);
        if (inode.Embedded is not null)
            error = InodeWriter.Write(_writer, _mirrorTid, inode.Meta, name, inode.Embedded, ref reference);
        else
        {
            TreeShape shape = TreeShape.OfInode(inode.Meta.Type, inode.Live.Methods.Check);
            var tree = new TreeEditor(_node.Device, shape, committed is null ? default : committed.Table);
            error = ApplyChanges(inode, tree);
            if (error == Hammer2Error.None)
                error = InodeWriter.Write(_writer, _mirrorTid, inode.Meta, name, tree, ref reference);
        }
        return error == Hammer2Error.None ? index.Put(reference) : error;
    }

    private Hammer2Error ApplyChanges(ClosedInode inode, TreeEditor tree)
    {
        if (inode.Changes is not { } changes) return Hammer2Error.None;
        Hammer2Error error = Hammer2Error.None;
        if (changes.CutFrom != LeafChanges.NoCut) error = tree.RemoveRange(changes.CutFrom, ulong.MaxValue);
        if (error == Hammer2Error.None) error = ApplyBlocks(changes, tree);
        return error == Hammer2Error.None ? ApplyEntries(inode, changes, tree) : error;
    }

    private Hammer2Error ApplyBlocks(LeafChanges changes, TreeEditor tree)
    {
        for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block); from =
            key + 1)
        {
            Hammer2Error error;
            if (block.Stored is { } stored)
            {
                Blockref reference = stored[_nodeIndex];
                reference.MirrorTid = _mirrorTid;
                error = tree.Put(reference);
            }
            else
            {
                Invariant.Holds(block.IsHole);
                error = tree.Remove(key);
                if (error == Hammer2Error.NoEntry) error = Hammer2Error.None;
            }
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error ApplyEntries(ClosedInode directory, LeafChanges changes, TreeEditor tree)
    {
        ulong from = 0;
        while (changes.Entries.TryFirst(from, out ulong key, out EntryChange? entry))
        {
            Hammer2Error error;
            if (entry.IsRemoval)
            {
                error = tree.Remove(key);
                if (error == Hammer2Error.NoEntry) error = Hammer2Error.None;
            }
            else
            {
                error = MakeEntry(directory, key, entry, out Blockref reference);
                if (error == Hammer2Error.None) error = tree.Put(reference);
            }
            if (error != Hammer2Error.None) return error;
            if (key == ulong.MaxValue) break;
            from = key + 1;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error MakeEntry(
        ClosedInode directory, ulong key, EntryChange entry, out Blockref reference)
    {
        byte[] name = entry.Name!;
        reference = new Blockref
        {
            Type = BlockrefType.Dirent,
            Methods = directory.Live.Methods,
            Key = key,
            ModifyTid = entry.ModifyTid,
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

    private Hammer2Error WriteRoot(ClosedInode? image, TreeEditor tree, out Blockref reference)
    {
        Chain committed = _node.Root;
        reference = committed.Reference;
        InodeMeta meta = committed.Meta;
        if (image is not null)
        {
            Hammer2Error error = ApplyChanges(image, tree);
            if (error != Hammer2Error.None) return error;
            meta = RootMeta.Join(image.Meta, committed.Meta);
        }
        meta.PfsInum = _group.LastInum + 1;
        if (_group.Cluster is { } cluster)
        {
            meta.PfsMasters = (byte)cluster.Masters;
            meta.PfsCommitId = cluster.CommitId;
        }
        reference.ModifyTid = Math.Max(reference.ModifyTid, _group.Tid);
        reference.Flags |= BlockrefFlags.PfsRoot;
        Hammer2Error written = InodeWriter.Write(
            _writer, _mirrorTid, meta, committed.InodeName, tree, ref reference);
        if (written != Hammer2Error.None) return written;
        Blockref stamped = reference;
        stamped.UpdateTid = CommitStamp.Compute(reference, _group.HasNameless);
        _writer.RememberAs(reference, stamped);
        reference = stamped;
        return written;
    }

    private Hammer2Error WriteSuperRoot(in Blockref root, out Blockref reference, out int slot)
    {
        reference = default;
        ReadOnlySpan<Blockref> blockset = _node.Device.Header.SuperRootBlockset;
        slot = new BlockTable(blockset).FindFirst(Media.SuperRootInum);
        if (slot < 0) return Hammer2Error.Corrupt;
        reference = blockset[slot];
        Hammer2Error error = _node.Device.Load(reference, out Chain? superRoot);
        if (error != Hammer2Error.None) return error;
        TreeEditor tree = NewTree(superRoot!);
        error = tree.Put(root);
        if (error != Hammer2Error.None) return error;
        return InodeWriter.Write(
            _writer, _mirrorTid, superRoot!.Meta, superRoot.InodeName, tree, ref reference);
    }
}

/// <summary>The meta part of a PFS root, some of which is the node's own.</summary>
internal static class RootMeta
{
    /// <summary>What all nodes share, from the image of the group, with what a node must keep for
    /// itself.</summary>
    public static InodeMeta Join(in InodeMeta shared, in InodeMeta own)
    {
        InodeMeta joined = shared;
        joined.PfsNodeId = own.PfsNodeId;
        joined.PfsClusterId = own.PfsClusterId;
        joined.PfsRole = own.PfsRole;
        joined.PfsSubtype = own.PfsSubtype;
        joined.PfsMasters = own.PfsMasters;
        joined.PfsSnapshotTid = own.PfsSnapshotTid;
        joined.NameKey = own.NameKey;
        joined.NameBytes = own.NameBytes;
        joined.ParentInum = own.ParentInum;
        return joined;
    }
}
