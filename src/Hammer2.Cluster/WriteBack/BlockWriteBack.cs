// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Dirty blocks on their way to the nodes, before the commit that makes them part of a tree: how far writers may get
/// ahead, and what is written when.
/// </summary>
/// <remarks>With workers, writers only seal; without, they write as well, in an order that depends on nothing but the
/// calls. The thread that claims a sealed block writes or frees it.</remarks>
internal sealed class BlockWriteBack : IDisposable
{
    /// <summary>Sealed bytes by which writers may be ahead of the workers.</summary>
    internal const long SealedBytesMax = 8L << 20;

    private readonly BlockSealer _sealer;
    private readonly BatchWriter _writer;
    private readonly BlockMemory _memory;
    private readonly WriteBackQueue _queue;

    /// <param name="sealer">Puts sealed blocks into the queue.</param>
    /// <param name="writer">Writes them.</param>
    /// <param name="memory">Accounts for them.</param>
    /// <param name="queue">The queue, which is started and in the end disposed of.</param>
    /// <param name="workers">Number of threads that write; 0 for none.</param>
    public BlockWriteBack(
        BlockSealer sealer, BatchWriter writer, BlockMemory memory, WriteBackQueue queue, int workers)
    {
        _sealer = sealer;
        _writer = writer;
        _memory = memory;
        _queue = queue;
        _queue.Start(workers, writer.Write);
    }

    /// <summary>Ends the workers when all queued blocks are written.</summary>
    public void Dispose() => _queue.Dispose();

    /// <summary>Keeps dirty bytes within their bounds before the caller adds some: seals the oldest open blocks, and
    /// waits while workers are too far behind.</summary>
    /// <remarks>Entry: no lock held.</remarks>
    public void Throttle()
    {
        _sealer.SealAboveBound();
        if (!_queue.HasWorkers) _writer.WriteAll(_queue);
        _writer.AwaitSealedBytes(SealedBytesMax);
    }

    /// <summary>A buffer for a block, with any content.</summary>
    /// <param name="leastBytes">At most 64 KiB; the buffer may be longer.</param>
    public byte[] Rent(int leastBytes) => _memory.Rent(leastBytes);

    /// <summary>Gets a buffer back that no block owns.</summary>
    public void Return(byte[] content) => _memory.Return(content);

    /// <summary>Gives an open block a longer buffer.</summary>
    /// <remarks>Entry: the file's lock is held exclusively.</remarks>
    public void Lengthen(DirtyBlock block, int leastBytes) => _memory.Lengthen(block, leastBytes);

    /// <summary>Adds a block to the dirty ones of a file.</summary>
    /// <remarks>Entry: the file's lock is held exclusively.</remarks>
    public void Add(DirtyInode file, ulong key, DirtyBlock block)
    {
        file.UnwrittenBytes += block.ChargedBytes;
        if (block.State == DirtyBlockState.Open) _sealer.Add(file, key, block);
    }

    /// <summary>Seals a block of the open group that is not expected to change again.</summary>
    /// <remarks>Entry: the file's lock is held exclusively, and its size is past the start of the block.</remarks>
    public void Seal(DirtyInode file, ulong key, DirtyBlock block) => _sealer.Seal(file, key, block);

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
        if (_queue.HasWorkers) _writer.WriteAndAwait(_sealer.SealFile(file, WriteBackBatch.BlocksMax));
    }

    /// <summary>Starts writing all blocks that are open now, and returns when at most <see cref="SealedBytesMax"/> are
    /// left.</summary>
    /// <remarks>Entry: no lock held. Without workers, all is left to the commit.</remarks>
    public void WriteAhead()
    {
        if (!_queue.HasWorkers) return;
        for (int left = _sealer.Count; left > 0 && _sealer.TrySealOldest(); left--)
            _writer.AwaitSealedBytes(SealedBytesMax);
    }

    /// <summary>Writes all blocks of a syncing group that are not written yet, and drops those of deleted
    /// inodes.</summary>
    /// <remarks>Returns when each block is stored, or failed. Entry: no inode lock held.</remarks>
    public void WriteGroup(List<FrozenInode> inodes)
    {
        // All of a large group is queued, so that workers write beside the commit.
        bool isQueued = _queue.HasWorkers && _memory.OpenBytes >= WriteBackBatch.BlocksMax * Media.FileBlockBytes;
        var blocks = new List<SealedBlock>();
        foreach (FrozenInode inode in inodes)
        {
            if (inode.IsDeleted) DropAll(inode);
            else _sealer.SealFrozen(inode, isQueued, blocks);
        }
        _writer.WriteAndAwait(blocks);
    }

    private void DropAll(FrozenInode inode)
    {
        if (inode.Changes is not { } delta) return;
        foreach ((_, DirtyBlock block) in delta.Blocks) _writer.Drop(block);
    }
}
