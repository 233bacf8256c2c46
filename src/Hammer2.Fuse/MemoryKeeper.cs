// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>The memory use of the process according to the garbage collector.</summary>
/// <param name="HeapBytes">Bytes of objects, garbage included.</param>
/// <param name="CommittedBytes">Bytes that the collector has allocated from the system.</param>
/// <param name="AllocatedBytes">Bytes allocated since the start of the process.</param>
/// <param name="FragmentedBytes">Bytes of the gaps between objects that the last collection left.</param>
internal readonly record struct MemoryState(
    long HeapBytes, long CommittedBytes, long AllocatedBytes, long FragmentedBytes);

/// <summary>
/// Keeps the process near its memory limit: the runtime by itself lets garbage grow with the memory of the machine, and
/// returns little of it.
/// </summary>
/// <remarks>Runs on a timer's thread. While nothing is allocated it sleeps until the runtime collects garbage, which it
/// does after some ten megabytes of new objects.</remarks>
internal sealed class MemoryKeeper : IDisposable
{
    private const int QuietTicks = 20;
    private const long QuietBytes = 1 << 20;
    private const long TrimBytes = 32L << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly long _bound;
    private readonly Action<MemoryStep> _act;
    private readonly Func<MemoryState> _read;
    private readonly Action<Action> _awaitCollection;
    private readonly ITimer _timer;
    private long _allocatedBefore;
    private long _heapAfterCollect;
    private int _quiet;
    private bool _isTrimmed = true;

    /// <summary>Starts the timer.</summary>
    /// <param name="bound">Bytes that objects may use, garbage included.</param>
    /// <param name="time">The clock of the timer.</param>
    /// <param name="read">Reads the state of the process.</param>
    /// <param name="act">Executes a step.</param>
    /// <param name="awaitCollection">Has an action called once, after the next garbage collection.</param>
    public MemoryKeeper(long bound, TimeProvider time, Func<MemoryState> read, Action<MemoryStep> act,
        Action<Action> awaitCollection)
    {
        _bound = bound;
        _read = read;
        _act = act;
        _awaitCollection = awaitCollection;
        _timer = time.CreateTimer(
            static keeper => ((MemoryKeeper)keeper!).Tick(), this, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Watches this process.</summary>
    public static MemoryKeeper OfProcess(long bound, TimeProvider time) =>
        new(bound, time, ReadProcess, ActOnProcess, NextCollection.Await);

    /// <summary>Stops, and waits for a running step.</summary>
    public void Dispose() => _timer.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Reads the state once, and decides about a step.</summary>
    internal MemoryStep Decide(in MemoryState state)
    {
        bool isQuiet = state.AllocatedBytes - _allocatedBefore < QuietBytes;
        _allocatedBefore = state.AllocatedBytes;
        _quiet = isQuiet ? _quiet + 1 : 0;
        if (!isQuiet) _isTrimmed = false;
        // Objects left by a collection are live: the next one is worthwhile once enough has been allocated since.
        bool isAbove = state.HeapBytes > _bound && state.HeapBytes > _heapAfterCollect + (_bound / 9);
        if (isAbove) return MemoryStep.Collect;
        if (IsFragmented(state)) return MemoryStep.Compact;
        bool isTrimDue = _quiet >= QuietTicks && !_isTrimmed;
        if (!isTrimDue) return MemoryStep.None;
        _isTrimmed = true;
        return state.CommittedBytes > state.HeapBytes + TrimBytes || state.HeapBytes > _bound / 2
            ? MemoryStep.Trim : MemoryStep.None;
    }

    // Collections beside running requests leave gaps, which few new objects fit into: half of all memory under creates.
    private bool IsFragmented(in MemoryState state) =>
        state.CommittedBytes > _bound + (_bound / 6) && state.FragmentedBytes > _bound / 6;

    private void Tick()
    {
        MemoryStep step = Decide(_read());
        if (step != MemoryStep.None)
        {
            _act(step);
            _heapAfterCollect = _read().HeapBytes;
        }
        if (_isTrimmed && _quiet >= QuietTicks) _awaitCollection(Wake);
        else Wake();
    }

    // False once disposed, when there is nothing left to watch.
    private void Wake() => _ = _timer.Change(Interval, Timeout.InfiniteTimeSpan);

    private static MemoryState ReadProcess()
    {
        GCMemoryInfo last = GC.GetGCMemoryInfo();
        return new MemoryState(GC.GetTotalMemory(forceFullCollection: false), last.TotalCommittedBytes,
            GC.GetTotalAllocatedBytes(), last.FragmentedBytes);
    }

    private static void ActOnProcess(MemoryStep step)
    {
        if (step == MemoryStep.Trim) GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        else if (step == MemoryStep.Compact) GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        else GC.Collect(2, GCCollectionMode.Forced, blocking: false);
    }
}
