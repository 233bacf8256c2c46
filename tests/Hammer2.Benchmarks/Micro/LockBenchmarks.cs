// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using BenchmarkDotNet.Attributes;
using Concurrency;

namespace Hammer2.Benchmarks.Micro;

/// <summary>Acquiring and releasing a lock for which no other thread waits: ranked locks and those of the runtime that
/// they use.</summary>
public class LockBenchmarks : IDisposable
{
    private readonly Lock _lock = new();
    private readonly RankedLock _rankedLock = new(LockRank.Freemap);
    private readonly object _monitor = new();
    private readonly RankedMonitor _rankedMonitor = new(LockRank.WriteBackQueue);
    private readonly ReaderWriterLockSlim _shared = new();
    private readonly RankedReaderWriterLock _rankedShared = new(LockRank.Inodes);
    private int _count;

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _shared.Dispose();
        _rankedShared.Dispose();
    }

    [Benchmark]
    public int Lock()
    {
        lock (_lock) return ++_count;
    }

    [Benchmark]
    public int RankedLock()
    {
        using (_rankedLock.EnterScope()) return ++_count;
    }

    [Benchmark]
    public int Monitor()
    {
        lock (_monitor) return ++_count;
    }

    [Benchmark]
    public int RankedMonitor()
    {
        using (_rankedMonitor.EnterScope()) return ++_count;
    }

    [Benchmark]
    public int Shared()
    {
        _shared.EnterReadLock();
        int count = ++_count;
        _shared.ExitReadLock();
        return count;
    }

    [Benchmark]
    public int RankedShared()
    {
        _rankedShared.EnterShared();
        int count = ++_count;
        _rankedShared.ExitShared();
        return count;
    }
}
