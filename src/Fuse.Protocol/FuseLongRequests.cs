// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>
/// Keeps workers free for short requests. A limited number of workers serve requests that may take long; further ones
/// are handed over, with their buffers, to separate threads, and the worker that received one continues receiving.
/// </summary>
/// <remarks>
/// Replies are sent in any order, each on the channel that received the request. A WRITE keeps the worker's buffer, and
/// the worker gets another; there are as many of these as the kernel may send writes from its cache at once. When more
/// arrive, from callers that bypass that cache, workers serve them, and short requests may have to wait. Requests of up
/// to two pages are copied. A thread is started when a request waits and no thread is idle, and ends with the session.
/// Locks: _waitingLock and _doneLock, leaves, held for moments and never together.
/// </remarks>
internal sealed class FuseLongRequests : IDisposable
{
    /// <summary>Maximum number of threads for handed-over requests.</summary>
    public const int ThreadsMax = 32;

    // Spare buffers kept when no request is in progress; the others are freed.
    private const int SparesMax = 2;

    // Requests up to this length are copied: all but WRITEs of more than a page.
    private const int CopiedBytesMax = 8192;

    private readonly FuseBufferSizes _sizes;
    private readonly FuseThreadWork _serve;
    private readonly int _workersMax;
    private readonly int _buffersMax;
    private readonly IScheduler _scheduler;
    private readonly ILogger _logger;
    private readonly RankedMonitor _waitingLock = new(LockRank.FuseLongRequests);
    private readonly RankedMonitor _doneLock = new(LockRank.FuseLongRequestsDone);
    private readonly Queue<HandedOver> _waiting = new();
    private readonly Stack<FuseBuffer> _spares = new();
    private int _buffersTotal;              // spare ones and those with a request
    private int _atWorkers;
    private int _handedOver;                // waiting or being served
    private int _threads, _idleThreads;
    private int _waiters;                   // threads waiting for requests or threads to end
    private bool _isFinishing;

    /// <summary>Threads and buffers are created when needed.</summary>
    /// <param name="workersTotal">Workers of the session: half of them, but at least one, may serve requests that may
    /// take long.</param>
    /// <param name="buffersMax">Maximum number of WRITEs handed over at once.</param>
    /// <param name="sizes">Sizes of buffers.</param>
    /// <param name="serve">Serves one request.</param>
    /// <param name="scheduler">Starts the threads.</param>
    /// <param name="logger">Where a failure to start a thread is logged.</param>
    public FuseLongRequests(
        int workersTotal, int buffersMax, FuseBufferSizes sizes, FuseThreadWork serve, IScheduler scheduler,
        ILogger logger)
    {
        _scheduler = scheduler;
        _logger = logger;
        _workersMax = Math.Max(1, workersTotal / 2);
        _buffersMax = buffersMax;
        _sizes = sizes;
        _serve = serve;
    }

