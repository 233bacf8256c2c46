// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>Open dirty blocks, and when each is sealed: from then on its bytes are immutable, and it is queued to be
/// written.</summary>
/// <remarks>A block that is not among the changes of the open group any more belongs to a syncing group, whose commit
/// seals it.</remarks>
internal sealed class BlockSealer
{
    private readonly BlockMemory _memory;
    private readonly InodeLocks _locks;
    private readonly WriteBackQueue _queue;
    private readonly long _openBytesMax;
    private readonly OpenBlocks _open = new();

    /// <param name="memory">Accounts for the blocks.</param>
    /// <param name="locks">The locks of their files.</param>
    /// <param name="queue">Where sealed blocks go.</param>
    /// <param name="openBytesMax">Bytes of open blocks above which the oldest are sealed.</param>
    public BlockSealer(BlockMemory memory, InodeLocks locks, WriteBackQueue queue, long openBytesMax)
    {
        _memory = memory;
        _locks = locks;
        _queue = queue;
        _openBytesMax = openBytesMax;
    }

    /// <summary>Open blocks at present, and some that were open.</summary>
    public int Count => _open.Count;

    /// <summary>Adds an open block.</summary>
    /// <remarks>Entry: the file's lock is held exclusively.</remarks>
    public void Add(DirtyInode file, ulong key, DirtyBlock block)
    {
        _memory.AddOpen(block);
        _open.Add(new OpenBlock(file, key, block));
    }

    /// <summary>Seals a block of the open group.</summary>
    /// <remarks>Entry: the file's lock is held exclusively, and its size is past the start of the block.</remarks>
    public void Seal(DirtyInode file, ulong key, DirtyBlock block)
    {
        if (_memory.TrySeal(block)) _queue.Add(SealedBlock.Of(file, file.Meta, key, block));
    }

    /// <summary>Seals the oldest blocks until those that are left are within their bound.</summary>
    /// <remarks>Entry: no lock held.</remarks>
    public void SealAboveBound()
    {
        _open.DropSealed();
        while ((_memory.OpenBytes > _openBytesMax || _memory.HasTooManyOpen) && TrySealOldest())
        {
        }
    }

    /// <summary>Seals the oldest block, if it is still open.</summary>
    /// <returns>False when there is none.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public bool TrySealOldest()
    {
        if (!_open.TryTakeOldest(out OpenBlock oldest)) return false;
        using InodeLocks.Guard guard = _locks.Write(oldest.File.Inum);
        if (oldest.File.Open is { } delta && delta.Blocks.TryGet(oldest.Key, out DirtyBlock? block)
            && block == oldest.Block && oldest.Key < oldest.File.Meta.Size)
            Seal(oldest.File, oldest.Key, block);
        return true;
    }

    /// <summary>Seals the open blocks of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="least">Nothing is done when it has fewer changed blocks.</param>
    /// <returns>Those of its blocks that are sealed and not written.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public List<SealedBlock> SealFile(DirtyInode file, int least)
    {
        var blocks = new List<SealedBlock>();
        using InodeLocks.Guard guard = _locks.Write(file.Inum);
        if (file.Open is not { } delta || delta.Blocks.Count < least) return blocks;
        foreach ((ulong key, DirtyBlock block) in delta.Blocks)
        {
            if (key >= file.Meta.Size) break;
            Seal(file, key, block);
            if (block.State == DirtyBlockState.Sealed) blocks.Add(SealedBlock.Of(file, file.Meta, key, block));
        }
        return blocks;
    }

    /// <summary>Seals the blocks of a frozen inode.</summary>
    /// <param name="inode">An inode of a syncing group that is not deleted in it.</param>
    /// <param name="isQueued">True to queue them, too, so that workers write some of them.</param>
    /// <param name="unwritten">Gets those of its blocks that are sealed and not written.</param>
    public void SealFrozen(FrozenInode inode, bool isQueued, List<SealedBlock> unwritten)
    {
        if (inode.Changes is not { } delta) return;
        foreach ((ulong key, DirtyBlock block) in delta.Blocks)
        {
            bool isNew = key < inode.Meta.Size && _memory.TrySeal(block);
            Invariant.Holds(block.State != DirtyBlockState.Open);
            if (block.State != DirtyBlockState.Sealed) continue;
            var entry = SealedBlock.Of(inode.Inode, inode.Meta, key, block);
            unwritten.Add(entry);
            if (isNew && isQueued) _queue.Add(entry);
        }
    }
}
