// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Hammer2.Chains;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>The inodes of a PFS that differ from the last commit: dirty ones, and frozen ones that a commit writes.
/// </summary>
/// <remarks>An inode is changed, frozen and installed under its lock in <see cref="InodeLocks"/>.</remarks>
internal sealed class InodeCache
{
    private readonly ConcurrentDictionary<ulong, DirtyInode> _inodes = new();
    private readonly ClusterNodes _nodes;
    private readonly TransactionGate _gate;
    private readonly InodeNumbers _numbers;
    private readonly DirtyMemory _memory;

    public InodeCache(ClusterNodes nodes, TransactionGate gate, InodeNumbers numbers, DirtyMemory memory)
    {
        _nodes = nodes;
        _memory = memory;
        _gate = gate;
        _numbers = numbers;
    }

    /// <summary>True when every inode is as the last commit has it.</summary>
    public bool IsEmpty => _inodes.IsEmpty;

    /// <summary>The nodes that an operation sees which begins now.</summary>
    /// <remarks>Entry: the gate is held, so that they stay the same until the operation ends.</remarks>
    public ClusterView View => _nodes.View;

    /// <summary>All blocks of file data that no commit has yet, each once.</summary>
    /// <remarks>Entry: no operation, no write-back and no commit runs.</remarks>
    public IReadOnlyCollection<DirtyBlock> DirtyBlocks()
    {
        var blocks = new HashSet<DirtyBlock>(ReferenceEqualityComparer.Instance);
        foreach (DirtyInode inode in _inodes.Values)
        {
            foreach (LeafDelta? changes in (LeafDelta?[])[inode.Open, inode.Frozen?.Changes])
            {
                if (changes is null) continue;
                foreach ((_, DirtyBlock block) in changes.Blocks) _ = blocks.Add(block);
            }
        }
        return blocks;
    }

    /// <summary>Finds an inode that differs from the last commit.</summary>
    public bool TryGet(ulong inum, [NotNullWhen(true)] out DirtyInode? inode) => _inodes.TryGetValue(inum, out inode);

    /// <summary>Opens an inode to be changed by an operation of the open group.</summary>
    /// <param name="view">The nodes that the operation sees.</param>
    /// <param name="inum">Its number.</param>
    /// <param name="inode">The inode.</param>
    /// <returns>None; NoEntry; what kept it from being read.</returns>
    /// <remarks>Entry: the gate is held, and the inode's lock exclusively. An inode that is in a closed group is frozen
    /// for that first.</remarks>
    public Hammer2Error Open(ClusterView view, ulong inum, out DirtyInode? inode)
    {
        if (_inodes.TryGetValue(inum, out inode))
        {
            if (_gate.NeedsFreezing(inode)) _ = inode.Freeze();
            if (inode.IsDeleted) return Hammer2Error.NoEntry;
            return view.Has(inode.FocusNode) ? Hammer2Error.None : Refocus(view, inode);
        }
        Hammer2Error error = _nodes.LoadCommitted(view, inum, out PresentNode? focus, out Chain? chain);
        if (error != Hammer2Error.None) return error;
        // Cached from now on, so that a second opening in the same operation gives the same object.
        inode = DirtyInode.FromChain(inum, focus!, chain!);
        Add(inode);
        return Hammer2Error.None;
    }

    /// <summary>An opened inode for reading.</summary>
    /// <param name="view">The nodes that the operation sees.</param>
    /// <param name="inode">The inode, whose lock is held.</param>
    public Inode AsInode(ClusterView view, DirtyInode inode) => new(_nodes, view, inode);

    /// <summary>Makes a new inode with the next number.</summary>
    /// <param name="view">The nodes that the operation sees.</param>
    /// <param name="meta">Everything but the number.</param>
    /// <param name="directory">Where its compression and check methods come from.</param>
    public DirtyInode Create(ClusterView view, in InodeMeta meta, DirtyInode directory)
    {
        InodeMeta full = meta;
        full.Inum = _numbers.Next();
        full.NameKey = full.Inum;
        CheckMethod check = directory.Meta.Check == CheckMethod.None ? CheckMethod.XxHash64 : directory.Meta.Check;
        DirtyInode made = DirtyInode.Create(
            full, new BlockMethods(check, directory.Meta.Compression), view.FocusOf(full.Inum));
        Add(made);
        return made;
    }

    /// <summary>Stands for an inode that no node can read, so that it can be deleted.</summary>
    /// <param name="view">The nodes that the operation sees.</param>
    /// <param name="inum">Its number.</param>
    /// <remarks>Entry: the gate is held, and the inode's lock exclusively.</remarks>
    public DirtyInode OfUnreadable(ClusterView view, ulong inum)
    {
        if (_inodes.TryGetValue(inum, out DirtyInode? known)) return known;
        var meta = new InodeMeta { Version = InodeMeta.CurrentVersion, Inum = inum, NameKey = inum };
        DirtyInode made = DirtyInode.Create(
            meta, new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None), view.FocusOf(inum));
        Add(made);
        return made;
    }

    /// <summary>Forgets inodes that were opened and then not changed.</summary>
    /// <remarks>Entry: their locks are held exclusively.</remarks>
    public void DropUntouched(in LockedInodes inodes)
    {
        DropUntouched(inodes.First);
        DropUntouched(inodes.Second);
        DropUntouched(inodes.Third);
        DropUntouched(inodes.Fourth);
    }

    /// <summary>Forgets an inode that is as the last commit has it.</summary>
    /// <remarks>Entry: its lock is held exclusively.</remarks>
    public void Forget(DirtyInode inode)
    {
        if (_inodes.TryRemove(inode.Inum, out _)) _memory.AddInodes(-1);
    }

    private void Add(DirtyInode inode)
    {
        _inodes[inode.Inum] = inode;
        _memory.AddInodes(1);
    }

    private void DropUntouched(ulong inum)
    {
        if (inum == 0 || !_inodes.TryGetValue(inum, out DirtyInode? inode)) return;
        if (!inode.IsDirty && inode.Frozen is null) Forget(inode);
    }

    // The node that was read for it left.
    private Hammer2Error Refocus(ClusterView view, DirtyInode inode)
    {
        Hammer2Error error = _nodes.FindFocus(
            view, inode.Inum, isNew: inode.Focus is null, out PresentNode? focus, out Chain? chain);
        if (error == Hammer2Error.None) inode.SeeOn(focus!, chain);
        return error;
    }
}