    /// <summary>True when a worker may serve a request that takes long; then <see cref="End"/> must follow.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _atWorkers) <= _workersMax) return true;
        End();
        return false;
    }

    /// <summary>Counts a worker beyond the limit that serves a request which could not be handed over.</summary>
    public void BeginAnyway() => _ = Interlocked.Increment(ref _atWorkers);

    /// <summary>A worker has finished a long request.</summary>
    public void End()
    {
        _ = Interlocked.Decrement(ref _atWorkers);
        TellWaiters();
    }

    /// <summary>Hands over the request in a worker's buffer.</summary>
    /// <param name="worker">The worker; it has another buffer afterwards if the request was not copied.</param>
    /// <param name="bytes">Length of the request.</param>
    /// <returns>False when there is no buffer or no thread for it: then the worker must serve it.</returns>
    public bool TryHandOver(FuseWorker worker, int bytes)
    {
        using (_waitingLock.EnterScope())
        {
            if (_threads == 0 && !TryStartThread()) return false;
        }
        HandedOver request;
        if (bytes <= CopiedBytesMax)
        {
            byte[] copy = ArrayPool<byte>.Shared.Rent(bytes);
            worker.RequestBuffer[..bytes].CopyTo(copy);
            request = new HandedOver(null, copy, bytes, worker.Channel);
        }
        else
        {
            if (TakeBuffer() is not { } other) return false;
            request = new HandedOver(worker.Request, null, bytes, worker.Channel);
            worker.Request = other;
        }
        _ = Interlocked.Increment(ref _handedOver);
        using (_waitingLock.EnterScope())
        {
            _waiting.Enqueue(request);
            if (_waiting.Count > _idleThreads && _threads < ThreadsMax) _ = TryStartThread();
            _waitingLock.Pulse();
        }
        return true;
    }

    /// <summary>Waits until no long request is in progress, neither at workers nor handed over.</summary>
    public void WaitUntilDone()
    {
        _ = Interlocked.Increment(ref _waiters);
        using (_doneLock.EnterScope())
        {
            while (Volatile.Read(ref _handedOver) > 0 || Volatile.Read(ref _atWorkers) > 0)
                _doneLock.Wait();
        }
        _ = Interlocked.Decrement(ref _waiters);
    }

    /// <summary>Waits until all handed-over requests are served and ends the threads. No request may be handed over any
    /// more.</summary>
    public void Finish()
    {
        using (_waitingLock.EnterScope())
        {
            _isFinishing = true;
            _waitingLock.PulseAll();
        }
        _ = Interlocked.Increment(ref _waiters);
        using (_doneLock.EnterScope())
        {
            while (Volatile.Read(ref _threads) > 0) _doneLock.Wait();
        }
        _ = Interlocked.Decrement(ref _waiters);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Finish();
        while (_spares.TryPop(out FuseBuffer? spare)) spare.Dispose();
    }

    private FuseBuffer? TakeBuffer()
    {
        using (_waitingLock.EnterScope())
        {
            if (_spares.TryPop(out FuseBuffer? spare)) return spare;
            if (_buffersTotal == _buffersMax) return null;
            _buffersTotal++;
        }
        return new FuseBuffer(_sizes.RequestBytes);
    }

    private bool TryStartThread()
    {
        int number = _threads;
        try
        {
            string name = "fuse-long-" + number.ToString(CultureInfo.InvariantCulture);
            _ = _scheduler.Start(name, () => Work(number));
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            FuseLog.ThreadNotStarted(_logger, failure, number);
            return false;
        }
        _threads++;
        return true;
    }

    private void Work(int number)
    {
        using var reply = new FuseBuffer(_sizes.ReplyBytes);
        while (TryTake(out HandedOver request))
        {
            ReadOnlySpan<byte> message = request.Copy is { } copy ? copy : request.Buffer!.Span;
            _serve(number, message[..request.Bytes], reply.Span, request.Channel);
            Recycle(request);
        }
        _ = Interlocked.Decrement(ref _threads);
        TellWaiters();
    }

    private bool TryTake(out HandedOver request)
    {
        using (_waitingLock.EnterScope())
        {
            while (!_waiting.TryDequeue(out request))
            {
                if (_isFinishing) return false;
                _idleThreads++;
                _waitingLock.Wait();
                _idleThreads--;
            }
            return true;
        }
    }

    private void Recycle(in HandedOver request)
    {
        if (request.Copy is { } copy) ArrayPool<byte>.Shared.Return(copy);
        if (request.Buffer is { } buffer)
        {
            using (_waitingLock.EnterScope()) _spares.Push(buffer);
        }
        if (Interlocked.Decrement(ref _handedOver) == 0) FreeSurplus();
        TellWaiters();
    }

    private void FreeSurplus()
    {
        while (true)
        {
            FuseBuffer surplus;
            using (_waitingLock.EnterScope())
            {
                if (_spares.Count <= SparesMax) return;
                surplus = _spares.Pop();
                _buffersTotal--;
            }
            surplus.Dispose();
        }
    }

    // The counts were changed with a full fence: either this thread sees the waiter, or the waiter sees the counts.
    private void TellWaiters()
    {
        if (Volatile.Read(ref _waiters) == 0) return;
        using (_doneLock.EnterScope()) _doneLock.PulseAll();
    }

    private readonly record struct HandedOver(FuseBuffer? Buffer, byte[]? Copy, int Bytes, IFuseChannel Channel);
}

/// <summary>Serves one request on a thread of <see cref="FuseLongRequests"/>.</summary>
/// <param name="thread">Number of the thread, from 0.</param>
/// <param name="message">The request.</param>
/// <param name="reply">Buffer for the reply.</param>
/// <param name="channel">The channel that received the request.</param>
internal delegate void FuseThreadWork(int thread, ReadOnlySpan<byte> message, Span<byte> reply, IFuseChannel channel);
