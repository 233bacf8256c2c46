// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Runs the nodes' parts of a commit side by side on threads that wait for the next one in between. The caller takes
/// parts as well: where devices are fast it has done them all before a thread wakes.
/// </summary>
/// <remarks>One caller at a time. Locks: both of rank 15, held for moments, never together. There are two so that the
/// last part to end wakes the caller and no thread that has nothing to do.</remarks>
internal sealed class NodeThreads : INodeRunner, IDisposable
{
    private readonly object _stepsLock = new();
    private readonly object _doneLock = new();
    private readonly List<Thread> _threads = [];
    private IReadOnlyList<NodeStep> _steps = [];
    private int _next;
    private int _running;
    private bool _isClosed;

    /// <inheritdoc/>
    public void RunAll(IReadOnlyList<NodeStep> steps)
    {
        try
        {
            lock (_stepsLock)
            {
                _steps = steps;
                _next = 0;
                while (_threads.Count < steps.Count - 1) AddThread();
                for (int others = 1; others < steps.Count; others++) Monitor.Pulse(_stepsLock);
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
        lock (_stepsLock)
        {
            _steps = [];
            _next = 0;
        }
        lock (_doneLock)
        {
            while (Volatile.Read(ref _running) > 0) _ = Monitor.Wait(_doneLock);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        lock (_stepsLock)
        {
            _isClosed = true;
            Monitor.PulseAll(_stepsLock);
        }
        foreach (Thread thread in _threads) thread.Join();
        _threads.Clear();
    }

    private void AddThread()
    {
        var thread = new Thread(Work) { Name = $"commit {_threads.Count + 1}", IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Work()
    {
        while (true)
        {
            NodeStep? step;
            while (!TryTake(out step))
            {
                lock (_stepsLock)
                {
                    if (_isClosed) return;
                    if (_next == _steps.Count) _ = Monitor.Wait(_stepsLock);
                }
            }
            Run(step);
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NodeStep? step)
    {
        lock (_stepsLock)
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
                lock (_doneLock) Monitor.Pulse(_doneLock);
            }
        }
    }
}
