// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Dirty blocks on their way to the nodes, before the commit that makes them part of a tree: which stay open, which
/// are sealed and written, and how far writers may get ahead of that.
/// </summary>
/// <remarks>With workers, writers only seal; without, they write as well, in an order that depends on nothing but the
/// calls. The thread that claims a sealed block writes or frees it.</remarks>
internal sealed class BlockWriteBack : IDisposable
{
    /// <summary>Sealed bytes by which writers may be ahead of the workers.</summary>
    internal const long SealedBytesMax = 8L << 20;

    private readonly BatchWriter _writer;
    private readonly BlockMemory _memory;
    private readonly InodeLocks _locks;
    private readonly long _openBytesMax;
    private readonly OpenBlocks _open = new();
    private readonly WriteBackQueue _queue;

    public BlockWriteBack(
        BatchWriter writer, BlockMemory memory, InodeLocks locks, long openBytesMax, int workers,
        IScheduler? scheduler = null)
    {
        _writer = writer;
        _memory = memory;
        _locks = locks;
        _openBytesMax = openBytesMax;
        _queue = new WriteBackQueue(scheduler);
        _queue.Start(workers, writer.Write);
    }

    /// <summary>Bytes of dirty blocks that are in memory and on no node yet.</summary>
    public long UnwrittenBytes => _memory.UnwrittenBytes;

    /// <summary>Ends the workers when all queued blocks are written.</summary>
    public void Dispose() => _queue.Dispose();

    /// <summary>Keeps dirty bytes within their bounds before the caller adds some: seals the oldest open blocks, and
    /// waits while workers are too far behind.</summary>
    /// <remarks>Entry: no lock held.</remarks>
    public void Throttle()
    {
        _open.DropSealed();
        while ((_memory.OpenBytes > _openBytesMax || _memory.HasTooManyOpen)
            && _open.TryTakeOldest(out OpenBlock oldest)) Seal(oldest);
        if (!_queue.HasWorkers) _writer.WriteAll(_queue);
        _writer.AwaitSealedBytes(SealedBytesMax);
    }

    /// <summary>Adds a block to the dirty ones of a file.</summary>
    /// <remarks>Entry: the file's lock is held exclusively.</remarks>
    public void Add(DirtyInode file, ulong key, DirtyBlock block)
    {
        file.UnwrittenBytes += block.ChargedBytes;
        if (block.State != DirtyBlockState.Open) return;
        _memory.AddOpen(block);
        _open.Add(new OpenBlock(file, key, block));
    }

    /// <summary>Seals a block of the open group that is not expected to change again.</summary>
    /// <remarks>Entry: the file's lock is held exclusively, and its size is past the start of the block.</remarks>
    public void Seal(DirtyInode file, ulong key, DirtyBlock block)
    {
        if (_memory.TrySeal(block)) _queue.Add(SealedBlock.Of(file, file.Meta, key, block));
    }

    /// <summary>Newer bytes, a hole or a truncation replaced a block of a group that is not committed.</summary>
    /// <remarks>Entry: the file's lock is held exclusively.</remarks>
    public void Drop(DirtyInode file, DirtyBlock block)
    {
        file.UnwrittenBytes -= block.ChargedBytes;
        _writer.Drop(block);
    }

    /// <summary>Writes the open blocks of a file when there are many: so much less is left for the commit, during which
    /// others wait.</summary>
    /// <remarks>Entry: no lock held. Without workers, all is left to the commit.</remarks>
    public void WriteAhead(DirtyInode file)
    {
        if (!_queue.HasWorkers) return;
        var blocks = new List<SealedBlock>();
        using (_locks.Write(file.Inum))
        {
            if (file.Open is not { } delta || delta.Blocks.Count < WriteBackBatch.BlocksMax) return;
            foreach ((ulong key, DirtyBlock block) in delta.Blocks)
            {
                if (key >= file.Meta.Size) break;
                Seal(file, key, block);
                if (block.State == DirtyBlockState.Sealed) blocks.Add(SealedBlock.Of(file, file.Meta, key, block));
            }
        }
        _writer.WriteAndAwait(blocks);
    }

    /// <summary>Starts writing all blocks that are open now, and returns when at most <see cref="SealedBytesMax"/> are
    /// left.</summary>
    /// <remarks>Entry: no lock held. Without workers, all is left to the commit.</remarks>
    public void WriteAhead()
    {
        if (!_queue.HasWorkers) return;
        for (int left = _open.Count; left > 0 && _open.TryTakeOldest(out OpenBlock oldest); left--)
        {
            Seal(oldest);
            _writer.AwaitSealedBytes(SealedBytesMax);
        }
    }

    /// <summary>Writes all blocks of a syncing group that are not written yet, and drops those of deleted
    /// inodes.</summary>
    /// <remarks>Returns when each block is stored, or failed. Entry: no inode lock held.</remarks>
    public void WriteGroup(List<FrozenInode> inodes)
    {
        var blocks = new List<SealedBlock>();
        SealGroup(inodes, blocks);
        _writer.WriteAndAwait(blocks);
    }

    // All of a large group is queued, so that workers write beside the commit.
    private void SealGroup(List<FrozenInode> inodes, List<SealedBlock> unwritten)
    {
        bool isQueued = _queue.HasWorkers && _memory.OpenBytes >= WriteBackBatch.BlocksMax * Media.FileBlockBytes;
        foreach (FrozenInode inode in inodes)
        {
            if (inode.Changes is not { } delta) continue;
            foreach ((ulong key, DirtyBlock block) in delta.Blocks)
            {
                if (inode.IsDeleted)
                {
                    _writer.Drop(block);
                    continue;
                }
                bool isNew = key < inode.Meta.Size && _memory.TrySeal(block);
                Invariant.Holds(block.State != DirtyBlockState.Open);
                if (block.State != DirtyBlockState.Sealed) continue;
                var entry = SealedBlock.Of(inode.Inode, inode.Meta, key, block);
                unwritten.Add(entry);
                if (isNew && isQueued) _queue.Add(entry);
            }
        }
    }

    // A block that is not in the open delta any more belongs to a syncing group, whose commit seals it.
    private void Seal(in OpenBlock oldest)
    {
        using InodeLocks.Guard guard = _locks.Write(oldest.File.Inum);
        if (oldest.File.Open is { } delta && delta.Blocks.TryGet(oldest.Key, out DirtyBlock? block)
            && block == oldest.Block && oldest.Key < oldest.File.Meta.Size)
            Seal(oldest.File, oldest.Key, block);
    }
}
