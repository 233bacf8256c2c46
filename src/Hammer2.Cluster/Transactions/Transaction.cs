// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>The parts of a writable PFS that an operation works with.</summary>
internal sealed record TransactionParts(
    ClusterNodes Nodes, TransactionGate Gate, InodeCache Inodes, BlockWriteBack WriteBack, BlockMemory Memory,
    SpaceReserve Space, FailStop FailStop);

/// <summary>
/// One modifying operation: it belongs to the open group, has a number, and holds the locks of the inodes that it
/// changes. Disposing of it ends it.
/// </summary>
/// <remarks>Upstream: a transaction with a sub-tid. Ranks 20 and 30.</remarks>
public ref struct Transaction : IDisposable
{
    private readonly TransactionParts _parts;
    private readonly ClusterView _view;
    private readonly LockedInodes _inodes;
    private readonly ref PendingOperation _operation;
    private InodeLocks.Guard _locks;

    internal Transaction(
        TransactionParts parts, LockedInodes inodes, InodeLocks.Guard locks, ulong tid, ref PendingOperation operation)
    {
        _operation = ref operation;
        _parts = parts;
        _view = parts.Nodes.View;
        _inodes = inodes;
        _locks = locks;
        Tid = tid;
    }

    /// <summary>The operation's number: what it changes carries it as modify_tid on every node.</summary>
    public ulong Tid { get; }

    /// <summary>Says that the operation is done as a whole, or undone. An operation that changed something and ends
    /// without this, by an exception, stops the PFS: a part of it must never be committed.</summary>
    public readonly void Complete() => _operation.IsComplete = true;

    /// <summary>Opens an inode to be changed. Its lock must be among those held.</summary>
    /// <returns>None; NoEntry; what kept it from being read.</returns>
    public readonly Hammer2Error Open(ulong inum, out DirtyInode? inode) => _parts.Inodes.Open(_view, inum, out inode);

    /// <summary>The same inode for reading.</summary>
    public readonly Inode AsInode(DirtyInode inode) => new(_parts.Nodes, _view, inode);

    /// <summary>A new inode, without a name yet. It needs no lock: no other thread knows its number.</summary>
    /// <param name="meta">Everything but the number, which is assigned here.</param>
    /// <param name="directory">Where its compression and check methods come from.</param>
    public readonly DirtyInode Create(in InodeMeta meta, DirtyInode directory)
    {
        DirtyInode made = _parts.Inodes.Create(_view, meta, directory);
        Touch(made);
        return made;
    }

    /// <summary>Says that an inode was changed: the group's commit writes it.</summary>
    public readonly void Touch(DirtyInode inode)
    {
        _operation.HasChanged = true;
        inode.ModifyTid = Math.Max(inode.ModifyTid, Tid);
        bool isDependent = _operation.FirstChanged is { } other && other != inode;
        if (_parts.Gate.TryAdd(inode))
            Charge(inode, isDependent ? SpaceCost.DependentInodeBytes : SpaceCost.InodeBytes);
        if (_operation.FirstChanged is not { } first) _operation.FirstChanged = inode;
        else if (first != inode) _parts.Gate.Join(first, inode);
    }

    /// <summary>Deletes an inode that has no link and no user left.</summary>
    public readonly void Delete(DirtyInode inode)
    {
        inode.IsDeleted = true;
        Touch(inode);
    }

    /// <summary>Deletes an inode that no node can read. Its lock must be among those held. What only it led to is free
    /// after bulkfree.</summary>
    public readonly void DeleteUnreadable(ulong inum) => Delete(_parts.Inodes.OfUnreadable(_view, inum));

    /// <summary>Adds a block of bytes, which owns the space reserved for it.</summary>
    /// <param name="file">A file whose lock is held.</param>
    /// <param name="key">First byte of the block.</param>
    /// <param name="content">From <see cref="RentContent"/>; the block's from now on.</param>
    internal readonly DirtyBlock PutContent(DirtyInode file, ulong key, byte[] content)
    {
        _operation.ReservedBytes -= Media.FileBlockBytes;
        var block = DirtyBlock.OfContent(content, Tid, Media.FileBlockBytes);
        PutBlock(file, key, block);
        return block;
    }

    /// <summary>Adds a block that is stored already, or a hole.</summary>
    internal readonly void PutBlock(DirtyInode file, ulong key, DirtyBlock block)
    {
        Touch(file);
        LeafDelta delta = file.Changes;
        if (delta.Blocks.TryGet(key, out DirtyBlock? old)) _parts.WriteBack.Drop(file, old);
        else ChargeLeaf(file, delta, SpaceCost.FirstBlockBytes(Math.Max(file.Meta.Size, key + Media.FileBlockBytes)));
        delta.Blocks.Set(key, block);
        _parts.WriteBack.Add(file, key, block);
    }

    /// <summary>Adds or removes a directory entry.</summary>
    internal readonly void PutEntry(DirtyInode directory, ulong key, DirentDelta entry)
    {
        Touch(directory);
        LeafDelta delta = directory.Changes;
        ChargeLeaf(directory, delta, SpaceCost.FirstLeafBytes);
        delta.Entries.Set(key, entry);
    }

    /// <summary>Truncates a file at a block boundary.</summary>
    internal readonly void Truncate(DirtyInode file, ulong firstKey)
    {
        Touch(file);
        LeafDelta delta = file.Changes;
        while (delta.Blocks.TryFirst(firstKey, out ulong key, out DirtyBlock? block))
        {
            _parts.WriteBack.Drop(file, block);
            _ = delta.Blocks.Remove(key);
        }
        if (delta.TruncatedFrom == LeafDelta.NotTruncated) Charge(file, SpaceCost.TruncationBytes(file.Meta.Size));
        delta.Truncate(firstKey);
    }

    /// <summary>Says that a block is not expected to change again soon.</summary>
    internal readonly void Seal(DirtyInode file, ulong key, DirtyBlock block) =>
        _parts.WriteBack.Seal(file, key, block);

    /// <summary>A buffer for <see cref="PutContent"/>, with any content.</summary>
    internal readonly byte[] RentContent(int leastBytes) => _parts.Memory.Rent(leastBytes);

    /// <summary>Makes the buffer of an open block long enough.</summary>
    internal readonly void Lengthen(DirtyBlock block, int leastBytes)
    {
        if (block.Content!.Length < leastBytes) _parts.Memory.Lengthen(block, leastBytes);
    }

    /// <summary>Returns a buffer that no block owns.</summary>
    internal readonly void ReturnContent(byte[] content) => _parts.Memory.Return(content);

    /// <inheritdoc/>
    public void Dispose()
    {
        // What there is of a torn operation is in one group with everything else. The gate is still held, so that no
        // group is closed with it before this is known.
        if (_operation is { HasChanged: true, IsComplete: false })
            _parts.FailStop.Stop("an operation, which ended halfway", failure: null);
        _parts.Inodes.DropUntouched(_inodes);
        _locks.Dispose();
        _parts.Space.Release(_operation.ReservedBytes);
        _operation.ReservedBytes = 0;
        _parts.Gate.Exit();
    }

    private readonly void ChargeLeaf(DirtyInode inode, LeafDelta delta, long firstBytes)
    {
        _parts.Gate.CountLeaf();
        bool isFirst = delta.Blocks.Count == 0 && delta.Entries.Count == 0;
        Charge(inode, isFirst ? firstBytes : SpaceCost.LeafBytes);
    }

    private readonly void Charge(DirtyInode inode, long bytes)
    {
        _operation.ReservedBytes -= bytes;
        _parts.Gate.Charge(inode, bytes);
    }
}

/// <summary>What lasts from before an operation to its end: the space reserved for it, and how far it got.</summary>
public struct PendingOperation
{
    /// <summary>Bytes reserved for it and not charged yet.</summary>
    internal long ReservedBytes;

    /// <summary>The first inode that it changed: the others depend on it.</summary>
    internal DirtyInode? FirstChanged;

    /// <summary>True once it changed an inode.</summary>
    internal bool HasChanged;

    /// <summary>True once it is done as a whole.</summary>
    internal bool IsComplete;
}
