// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Sealed blocks that wait to be encoded and written. Workers take whole batches; fewer blocks than a batch wait for
/// more, or for the commit that needs them, which claims them without looking here.
/// </summary>
/// <remarks>An entry whose block was claimed elsewhere is passed over. Lock: rank 60, held for moments.</remarks>
internal sealed class WriteBackQueue : IDisposable
{
    private readonly object _entriesLock = new();
    private readonly Queue<SealedBlock> _entries = new();
    private readonly List<Thread> _workers = [];
    private int _idle;
    private bool _isClosed;

    /// <summary>Entries, claimed ones included.</summary>
    public int Count
    {
        get
        {
            lock (_entriesLock) return _entries.Count;
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
        {
            var thread = new Thread(() => Run(write)) { Name = $"write-back {i}", IsBackground = true };
            thread.Start();
            _workers.Add(thread);
        }
    }

    /// <summary>Appends a block.</summary>
    public void Add(in SealedBlock block)
    {
        lock (_entriesLock)
        {
            _entries.Enqueue(block);
            if (_idle > 0 && _entries.Count % WriteBackBatch.BlocksMax == 0) Monitor.Pulse(_entriesLock);
        }
    }

    /// <summary>Claims the first blocks, for the caller to write.</summary>
    /// <returns>False when there are none.</returns>
    public bool TryTake(WriteBackBatch batch)
    {
        lock (_entriesLock) return TryFill(batch);
    }

    /// <summary>Lets the workers write what is queued, and ends them.</summary>
    public void Dispose()
    {
        lock (_entriesLock)
        {
            _isClosed = true;
            Monitor.PulseAll(_entriesLock);
        }
        foreach (Thread worker in _workers) worker.Join();
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
        lock (_entriesLock)
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
                    _ = Monitor.Wait(_entriesLock);
                }
                finally
                {
                    _idle--;
                }
            }
        }
    }
}
