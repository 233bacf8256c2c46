// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>A settled block with all that is needed to encode it.</summary>
/// <param name="File">Whose it is; how its blocks compressed so far.</param>
/// <param name="Key">Its first byte in the file.</param>
/// <param name="Block">The block, in state Waiting.</param>
/// <param name="LogicalBytes">How much of it the file needs, 1 to 64 KiB.</param>
/// <param name="CompressionPolicy">The file's, as its inode has it.</param>
/// <param name="Check">The file's.</param>
internal readonly record struct WaitingBlock(
    LiveInode File, ulong Key, BlockChange Block, int LogicalBytes, byte CompressionPolicy, CheckMethod Check);

/// <summary>
/// Settled blocks on their way to the nodes. Background workers take them by whole batches, as far as there are any;
/// writers that are ahead of them, and commits, help. What does not make a batch waits for more, or for a commit:
/// nobody is woken for less.
/// </summary>
/// <remarks>Lock: rank 60, held for moments.</remarks>
internal sealed class WriteOutQueue : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<WaitingBlock> _blocks = new();
    private readonly List<Thread> _workers = [];
    private int _idle;
    private bool _isClosed;

    /// <summary>How many wait for somebody to take them.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _blocks.Count;
        }
    }

    /// <summary>True when somebody takes them in the background.</summary>
    public bool HasWorkers => _workers.Count > 0;

    /// <summary>Has threads of its own do the work from now on.</summary>
    /// <param name="workers">How many threads.</param>
    /// <param name="work">Writes a batch out and empties it; does not throw.</param>
    public void Start(int workers, Action<WriteOutBatch> work)
    {
        for (int i = 0; i < workers; i++)
        {
            var thread = new Thread(() => Run(work)) { Name = $"write-out {i}", IsBackground = true };
            thread.Start();
            _workers.Add(thread);
        }
    }

    /// <summary>Puts a block at the end.</summary>
    public void Add(in WaitingBlock block)
    {
        lock (_gate)
        {
            _blocks.Enqueue(block);
            if (_idle > 0 && _blocks.Count % WriteOutBatch.BlocksMax == 0) Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes the first ones, for the caller to write out.</summary>
    /// <returns>False when there are none.</returns>
    public bool TryTake(WriteOutBatch batch)
    {
        lock (_gate) return Fill(batch);
    }

    /// <summary>Takes those of the first ones that were dropped while they waited. Nobody waits for them: they would
    /// stay, and keep their memory and their promised space, until there is a batch.</summary>
    /// <returns>False when the first one was not dropped, or there are none.</returns>
    public bool TryTakeDropped(WriteOutBatch batch)
    {
        lock (_gate)
        {
            while (!batch.IsFull && _blocks.TryPeek(out WaitingBlock first)
                && first.Block.State == BlockState.Dropped)
                batch.Add(_blocks.Dequeue());
            return batch.Count > 0;
        }
    }

    /// <summary>Lets the workers finish what waits, and ends them.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }
        foreach (Thread worker in _workers) worker.Join();
        _workers.Clear();
    }

    private bool Fill(WriteOutBatch batch)
    {
        while (!batch.IsFull && _blocks.TryDequeue(out WaitingBlock block)) batch.Add(block);
        return batch.Count > 0;
    }

    private void Run(Action<WriteOutBatch> work)
    {
        var batch = new WriteOutBatch();
        while (true)
        {
            lock (_gate)
            {
                while (_blocks.Count < WriteOutBatch.BlocksMax && !_isClosed)
                {
                    _idle++;
                    try
                    {
                        _ = Monitor.Wait(_gate);
                    }
                    finally
                    {
                        _idle--;
                    }
                }
                if (!Fill(batch)) return;
            }
            work(batch);
        }
    }
}
