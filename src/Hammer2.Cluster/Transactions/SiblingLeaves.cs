// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.Operations;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Rebuilds on one node what a commit cannot read there, from the last commit of the other synced nodes: references
/// with their names and data, whole inodes below a damaged block of the index.
/// </summary>
/// <remarks>Belongs to one node's part of a commit. What is restored is in the commit that needed it.</remarks>
internal sealed class SiblingLeaves
{
    /// <summary>Most leaves for one damaged block, 16 GiB of file data: more is left to a resynchronization.</summary>
    public const int LeavesMax = 262_144;

    private readonly ClusterNodes _nodes;
    private readonly ClusterView _view;
    private readonly PresentNode _node;
    private readonly BlockWriter _writer;
    private readonly ulong _mirrorTid;
    private byte[]? _buffer;

    public SiblingLeaves(ClusterNodes nodes, ClusterView view, PresentNode node)
    {
        _nodes = nodes;
        _view = view;
        _node = node;
        _writer = Device.Committer!.Writer;
        _mirrorTid = Device.Committer.MirrorTid;
    }

    /// <summary>What this node met when it stored something; None while all went well.</summary>
    public Hammer2Error WriteError { get; private set; }

    /// <summary>True while what is restored can be left out: what storing it meets is then no error of the
    /// commit.</summary>
    public bool IsOptional { get; set; }

    /// <summary>Leaves restored so far.</summary>
    public long RestoredTotal { get; private set; }

    private MediaDevice Device => _node.Device;

    /// <summary>The leaves of an object; null when there is no other node.</summary>
    public ILeafSource? Of(ulong inum)
    {
        foreach (PresentNode other in _view.Synced)
            if (other != _node) return new Source(this, inum);
        return null;
    }

    /// <summary>Puts all leaves of an object into an empty tree.</summary>
    public Hammer2Error RestoreAll(ulong inum, TreeEditor tree)
    {
        var leaves = new List<Blockref>();
        Hammer2Error error = Restore(inum, 0, ulong.MaxValue, leaves);
        for (int i = 0; i < leaves.Count && error == Hammer2Error.None; i++) error = tree.Put(leaves[i]);
        return error;
    }

    private Hammer2Error Restore(ulong inum, ulong first, ulong last, List<Blockref> leaves)
    {
        Hammer2Error error = FindOnSibling(inum, out Inode inode);
        if (error != Hammer2Error.None) return error;
        var cursor = new ClusterCursor(inode, first, last);
        while ((error = cursor.MoveNext()) == Hammer2Error.None)
        {
            Blockref leaf = cursor.Current;
            leaf.Data = default;
            leaf.MirrorTid = _mirrorTid;
            error = cursor.Current.Type switch
            {
                BlockrefType.Data => StoreData(inode, cursor, ref leaf),
                BlockrefType.Dirent => StoreEntry(inode, cursor, ref leaf),
                BlockrefType.Inode => StoreInode(ref leaf),
                _ => cursor.Device.ReportMisplaced(cursor.Current, "not a leaf of this object"),
            };
            if (error == Hammer2Error.None && leaves.Count == LeavesMax) error = Keep(Hammer2Error.NoResource);
            if (error != Hammer2Error.None) return error;
            leaves.Add(leaf);
            RestoredTotal++;
        }
        return error == Hammer2Error.NoEntry ? Hammer2Error.None : error;
    }

    private Hammer2Error FindOnSibling(ulong inum, out Inode inode)
    {
        Hammer2Error errors = Hammer2Error.NodeDown;
        inode = default;
        foreach (int slot in _view.ReadOrderOf(inum).Except(_node.Slot))
        {
            PresentNode node = _view[slot];
            Hammer2Error error = node.LoadInode(inum, out Chain? chain);
            if (error == Hammer2Error.None)
            {
                inode = new Inode(_nodes, _view, node, inum, chain!);
                return error;
            }
            errors |= error & Hammer2ErrorExtensions.NodeFaults;
        }
        return errors;
    }

    private Hammer2Error StoreData(in Inode inode, scoped in ClusterCursor cursor, ref Blockref leaf)
    {
        int bytes = cursor.Current.Data.SizeBytes;
        _buffer ??= new byte[Media.FileBlockBytes];
        if (bytes is 0 or > Media.FileBlockBytes)
            return cursor.Device.ReportMisplaced(cursor.Current, "the reference has no block of file data");
        Span<byte> stored = _buffer.AsSpan(0, bytes);
        Hammer2Error error = cursor.Device.ReadStored(cursor.Current, stored);
        if (error != Hammer2Error.None && !TryReadElsewhere(inode, cursor, stored)) return error;
        error = _writer.Allocate(ref leaf, bytes);
        return Keep(error == Hammer2Error.None ? _writer.WriteAllocated(leaf, stored, isReadHere: false) : error);
    }

    // From a node other than the one whose tree is walked: the same bytes, wherever they are there.
    private bool TryReadElsewhere(in Inode inode, scoped in ClusterCursor cursor, Span<byte> stored)
    {
        foreach (int slot in inode.ReadOrder.Except(_node.Slot).Except(cursor.Node))
        {
            if (inode.TryOnNode(slot, out Chain? top) != Hammer2Error.None) continue;
            MediaDevice device = inode.NodeAt(slot).Device;
            ulong key = cursor.Current.Key;
            var sibling = new ChainCursor(device, top!, key, key);
            if (sibling.MoveNext() != Hammer2Error.None) continue;
            ref readonly Blockref found = ref sibling.Current;
            bool isSame = found.Type == BlockrefType.Data && found.Methods == cursor.Current.Methods
                && found.Data.SizeBytes == stored.Length && found.CheckRead.SequenceEqual(cursor.Current.CheckRead);
            if (isSame && device.ReadStored(found, stored) == Hammer2Error.None) return true;
        }
        return false;
    }

    private Hammer2Error StoreEntry(in Inode inode, scoped in ClusterCursor cursor, ref Blockref leaf)
    {
        Hammer2Error error = EntryNames.Load(inode, cursor, out Chain? block, out _);
        if (error != Hammer2Error.None || block is null) return error;
        return Keep(_writer.Write(ref leaf, block.Block));
    }

    private Hammer2Error StoreInode(ref Blockref leaf)
    {
        Hammer2Error error = FindOnSibling(leaf.Key, out Inode inode);
        if (error != Hammer2Error.None) return error;
        Chain chain = inode.Focus!;
        if (chain.Meta.HasDirectData)
        {
            return Keep(InodeWriter.Write(
                _writer, _mirrorTid, chain.Meta, chain.NameArea, chain.EmbeddedData, ref leaf));
        }
        var tree = new TreeEditor(
            Device, TreeShape.OfInode(chain.Meta.Type, leaf.Methods.Check), table: default, source: null);
        error = RestoreAll(leaf.Key, tree);
        if (error != Hammer2Error.None) return error;
        return Keep(InodeWriter.Write(_writer, _mirrorTid, chain.Meta, chain.NameArea, tree, ref leaf));
    }

    private Hammer2Error Keep(Hammer2Error error)
    {
        if (!IsOptional) WriteError |= error;
        return error;
    }

    private sealed class Source(SiblingLeaves owner, ulong inum) : ILeafSource
    {
        public Hammer2Error Restore(ulong first, ulong last, List<Blockref> leaves) =>
            owner.Restore(inum, first, last, leaves);
    }
}
