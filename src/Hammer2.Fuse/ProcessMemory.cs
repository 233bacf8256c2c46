// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;

namespace Hammer2.Fuse;

/// <summary>
/// One memory limit for a process that reads and writes PFSs: the shares of it for caches and for dirty data, and the
/// collection of garbage in time. Resident memory stays below the limit plus 64 MiB.
/// </summary>
public sealed class ProcessMemory : IDisposable
{
    private readonly MemoryKeeper _keeper;

    /// <summary>Divides the limit, and watches the process from now on.</summary>
    /// <param name="bytes">The limit, in bytes.</param>
    /// <param name="isReadOnly">True when little will ever be dirty: then most is for caches.</param>
    /// <param name="time">The clock by which the process is watched.</param>
    public ProcessMemory(long bytes, bool isReadOnly, TimeProvider time)
    {
        var shares = MemoryShares.Of(bytes, isReadOnly);
        CacheBytes = shares.CacheBytes;
        Dirty = DirtyMemory.OfBytes(shares.DirtyBytes);
        _keeper = MemoryKeeper.OfProcess(shares.CollectBytes, time);
    }

    /// <summary>Bytes for the caches of all PFSs together.</summary>
    public long CacheBytes { get; }

    /// <summary>Bounds of what is dirty in all PFSs together.</summary>
    public DirtyMemory Dirty { get; }

    /// <summary>Stops watching the process.</summary>
    public void Dispose() => _keeper.Dispose();
}
