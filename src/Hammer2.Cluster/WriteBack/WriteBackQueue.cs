// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Sealed blocks that wait to be encoded and written. Workers take whole batches; fewer blocks than a batch wait for
/// more, or for the commit that needs them, which claims them without looking here.
/// </summary>
/// <remarks>An entry whose block was claimed elsewhere is passed over. Lock: rank 60, held for moments.</remarks>
internal sealed class WriteBackQueue : IDisposable
{
    private readonly RankedMonitor _entriesLock = new(LockRank.WriteBackQueue);
    private readonly Queue<SealedBlock> _entries = new();
    private readonly List<IStartedThread> _workers = [];
    private readonly IScheduler _scheduler;
    private int _idle;
    private bool _isClosed;

    /// <summary>An empty queue without workers.</summary>
    /// <param name="scheduler">Starts the workers; null for the system's.</param>
    public WriteBackQueue(IScheduler? scheduler = null) => _scheduler = scheduler ?? SystemScheduler.Instance;

    /// <summary>Entries, claimed ones included.</summary>
    public int Count
    {
        get
        {
            using (_entriesLock.EnterScope()) return _entries.Count;
        }
    }

    /// <summary>True when threads of its own take blocks.</summary>
    public bool HasWorkers => _workers.Count > 0;

    /// <summary>Starts threads that take batches from now on.</summary>
    /// <param name="workers">How many.</param>
    /// <param name="write">Writes a batch and empties it; does not throw.</param>
    public void Start(int workers, Action<WriteBackBatch> write)
    {
        for (int i = 0; i < workers; i++)
            _workers.Add(_scheduler.Start($"write-back {i}", () => Run(write)));
    }

    /// <summary>Appends a block.</summary>
    public void Add(in SealedBlock block)
    {
        using (_entriesLock.EnterScope())
        {
            _entries.Enqueue(block);
            if (_idle > 0 && _entries.Count % WriteBackBatch.BlocksMax == 0) _entriesLock.Pulse();
        }
    }

    /// <summary>Claims the first blocks, for the caller to write.</summary>
    /// <returns>False when there are none.</returns>
    public bool TryTake(WriteBackBatch batch)
    {
        using (_entriesLock.EnterScope()) return TryFill(batch);
    }

    /// <summary>Lets the workers write what is queued, and ends them.</summary>
    public void Dispose()
    {
        using (_entriesLock.EnterScope())
        {
            _isClosed = true;
            _entriesLock.PulseAll();
        }
        foreach (IStartedThread worker in _workers) worker.Join();
        _workers.Clear();
    }

    private bool TryFill(WriteBackBatch batch)
    {
        while (!batch.IsFull && _entries.TryDequeue(out SealedBlock entry))
            if (entry.Block.TryClaim()) batch.Add(entry);
        return batch.Count > 0;
    }

    private void Run(Action<WriteBackBatch> write)
    {
        var batch = new WriteBackBatch();
        while (TryAwaitBatch(batch)) write(batch);
    }

    // False when the queue is closed and empty.
    private bool TryAwaitBatch(WriteBackBatch batch)
    {
        using (_entriesLock.EnterScope())
        {
            while (true)
            {
                bool isDue = _entries.Count >= WriteBackBatch.BlocksMax || _isClosed;
                if (isDue && TryFill(batch)) return true;
                if (_isClosed) return false;
                if (isDue) continue;
                _idle++;
                try
                {
                    _entriesLock.Wait();
                }
                finally
                {
                    _idle--;
                }
            }
        }
    }
}
