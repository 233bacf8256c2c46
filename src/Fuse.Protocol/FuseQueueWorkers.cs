// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>
/// The threads that serve the requests of the kernel's queues: each has one entry of one queue, and serves its requests
/// to their end.
/// </summary>
/// <remarks>
/// The kernel gives a request to the entry of its queue that became free last, so that one thread serves what arrives
/// in sequence. A queue begins with one thread and gets another one when the last free one receives a request: none
/// waits for another while there are fewer than the maximum in progress. Lock: _threadsLock, a leaf, held for moments.
/// </remarks>
internal sealed class FuseQueueWorkers
{
    // Of one queue: as many requests may wait, for a device or without a quorum, while others are served.
    private const int ThreadsOfQueueMax = 32;
    private const int ThreadsAllMax = 256;

    private readonly IFuseQueues _queues;
    private readonly FuseEntryWork _serve;
    private readonly Action<int> _failed;
    private readonly FuseQueueSpinning _spinning;
    private readonly IScheduler _scheduler;
    private readonly ILogger _logger;
    private readonly RankedMonitor _threadsLock = new(LockRank.FuseQueueWorkers);
    private readonly List<IFuseQueueEntry> _open = [];
    private readonly int[] _free, _threads;         // of each queue
    private readonly int _threadsMax;
    private int _running;
    private volatile bool _isStopping;

    /// <param name="queues">The kernel's queues, at most 256.</param>
    /// <param name="serve">Serves the request of an entry.</param>
    /// <param name="failed">Is told the error number with which a thread ended too early.</param>
    /// <param name="spinning">Decides which thread waits without sleeping.</param>
    /// <param name="scheduler">Starts the threads.</param>
    /// <param name="logger">Where it is logged that a thread or an entry cannot be had.</param>
    public FuseQueueWorkers(
        IFuseQueues queues, FuseEntryWork serve, Action<int> failed, FuseQueueSpinning spinning, IScheduler scheduler,
        ILogger logger)
    {
        _queues = queues;
        _serve = serve;
        _failed = failed;
        _spinning = spinning;
        _scheduler = scheduler;
        _logger = logger;
        _threadsMax = ThreadsMaxOf(queues.QueuesTotal);
        _free = new int[queues.QueuesTotal];
        _threads = new int[queues.QueuesTotal];
    }

    /// <summary>Maximum number of threads of one queue; 0 when there are too many queues.</summary>
    /// <param name="queuesTotal">Number of queues, from 1.</param>
    public static int ThreadsMaxOf(int queuesTotal) => Math.Min(ThreadsAllMax / queuesTotal, ThreadsOfQueueMax);

    /// <summary>Starts a thread for each queue.</summary>
    public void Start()
    {
        for (int queue = 0; queue < _queues.QueuesTotal; queue++) AddThread(queue);
    }

    /// <summary>Ends every thread after its request, waits for that, and closes the entries.</summary>
    /// <param name="interval">Time between two attempts to wake them.</param>
    public void Stop(TimeSpan interval)
    {
        _isStopping = true;
        while (true)
        {
            IFuseQueueEntry[] open;
            using (_threadsLock.EnterScope())
            {
                if (_running == 0) break;
                open = [.. _open];
            }
            foreach (IFuseQueueEntry entry in open) entry.Interrupt();
            using (_threadsLock.EnterScope())
            {
                if (_running > 0) _ = _threadsLock.Wait(interval);
            }
        }
        foreach (IFuseQueueEntry entry in _open) entry.Dispose();
        _open.Clear();
    }

    private void AddThread(int queue)
    {
        using (_threadsLock.EnterScope())
        {
            if (_isStopping || _threads[queue] == _threadsMax) return;
            int number = (queue * _threadsMax) + _threads[queue];
            bool isFirst = _threads[queue] == 0;
            // Before the thread runs: it may receive a request at once, and must see that it was the last free one.
            _ = Interlocked.Increment(ref _free[queue]);
            try
            {
                string name = "fuse-q" + number.ToString(CultureInfo.InvariantCulture);
                _ = _scheduler.Start(name, () => Run(queue, number, isFirst));
            }
            catch (Exception failure) when (!isFirst && (failure is OutOfMemoryException or ThreadStartException))
            {
                _ = Interlocked.Decrement(ref _free[queue]);
                FuseLog.ThreadNotStarted(_logger, failure, number);
                return;
            }
            _threads[queue]++;
            _running++;
        }
    }

    private void Run(int queue, int number, bool isFirst)
    {
        int error = FuseErrno.None;
        try
        {
            IFuseQueueEntry entry = _queues.OpenEntry(queue);
            using (_threadsLock.EnterScope()) _open.Add(entry);
            error = Exchange(entry, queue, number);
        }
        catch (FuseException failure)
        {
            // The kernel passes on no request before each queue has an entry.
            FuseLog.EntryNotOpened(_logger, failure, queue);
            if (isFirst) error = FuseErrno.ENOMEM;
        }
        _ = Interlocked.Decrement(ref _free[queue]);
        if (error != FuseErrno.None) _failed(error);
        using (_threadsLock.EnterScope())
        {
            _running--;
            _threadsLock.PulseAll();
        }
    }

    // Returns the error number that ends the session; 0 for none.
    private int Exchange(IFuseQueueEntry entry, int queue, int number)
    {
        bool hasServed = false;
        while (!_isStopping)
        {
            int got = _spinning.Exchange(number, entry);
            if (got == -FuseErrno.EINTR) continue;
            if (got < 0 && got != -FuseErrno.ENODEV) FuseLog.EntryRefused(_logger, queue, -got);
            // The kernel goes back to the device when it refuses the first entry of a queue.
            if (got < 0) return hasServed || got == -FuseErrno.ENODEV ? -got : FuseErrno.None;
            hasServed = true;
            if (Interlocked.Decrement(ref _free[queue]) == 0) AddThread(queue);
            _spinning.Received(number, queue, entry);
            _serve(number, entry);
            while (!entry.IsAnswered && !_isStopping) entry.AwaitAnswer();
            _spinning.Answered(queue);
            _ = Interlocked.Increment(ref _free[queue]);
        }
        return FuseErrno.None;
    }
}

/// <summary>Serves the request of an entry.</summary>
/// <param name="thread">Number of the thread, from 0.</param>
/// <param name="entry">The entry.</param>
internal delegate void FuseEntryWork(int thread, IFuseQueueEntry entry);
