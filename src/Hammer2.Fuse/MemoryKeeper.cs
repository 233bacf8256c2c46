// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>An action of the daemon to limit its memory.</summary>
internal enum MemoryStep
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Collects garbage beside the running requests.</summary>
    Collect,

    /// <summary>Collects garbage and returns free memory to the system; requests wait for some ten milliseconds.
    /// </summary>
    Trim,
}

/// <summary>The memory use of the process according to the garbage collector.</summary>
/// <param name="HeapBytes">Bytes of objects, garbage included.</param>
/// <param name="CommittedBytes">Bytes that the collector has allocated from the system.</param>
/// <param name="AllocatedBytes">Bytes allocated since the start of the process.</param>
internal readonly record struct MemoryState(long HeapBytes, long CommittedBytes, long AllocatedBytes);

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
        bool isTrimDue = _quiet >= QuietTicks && !_isTrimmed;
        if (!isTrimDue) return MemoryStep.None;
        _isTrimmed = true;
        return state.CommittedBytes > state.HeapBytes + TrimBytes || state.HeapBytes > _bound / 2
            ? MemoryStep.Trim : MemoryStep.None;
    }

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

    private static MemoryState ReadProcess() => new(
        GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo().TotalCommittedBytes,
        GC.GetTotalAllocatedBytes());

    private static void ActOnProcess(MemoryStep step)
    {
        if (step == MemoryStep.Trim) GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        else GC.Collect(2, GCCollectionMode.Forced, blocking: false);
    }
}
