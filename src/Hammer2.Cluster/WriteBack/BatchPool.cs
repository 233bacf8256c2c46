// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Hammer2.Cluster.WriteBack;

/// <summary>Spare batches for threads that write blocks now and then; a batch holds over 1 MiB of memory.</summary>
/// <remarks>Lock: rank 80, a leaf.</remarks>
internal sealed class BatchPool
{
    private const int SparesMax = 2;

    private readonly RankedLock _sparesLock = new(LockRank.SpareBatches);
    private readonly Stack<WriteBackBatch> _spares = new();

    /// <summary>An empty batch.</summary>
    public WriteBackBatch Rent()
    {
        using (_sparesLock.EnterScope())
            if (_spares.TryPop(out WriteBackBatch? batch)) return batch;
        return new WriteBackBatch();
    }

    /// <summary>Gets an empty batch back.</summary>
    public void Return(WriteBackBatch batch)
    {
        using (_sparesLock.EnterScope())
            if (_spares.Count < SparesMax) _spares.Push(batch);
    }
}
