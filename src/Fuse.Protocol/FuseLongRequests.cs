// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>
/// Keeps workers free for short requests. A bounded number of workers serve requests that may take long; further ones
/// are handed over, with their buffers, to threads of their own, and the worker that read one goes on reading.
/// </summary>
/// <remarks>
/// Answers may come in any order, each on the channel that its request came from. A WRITE keeps the worker's buffer,
/// and the worker gets another; there are as many of these as the kernel may send writes from its cache at once. When
/// more come, from callers that bypass that cache, workers serve them, and short requests may have to wait. What fits
/// into two pages is copied. A thread is started when a request waits and no thread is idle, and lives as long as the
/// session.
/// Locks: _gate and _doneGate, leaves, held for moments and never together.
/// </remarks>
internal sealed class FuseLongRequests : IDisposable
{
    /// <summary>How many threads serve what is handed over, at most.</summary>
    public const int ThreadsMax = 32;

    // Kept when nothing is under way; what was used beyond that goes back to the system.
    private const int SparesMax = 2;

    // What is no longer is copied: all but WRITEs of more than a page.
    private const int CopiedBytesMax = 8192;

    private readonly FuseBufferSizes _sizes;
    private readonly FuseThreadWork _serve;
    private readonly int _workersMax;
    private readonly int _buffersMax;
    private readonly ILogger _logger;
    private readonly object _gate = new();
    private readonly object _doneGate = new();
    private readonly Queue<HandedOver> _waiting = new();
    private readonly Stack<FuseBuffer> _spares = new();
    private int _buffersTotal;              // spare or with a request
    private int _atWorkers;
    private int _handedOver;                // waiting or being served
    private int _threads, _idleThreads;
    private int _waiters;                   // that wait for requests or threads to end
    private bool _isFinishing;

    /// <summary>Prepares; threads and buffers come when they are needed.</summary>
    /// <param name="workersTotal">Workers of the session: half of them, but one at least, may serve requests that may
    /// take long.</param>
    /// <param name="buffersMax">How many WRITEs may be handed over at once.</param>
    /// <param name="sizes">Of buffers.</param>
    /// <param name="serve">Serves one request.</param>
    /// <param name="logger">Where a failure to start a thread is logged.</param>
    public FuseLongRequests(
        int workersTotal, int buffersMax, FuseBufferSizes sizes, FuseThreadWork serve, ILogger logger)
    {
        _logger = logger;
        _workersMax = Math.Max(1, workersTotal / 2);
        _buffersMax = buffersMax;
        _sizes = sizes;
        _serve = serve;
    }

    /// <summary>Asks whether a worker may serve a request that takes long; if so, <see cref="End"/> follows.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _atWorkers) <= _workersMax) return true;
        End();
        return false;
    }

    /// <summary>A worker serves a request that takes long though it should not: nothing else can.</summary>
    public void BeginAnyway() => _ = Interlocked.Increment(ref _atWorkers);

    /// <summary>A worker has served a request that took long.</summary>
    public void End()
    {
        _ = Interlocked.Decrement(ref _atWorkers);
        TellWaiters();
    }

    /// <summary>Hands over the request in a worker's buffer.</summary>
    /// <param name="worker">Has another buffer afterwards if it was one with data.</param>
    /// <param name="bytes">Length of the request.</param>
    /// <returns>False when there is no buffer or no thread for it: the worker has to serve it.</returns>
    public bool TryHandOver(FuseWorker worker, int bytes)
    {
        lock (_gate)
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
        lock (_gate)
        {
            _waiting.Enqueue(request);
            if (_waiting.Count > _idleThreads && _threads < ThreadsMax) _ = TryStartThread();
            Monitor.Pulse(_gate);
        }
        return true;
    }

    /// <summary>Waits until no request that takes long is under way, at workers or handed over.</summary>
    public void WaitUntilDone()
    {
        _ = Interlocked.Increment(ref _waiters);
        lock (_doneGate)
        {
            while (Volatile.Read(ref _handedOver) > 0 || Volatile.Read(ref _atWorkers) > 0)
                _ = Monitor.Wait(_doneGate);
        }
        _ = Interlocked.Decrement(ref _waiters);
    }

    /// <summary>Serves what was handed over and ends the threads. Nothing may be handed over any more.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _isFinishing = true;
            Monitor.PulseAll(_gate);
        }
        _ = Interlocked.Increment(ref _waiters);
        lock (_doneGate)
        {
            while (Volatile.Read(ref _threads) > 0) _ = Monitor.Wait(_doneGate);
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
        lock (_gate)
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
        var thread = new Thread(() => Work(number))
        {
            Name = "fuse-long-" + number.ToString(CultureInfo.InvariantCulture),
            IsBackground = true,
        };
        try
        {
            thread.Start();
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
            GiveBack(request);
        }
        _ = Interlocked.Decrement(ref _threads);
        TellWaiters();
    }

    private bool TryTake(out HandedOver request)
    {
        lock (_gate)
        {
            while (!_waiting.TryDequeue(out request))
            {
                if (_isFinishing) return false;
                _idleThreads++;
                _ = Monitor.Wait(_gate);
                _idleThreads--;
            }
            return true;
        }
    }

    private void GiveBack(in HandedOver request)
    {
        if (request.Copy is { } copy) ArrayPool<byte>.Shared.Return(copy);
        if (request.Buffer is { } buffer)
        {
            lock (_gate) _spares.Push(buffer);
        }
        if (Interlocked.Decrement(ref _handedOver) == 0) FreeSurplus();
        TellWaiters();
    }

    private void FreeSurplus()
    {
        while (true)
        {
            FuseBuffer surplus;
            lock (_gate)
            {
                if (_spares.Count <= SparesMax) return;
                surplus = _spares.Pop();
                _buffersTotal--;
            }
            surplus.Dispose();
        }
    }

    // Counts were changed with a full fence: either this thread sees one that waits, or that one sees the counts.
    private void TellWaiters()
    {
        if (Volatile.Read(ref _waiters) == 0) return;
        lock (_doneGate) Monitor.PulseAll(_doneGate);
    }

    private readonly record struct HandedOver(FuseBuffer? Buffer, byte[]? Copy, int Bytes, IFuseChannel Channel);
}

/// <summary>Serves one request on a thread of <see cref="FuseLongRequests"/>.</summary>
/// <param name="thread">Number of the thread, from 0.</param>
/// <param name="message">The request.</param>
/// <param name="reply">Where the answer is built.</param>
/// <param name="channel">Where the request came from.</param>
internal delegate void FuseThreadWork(int thread, ReadOnlySpan<byte> message, Span<byte> reply, IFuseChannel channel);
