// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Threading;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

// Written blocks on their way to the nodes, before the commit that makes them part of a tree.
public sealed partial class PfsWriter
{
    private const int SparesMax = 256;
    private const long QueuedBytesMax = 8L << 20;
    private const int StaleAtOnce = 4;

    // A group of so many blocks, 4 GiB, is committed, so that what is kept of it in memory is bounded.
    private const int GroupBlocksMax = 65536;

    private readonly ConcurrentQueue<OpenBlock> _openBlocks = new();
    private readonly WriteOutQueue _queue = new();
    private readonly object _doneGate = new();
    private long _openBytes;
    private long _queuedBytes;
    private int _doneWaiters;
    private int _doneSignals;
    private int _groupBlocks;
    private int _writeErrors;

    private readonly record struct OpenBlock(LiveInode File, ulong Key, BlockChange Block);

    /// <summary>Bytes of written blocks that are in memory and on no node yet.</summary>
    public long WaitingBytes => Volatile.Read(ref _openBytes) + Volatile.Read(ref _queuedBytes);

    internal ContentBuffers Buffers { get; } = new(SparesMax);

    /// <summary>
    /// Keeps what waits in memory within its bounds: who writes faster than the workers, helps them.
    /// </summary>
    /// <returns>None; ReadOnly once stopped; what a commit met that had become due.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Relieve()
    {
        for (int i = 0; i < StaleAtOnce; i++)
        {
            if (!_openBlocks.TryPeek(out OpenBlock first) || first.Block.State == BlockState.Open) break;
            _ = _openBlocks.TryDequeue(out _);
        }
        while (Volatile.Read(ref _openBytes) > _options.OpenBytesMax && _openBlocks.TryDequeue(out OpenBlock oldest))
            Settle(oldest);
        long allowed = _queue.HasWorkers ? QueuedBytesMax : 0;
        while (Volatile.Read(ref _queuedBytes) > allowed && _queue.TryTake(OwnBatch)) WriteOut(OwnBatch);
        if (IsStopped) return Hammer2Error.ReadOnly;
        return Volatile.Read(ref _groupBlocks) > GroupBlocksMax ? Commit() : Hammer2Error.None;
    }

    /// <summary>Takes note of a block whose bytes are in memory from now on.</summary>
    /// <remarks>Entry: the file's lock is held.</remarks>
    internal void AddOpen(LiveInode file, ulong key, BlockChange block)
    {
        file.WaitingBytes += block.ChargedBytes;
        _ = Interlocked.Increment(ref _groupBlocks);
        if (block.State != BlockState.Open) return;
        _ = Interlocked.Add(ref _openBytes, block.Content!.Length);
        _openBlocks.Enqueue(new OpenBlock(file, key, block));
    }

    /// <summary>Gives an open block room for more bytes.</summary>
    /// <remarks>Entry: the file's lock is held.</remarks>
    internal void Lengthen(BlockChange block, int leastBytes)
    {
        byte[] longer = Buffers.Rent(leastBytes);
        byte[] old = block.Replace(longer);
        old.CopyTo(longer.AsSpan());
        longer.AsSpan(old.Length).Clear();
        _ = Interlocked.Add(ref _openBytes, longer.Length - old.Length);
        Buffers.Return(old);
    }

    /// <summary>Sends a block of the open group on its way when it is not expected to change again.</summary>
    /// <remarks>Entry: the file's lock is held, and its size covers the block.</remarks>
    internal void Settle(LiveInode file, ulong key, BlockChange block) =>
        Settle(file, file.Meta, key, block);

    /// <summary>Newer bytes, a hole or a cut took a block's place in the open group.</summary>
    /// <remarks>Entry: the file's lock is held.</remarks>
    internal void Drop(LiveInode file, BlockChange block)
    {
        file.WaitingBytes -= block.ChargedBytes;
        DropBlock(block);
    }

    private void DropBlock(BlockChange block)
    {
        // Holes may stand for several blocks, and own nothing.
        if (block.IsHole) return;
        switch (block.Drop())
        {
            case BlockState.Open:
                Free(block, ref _openBytes);
                break;
            case BlockState.Failed:
                Free(block, ref _queuedBytes);
                break;
            case BlockState.Done:
                GiveBack(block);
                break;
            default:
                // Whoever writes it out finds that it was dropped.
                break;
        }
    }

