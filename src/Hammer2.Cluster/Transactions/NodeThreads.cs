// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Runs the nodes' parts of a commit side by side on threads that wait for the next one in between. The caller takes
/// parts as well: where devices are fast it has done them all before a thread wakes.
/// </summary>
/// <remarks>One caller at a time. Locks: both of rank 15, held for moments, never together. There are two so that the
/// last part to end wakes the caller and no thread that has nothing to do.</remarks>
internal sealed class NodeThreads : INodeRunner, IDisposable
{
    private readonly RankedMonitor _stepsLock = new(LockRank.NodeSteps);
    private readonly RankedMonitor _doneLock = new(LockRank.LastNodeStep);
    private readonly List<IStartedThread> _threads = [];
    private readonly IScheduler _scheduler;
    private IReadOnlyList<NodeStep> _steps = [];
    private int _next;
    private int _running;
    private bool _isClosed;

    /// <summary>Threads are started when a commit needs them.</summary>
    /// <param name="scheduler">Starts them; null for the system's.</param>
    public NodeThreads(IScheduler? scheduler = null) => _scheduler = scheduler ?? SystemScheduler.Instance;

    /// <inheritdoc/>
    public void RunAll(IReadOnlyList<NodeStep> steps)
    {
        try
        {
            using (_stepsLock.EnterScope())
            {
                _steps = steps;
                _next = 0;
                while (_threads.Count < steps.Count - 1) AddThread();
                for (int others = 1; others < steps.Count; others++) _stepsLock.Pulse();
            }
            while (TryTake(out NodeStep? step)) Run(step);
        }
        finally
        {
            AwaitOthers();
        }
    }

    // Whatever a part of the caller's threw, the others end before the caller goes on. Nothing of the group that was
    // committed is kept.
    private void AwaitOthers()
    {
        using (_stepsLock.EnterScope())
        {
            _steps = [];
            _next = 0;
        }
        using (_doneLock.EnterScope())
        {
            while (Volatile.Read(ref _running) > 0) _doneLock.Wait();
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        using (_stepsLock.EnterScope())
        {
            _isClosed = true;
            _stepsLock.PulseAll();
        }
        foreach (IStartedThread thread in _threads) thread.Join();
        _threads.Clear();
    }

    private void AddThread() => _threads.Add(_scheduler.Start($"commit {_threads.Count + 1}", Work));

    private void Work()
    {
        while (true)
        {
            NodeStep? step;
            while (!TryTake(out step))
            {
                using (_stepsLock.EnterScope())
                {
                    if (_isClosed) return;
                    if (_next == _steps.Count) _stepsLock.Wait();
                }
            }
            Run(step);
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NodeStep? step)
    {
        using (_stepsLock.EnterScope())
        {
            bool isLeft = _next < _steps.Count;
            step = isLeft ? _steps[_next++] : null;
            if (isLeft) _ = Interlocked.Increment(ref _running);
            return isLeft;
        }
    }

    private void Run(NodeStep step)
    {
        try
        {
            step.Run();
        }
        finally
        {
            if (Interlocked.Decrement(ref _running) == 0)
            {
                using (_doneLock.EnterScope()) _doneLock.Pulse();
            }
        }
    }
}
