// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// One modifying operation: it belongs to the open group, has a number, and holds the locks of the inodes that it
/// changes. Disposing of it ends it.
/// </summary>
/// <remarks>Upstream: a transaction with a sub-tid. Ranks 20 and 30.</remarks>
public ref struct Transaction : IDisposable
{
    private readonly OperationLedger _ledger;
    private readonly InodeCache _inodes;
    private readonly BlockWriteBack _writeBack;
    private readonly ClusterView _view;
    private readonly LockedInodes _locked;
    private readonly ref PendingOperation _operation;
    private InodeLocks.Guard _locks;

    internal Transaction(
        OperationLedger ledger, InodeCache inodes, BlockWriteBack writeBack, LockedInodes locked,
        InodeLocks.Guard locks, ref PendingOperation operation)
    {
        _ledger = ledger;
        _inodes = inodes;
        _writeBack = writeBack;
        _view = inodes.View;
        _locked = locked;
        _locks = locks;
        _operation = ref operation;
    }

    /// <summary>The operation's number: what it changes carries it as modify_tid on every node.</summary>
    public readonly ulong Tid => _operation.Tid;

    /// <summary>Says that the operation is done as a whole, or undone. An operation that changed something and ends
    /// without this, by an exception, stops the PFS: a part of it must never be committed.</summary>
    public readonly void Complete() => _operation.IsComplete = true;

    /// <summary>Opens an inode to be changed. Its lock must be among those held.</summary>
    /// <returns>None; NoEntry; what kept it from being read.</returns>
    public readonly Hammer2Error Open(ulong inum, out DirtyInode? inode) => _inodes.Open(_view, inum, out inode);

    /// <summary>The same inode for reading.</summary>
    public readonly Inode AsInode(DirtyInode inode) => _inodes.AsInode(_view, inode);

    /// <summary>A new inode, without a name yet. It needs no lock: no operation knows its number. Write-back knows a
    /// block from when it is put, and looks for it among those of its file: this operation puts one at most.</summary>
    /// <param name="meta">Everything but the number, which is assigned here.</param>
    /// <param name="directory">Where its compression and check methods come from.</param>
    public readonly DirtyInode Create(in InodeMeta meta, DirtyInode directory)
    {
        DirtyInode made = _inodes.Create(_view, meta, directory);
        Touch(made);
        return made;
    }

    /// <summary>Says that an inode was changed: the group's commit writes it.</summary>
    public readonly void Touch(DirtyInode inode) => _ledger.Touch(ref _operation, inode);

    /// <summary>Deletes an inode that has no link and no user left.</summary>
    public readonly void Delete(DirtyInode inode)
    {
        inode.IsDeleted = true;
        Touch(inode);
    }

    /// <summary>Deletes an inode that no node can read. Its lock must be among those held. What only it led to is free
    /// after bulkfree.</summary>
    public readonly void DeleteUnreadable(ulong inum) => Delete(_inodes.OfUnreadable(_view, inum));

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
        if (delta.Blocks.TryGet(key, out DirtyBlock? old)) _writeBack.Drop(file, old);
        else _ledger.ChargeBlock(ref _operation, file, key);
        delta.Blocks.Set(key, block);
        _writeBack.Add(file, key, block);
    }

    /// <summary>Adds or removes a directory entry.</summary>
    internal readonly void PutEntry(DirtyInode directory, ulong key, DirentDelta entry)
    {
        Touch(directory);
        _ledger.ChargeEntry(ref _operation, directory);
        directory.Changes.Entries.Set(key, entry);
    }

    /// <summary>Truncates a file at a block boundary.</summary>
    internal readonly void Truncate(DirtyInode file, ulong firstKey)
    {
        Touch(file);
        LeafDelta delta = file.Changes;
        while (delta.Blocks.TryFirst(firstKey, out ulong key, out DirtyBlock? block))
        {
            _writeBack.Drop(file, block);
            _ = delta.Blocks.Remove(key);
        }
        if (delta.TruncatedFrom == LeafDelta.NotTruncated) _ledger.ChargeTruncation(ref _operation, file);
        delta.Truncate(firstKey);
    }

    /// <summary>Says that a block is not expected to change again soon.</summary>
    internal readonly void Seal(DirtyInode file, ulong key, DirtyBlock block) => _writeBack.Seal(file, key, block);

    /// <summary>A buffer for <see cref="PutContent"/>, with any content.</summary>
    internal readonly byte[] RentContent(int leastBytes) => _writeBack.Rent(leastBytes);

    /// <summary>Makes the buffer of an open block long enough.</summary>
    internal readonly void Lengthen(DirtyBlock block, int leastBytes)
    {
        if (block.Content!.Length < leastBytes) _writeBack.Lengthen(block, leastBytes);
    }

    /// <summary>Returns a buffer that no block owns.</summary>
    internal readonly void ReturnContent(byte[] content) => _writeBack.Return(content);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ledger.StopIfTorn(_operation);
        _inodes.DropUntouched(_locked);
        _locks.Dispose();
        _ledger.End(ref _operation);
    }
}