    private void Settle(LiveInode file, in InodeMeta meta, ulong key, BlockChange block)
    {
        // Whoever settles it has it: its content stays until it is written out.
        if (!block.TrySettle()) return;
        int bytes = block.Content!.Length;
        _ = Interlocked.Add(ref _openBytes, -bytes);
        _ = Interlocked.Add(ref _queuedBytes, bytes);
        int logicalBytes = BlockEncoder.LogicalBytes(meta.Size - key);
        var item = new WaitingBlock(file, key, block, logicalBytes, meta.CompressionPolicy, meta.Check);
        bool isQueued = false;
        try
        {
            _queue.Add(item);
            isQueued = true;
        }
        finally
        {
            // Without that no thread would ever take it, and a commit would wait for ever.
            if (!isQueued) _ = block.TryFail();
            // A commit may have found it waiting, and not yet here.
            SignalDone();
        }
    }

    // Of the open group, or not at all: a commit settles what is in its group by the sizes of that group.
    private void Settle(in OpenBlock oldest)
    {
        using InodeLocks.Guard guard = _locks.Write(new ChangedObjects(oldest.File.Inum, 0, 0, 0));
        if (oldest.File.Open is { } changes && changes.Blocks.TryGet(oldest.Key, out BlockChange? block)
            && block == oldest.Block)
            Settle(oldest.File, oldest.File.Meta, oldest.Key, block);
    }

    private void Free(BlockChange block, ref long counter)
    {
        Space.Release(block.TakePromise());
        if (block.TakeContent() is not { } content) return;
        _ = Interlocked.Add(ref counter, -content.Length);
        Buffers.Return(content);
    }

    private void GiveBack(BlockChange block)
    {
        if (_dedup.Forget(block) && block.Stored is { } references) GiveBack(references);
    }

    // What no commit ever led to may be used again at once. Decoded blocks are kept by check code, so that those
    // without one have to wait for bulkfree.
    private void GiveBack(Blockref[] references)
    {
        for (int i = 0; i < references.Length; i++)
        {
            ref readonly Blockref reference = ref references[i];
            if (reference.Data.Raw == 0 || !CheckCode.Protects(reference.Methods.Check)) continue;
            if (Pfs.Synced[i] is { IsSynced: true, Device.Writer: BlockWriter writer })
                writer.GiveBack(reference);
        }
    }

    private void SignalDone()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _doneWaiters) == 0) return;
        lock (_doneGate)
        {
            _doneSignals++;
            Monitor.PulseAll(_doneGate);
        }
    }

    /// <summary>Settles every block of a closed group, or drops those of dead objects.</summary>
    private void SettleGroup(ClosedGroup group)
    {
        foreach (ClosedInode inode in group.Inodes)
        {
            if (inode.Changes is not { } changes) continue;
            for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block);)
            {
                if (inode.IsDeleted) DropBlock(block);
                else if (key < inode.Meta.Size) Settle(inode.Live, inode.Meta, key, block);
                else Invariant.Holds(block.State != BlockState.Open);
                from = key + Media.FileBlockBytes;
            }
        }
    }

    /// <summary>Returns when no block of a closed group waits any more, and lets go of what was dropped meanwhile.
    /// </summary>
    private void AwaitGroup(ClosedGroup group)
    {
        foreach (ClosedInode inode in group.Inodes)
        {
            if (inode.Changes is not { } changes || inode.IsDeleted) continue;
            for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block);)
            {
                while (block.State == BlockState.Waiting) HelpOrWait(block);
                from = key + Media.FileBlockBytes;
            }
        }
        while (_queue.TryTakeDropped(OwnBatch)) WriteOut(OwnBatch);
    }

    // Who settled the block may not have queued it yet, and no worker is woken for one block: what comes into the queue
    // after the look at it is a signal, too.
    private void HelpOrWait(BlockChange block)
    {
        bool helps;
        _ = Interlocked.Increment(ref _doneWaiters);
        try
        {
            int signals = Volatile.Read(ref _doneSignals);
            helps = _queue.TryTake(OwnBatch);
            if (!helps)
            {
                lock (_doneGate)
                {
                    if (signals == _doneSignals && block.State == BlockState.Waiting) _ = Monitor.Wait(_doneGate);
                }
            }
        }
        finally
        {
            _ = Interlocked.Decrement(ref _doneWaiters);
        }
        if (helps) WriteOut(OwnBatch);
    }
}
