// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Ends the life of dirty blocks in memory: writes sealed ones to the nodes in batches, or drops them, and frees their
/// memory; and lets threads wait for that.
/// </summary>
/// <remarks>The thread that claims a sealed block writes or frees it. While the PFS is halted, nothing is written and
/// the bytes stay in memory. Thread-safe.</remarks>
internal sealed class BatchWriter
{
    private readonly BlockStore _store;
    private readonly BlockMemory _memory;
    private readonly FailStop _failStop;
    private readonly BatchPool _batches = new();
    private readonly WriteProgress _progress = new();
    private int _running;

    public BatchWriter(BlockStore store, BlockMemory memory, FailStop failStop)
    {
        _store = store;
        _memory = memory;
        _failStop = failStop;
    }

    /// <summary>Stores the blocks of a batch and empties it.</summary>
    /// <param name="batch">Claimed blocks.</param>
    public void Write(WriteBackBatch batch)
    {
        _ = Interlocked.Increment(ref _running);
        try
        {
            if (_failStop.IsHalted) return;
            _ = _failStop.Run("write-back", (_store, batch), static work =>
            {
                work._store.Store(work.batch);
                return Hammer2Error.None;
            });
        }
        finally
        {
            foreach (WriteBackItem item in batch.Items)
            {
                DirtyBlock block = item.Sealed.Block;
                if (!block.TryFail() && block.State != DirtyBlockState.Failed) _memory.FreeSealed(block);
            }
            batch.Clear();
            _ = Interlocked.Decrement(ref _running);
            _progress.Signal();
        }
    }

    /// <summary>Waits until no batch is being stored. None begins while the PFS is halted.</summary>
    public void AwaitQuiet() => _progress.Await(static writer => Volatile.Read(ref writer._running) > 0, this);

    /// <summary>Writes all that is queued.</summary>
    public void WriteAll(WriteBackQueue queue)
    {
        WriteBackBatch batch = _batches.Rent();
        while (queue.TryTake(batch)) Write(batch);
        _batches.Return(batch);
    }

    /// <summary>Writes sealed blocks, and waits for those that other threads claimed.</summary>
    public void WriteAndAwait(List<SealedBlock> blocks)
    {
        if (blocks.Count == 0) return;
        WriteBackBatch batch = _batches.Rent();
        foreach (SealedBlock block in blocks)
        {
            if (!block.Block.TryClaim()) continue;
            batch.Add(block);
            if (batch.IsFull) Write(batch);
        }
        if (batch.Count > 0) Write(batch);
        _batches.Return(batch);
        foreach (SealedBlock block in blocks)
        {
            while (block.Block.State == DirtyBlockState.Sealed)
                _progress.Await(static block => block.State == DirtyBlockState.Sealed, block.Block);
        }
    }

    /// <summary>Waits until at most so many bytes are sealed and not written, or the PFS is halted.</summary>
    public void AwaitSealedBytes(long mostBytes)
    {
        while (_memory.SealedBytes > mostBytes && !_failStop.IsHalted)
        {
            _progress.Await(
                static wait => wait._memory.SealedBytes > wait.mostBytes, (_memory, mostBytes));
        }
    }

    /// <summary>Frees what a block has, in memory or on the nodes: it was replaced before any commit.</summary>
    /// <remarks>Entry: the lock of its file is held exclusively.</remarks>
    public void Drop(DirtyBlock block)
    {
        // A hole may stand for several blocks, and owns nothing.
        if (block.IsHole) return;
        switch (block.Drop())
        {
            case DirtyBlockState.Open:
                _memory.FreeOpen(block);
                break;
            case DirtyBlockState.Failed:
                _memory.FreeSealed(block);
                break;
            case DirtyBlockState.Stored:
                _store.Free(block);
                break;
            case DirtyBlockState.Sealed when block.TryClaim():
                _memory.FreeSealed(block);
                _progress.Signal();
                break;
            default:
                // The thread that claimed it finds that it was dropped.
                break;
        }
    }
}
