// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Cluster.Resync;

/// <summary>What becomes of the snapshots of a node that has no space to be resynchronized.</summary>
/// <param name="mayDelete">As <see cref="MayDelete"/>.</param>
/// <param name="use">Knows which are in use; null where that is not known, and none is deleted.</param>
public sealed class ResyncSnapshots(bool mayDelete = false, ISnapshotUse? use = null)
{
    private bool _mayDelete = mayDelete;
    private long _deletedTotal;

    /// <summary>True when the oldest ones that nothing holds or uses are deleted on that node, until it has space;
    /// false when it waits. It can be changed at any time.</summary>
    public bool MayDelete
    {
        get => Volatile.Read(ref _mayDelete);
        set => Volatile.Write(ref _mayDelete, value);
    }

    /// <summary>How many were deleted, each on one node.</summary>
    public long DeletedTotal => Volatile.Read(ref _deletedTotal);

    /// <summary>Knows which are in use.</summary>
    public ISnapshotUse? Use => use;

    internal void CountDeletion() => _ = Interlocked.Increment(ref _deletedTotal);
}
