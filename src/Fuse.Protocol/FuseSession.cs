// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>Why a session ended.</summary>
public enum FuseSessionEnd
{
    /// <summary>The filesystem was unmounted, or its connection aborted.</summary>
    Unmounted,

    /// <summary><see cref="FuseSession.Stop"/> was called.</summary>
    Stopped,

    /// <summary>Reading requests failed.</summary>
    Failed,
}

/// <summary>
/// The session of one mount with the kernel: INIT, then worker threads that each serve one request at a time, until the
/// filesystem is unmounted or <see cref="Stop"/> is called. All threads have ended when <see cref="Wait"/> returns.
/// </summary>
/// <remarks>Order: <see cref="Negotiate"/>, <see cref="Start"/>, <see cref="Wait"/>, Dispose.</remarks>
public sealed class FuseSession : IDisposable
{
    // Interval for waking a worker that should end.
    private static readonly TimeSpan s_wake = TimeSpan.FromMilliseconds(5);

    private readonly IFuseTransport _transport;
    private readonly IFuseFileSystem _fileSystem;
    private readonly FuseSessionOptions _options;
    private readonly ILogger _logger;
    private readonly List<FuseWorker> _workers = [];
    private readonly FuseReadTurns _turns;
    private FuseLongRequests? _longRequests;
    private IFuseQueues? _queues;
    private FuseQueueWorkers? _queueWorkers;
    private readonly RankedMonitor _endLock = new(LockRank.FuseSessionEnd);
    private volatile bool _isStopping;
    private int _runningTotal;
    private FuseSessionEnd _end = FuseSessionEnd.Unmounted;

    /// <summary>A session over a transport, which it now owns.</summary>
    public FuseSession(
        IFuseTransport transport, IFuseFileSystem fileSystem, FuseSessionOptions options, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WorkersTotal, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.WorkersTotal, 256);
        _transport = transport;
        _fileSystem = fileSystem;
        _options = options;
        _logger = logger;
        _turns = new FuseReadTurns(options.MaySpin, options.Time, options.Scheduler);
        MainChannel = transport.OpenChannel();
    }

    /// <summary>The result of INIT; null before.</summary>
    public FuseConnection? Connection { get; private set; }

    /// <summary>The dispatcher with its error counts; null before INIT.</summary>
    public FuseDispatcher? Dispatcher { get; private set; }

    /// <summary>The kernel's queues (io_uring) from which requests are taken; 0 when all are read from the
    /// device.</summary>
    public int QueuesTotal => _queues?.QueuesTotal ?? 0;

    /// <summary>The channel of INIT, also used for notifications.</summary>
    internal IFuseChannel MainChannel { get; }

    /// <summary>Waits for INIT and replies to it. Afterwards the mount works as soon as <see cref="Start"/> was
    /// called.</summary>
    /// <exception cref="FuseException">The kernel is too old, sent another request first, or unmounted.</exception>
    public FuseConnection Negotiate()
    {
        // The kernel rejects shorter buffers; INIT itself has at most 104 bytes.
        byte[] buffer = GC.AllocateUninitializedArray<byte>(65536, pinned: true);
        while (true)
        {
            int got = MainChannel.TryReceive(buffer);
            if (got == -FuseErrno.EAGAIN) got = -MainChannel.WaitForRequest();
            bool isNothing = got == FuseErrno.None || got is -FuseErrno.EINTR or -FuseErrno.ENOENT;
            if (isNothing && !_isStopping) continue;
            if (isNothing) got = -FuseErrno.EINTR;
            if (got < 0) throw new FuseException("no INIT from the kernel: " + LinuxCalls.Describe(-got));
            if (AnswerInit(buffer.AsSpan(0, got)) is not { } connection) continue;

            Connection = connection;
            int queues = _queues?.QueuesTotal ?? 0;
            int queueThreads = queues == 0 ? 0 : queues * FuseQueueWorkers.ThreadsMaxOf(queues);
            var dispatcher = new FuseDispatcher(_fileSystem, connection, FirstQueueThread + queueThreads, _logger)
            {
                Statistics = _options.Statistics,
                Trace = _options.Trace,
            };
            FuseBufferSizes sizes = FuseBufferSizes.For(connection.MaxWriteBytes, connection.MaxReadBytes);
            KeepStalled(dispatcher, sizes);
            var longRequests = new FuseLongRequests(_options.WorkersTotal, _options.BackgroundRequestsMax, sizes,
                (thread, message, reply, channel) =>
                    dispatcher.Serve(_options.WorkersTotal + thread, message, reply, channel),
                _options.Scheduler, _logger);
            dispatcher.BeforeDestroy = longRequests.WaitUntilDone;
            (Dispatcher, _longRequests) = (dispatcher, longRequests);
            FuseLog.Negotiated(_logger, connection.KernelMinor, connection.Minor, connection.Enabled,
                connection.MaxReadBytes, connection.MaxWriteBytes, connection.MaxReadAheadBytes);
            _fileSystem.Initialized(connection);
            return connection;
        }
    }

    /// <summary>Serves requests that were kept while the filesystem was stalled. From any thread.</summary>
    public void ServeStalled() => Dispatcher?.Stalled?.ServeAll();

    /// <summary>Starts the worker threads.</summary>
    /// <exception cref="FuseException">A worker's channel cannot be opened.</exception>
    public void Start()
    {
        FuseConnection connection = Connection ?? throw new InvalidOperationException("INIT comes first");
        FuseBufferSizes sizes = FuseBufferSizes.For(connection.MaxWriteBytes, connection.MaxReadBytes);
        for (int number = 0; number < _options.WorkersTotal; number++)
        {
            IFuseChannel channel = number == 0 ? MainChannel : _transport.OpenChannel();
            _workers.Add(new FuseWorker(number, channel, sizes));
        }
        _runningTotal = _workers.Count;
        foreach (FuseWorker worker in _workers)
        {
            string name = "fuse-" + worker.Number.ToString(CultureInfo.InvariantCulture);
            _ = _options.Scheduler.Start(name, () => Work(worker));
        }
        if (_queues is null) return;
        FuseLog.UsesQueues(_logger, _queues.QueuesTotal);
        var spinning = new FuseQueueSpinning(_options.MaySpin, _options.Time, _options.Scheduler);
        _queueWorkers = new FuseQueueWorkers(
            _queues, ServeEntry, EndByError, spinning, _options.Scheduler, _logger);
        _queueWorkers.Start();
    }

    /// <summary>
    /// Waits until every worker has ended, and runs the DESTROY callback.
    /// </summary>
    public FuseSessionEnd Wait()
    {
        using (_endLock.EnterScope())
        {
            while (_runningTotal > 0)
            {
                if (!_isStopping)
                {
                    _endLock.Wait();
                    continue;
                }
                foreach (FuseWorker worker in _workers)
                {
                    if (!worker.HasEnded) worker.Channel.Interrupt();
                }
                _ = _endLock.Wait(s_wake);
            }
        }
        _queueWorkers?.Stop(s_wake);
        _longRequests?.Finish();
        Dispatcher?.Stalled?.Close();
        Dispatcher?.Destroy();
        return _end;
    }

    /// <summary>
    /// Ends every worker after its current request, although the filesystem is still mounted. From any thread; callers
    /// that wait for a reply get ECONNABORTED once the session is disposed of.
    /// </summary>
    public void Stop() => End(FuseSessionEnd.Stopped);

    /// <summary>Closes all channels; the kernel aborts the connection of a mount that still exists.</summary>
    public void Dispose()
    {
        _turns.Dispose();
        _longRequests?.Dispose();
        foreach (FuseWorker worker in _workers) worker.Dispose();
        _workers.Clear();
        MainChannel.Dispose();
        _transport.Dispose();
    }

    // Workers, threads for long requests and the thread for stalled requests come before those of queues.
    private int FirstQueueThread => _options.WorkersTotal + FuseLongRequests.ThreadsMax + 1;

    private FuseConnection? AnswerInit(ReadOnlySpan<byte> message)
    {
        if (!FuseRequest.TryOpen(message, out FuseRequest request, out string? fault)
            || request.Header.Opcode != FuseOpcode.Init
            || request.RemainingBytes < FuseNegotiation.ShortInitBytes)
        {
            string reason = fault is null ? "" : ": " + fault;
            throw new FuseException("the kernel's first message is no INIT" + reason);
        }
        var offer = request.ShorterRecord<FuseInitIn>(
            Math.Min(request.RemainingBytes, Unsafe.SizeOf<FuseInitIn>()));
        FuseInitOut answer = default;
        FuseNegotiationOutcome outcome =
            FuseNegotiation.Settle(in offer, _options, ref answer, out FuseConnection? connection);
        if (connection is not null && OpenQueues(connection))
        {
            FuseSessionOptions options = _options with { Wanted = _options.Wanted | FuseInitFlags.OverIoUring };
            outcome = FuseNegotiation.Settle(in offer, options, ref answer, out connection);
        }
        bool isTooOld = outcome == FuseNegotiationOutcome.TooOld;

        ReadOnlySpan<byte> payload = MemoryMarshal.AsBytes(new ReadOnlySpan<FuseInitOut>(in answer));
        var header = new FuseOutHeader
        {
            Length = (uint)(Unsafe.SizeOf<FuseOutHeader>() + (isTooOld ? 0 : payload.Length)),
            Error = isTooOld ? -FuseErrno.EPROTO : 0,
            Unique = request.Header.Unique,
        };
        int error = MainChannel.Send(in header, isTooOld ? default : payload);
        if (isTooOld)
        {
            throw new FuseException(
                $"the kernel speaks FUSE {offer.Major}.{offer.Minor}; 7.31 (Linux 5.4) or newer is needed");
        }
        return error == FuseErrno.None
            ? connection
            : throw new FuseException("the kernel refused the answer to INIT: " + LinuxCalls.Describe(error));
    }

    private bool OpenQueues(FuseConnection connection)
    {
        if (!_options.UsesQueues) return false;
        string? failure = "the kernel does not offer it (the parameter enable_uring of its module fuse)";
        if (connection.Offered.HasFlag(FuseInitFlags.OverIoUring))
            _queues = _transport.TryOpenQueues(connection, out failure);
        if (_queues is { QueuesTotal: var queues } && FuseQueueWorkers.ThreadsMaxOf(queues) == 0)
            (_queues, failure) = (null, $"{queues} queues, one for each processor, are too many");
        if (failure is not null) FuseLog.QueuesRefused(_logger, _options.QueuesRefusedLevel, failure);
        return _queues is not null;
    }

    private void KeepStalled(FuseDispatcher dispatcher, FuseBufferSizes sizes)
    {
        if (_options.IsStalled is not { } isStalled) return;
        int thread = FirstQueueThread - 1;
        dispatcher.Stalled = new FuseStalledRequests(isStalled, (message, channel) =>
        {
            using var reply = new FuseBuffer(sizes.ReplyBytes);
            dispatcher.Serve(thread, message, reply.Span, channel);
        }, _options.Scheduler);
    }

    private void Work(FuseWorker worker)
    {
        while (!_isStopping)
        {
            int got = _turns.Take(worker);
            if (got >= 0)
            {
                Serve(worker, worker.RequestBuffer[..got]);
                continue;
            }
            if (got is -FuseErrno.EINTR or -FuseErrno.ENOENT or -FuseErrno.EAGAIN) continue;
            EndByError(-got);
        }
        using (_endLock.EnterScope())
        {
            worker.HasEnded = true;
            _runningTotal--;
            _endLock.PulseAll();
        }
    }

    // The dispatcher rejects a message that is shorter than a header.
    private static FuseRow? RowOf(ReadOnlySpan<byte> message) => message.Length >= Unsafe.SizeOf<FuseInHeader>()
        ? FuseOperations.RowOf(MemoryMarshal.AsRef<FuseInHeader>(message).Opcode) : null;

    private void ServeEntry(int thread, IFuseQueueEntry entry)
    {
        ReadOnlySpan<byte> message = entry.Request;
        FuseRow? row = RowOf(message);
        bool mayWait = row?.Duration is FuseDuration.Change or FuseDuration.Long;
        if (mayWait) _longRequests!.BeginAnyway();
        Dispatcher!.Serve(FirstQueueThread + thread, message, entry.ReplyBuffer, entry);
        if (mayWait) _longRequests!.End();
        // The kernel uses an entry again after a reply, also where the operation has none.
        var nothing = new FuseOutHeader
        {
            Length = (uint)Unsafe.SizeOf<FuseOutHeader>(),
            Unique = MemoryMarshal.AsRef<FuseInHeader>(message).Unique,
        };
        if (row is { IsAnswered: false }) _ = entry.Send(in nothing, default);
    }

    private void EndByError(int error)
    {
        bool isUnmounted = error is FuseErrno.ENODEV or FuseErrno.ECONNABORTED;
        if (!isUnmounted) FuseLog.ReceiveFailed(_logger, error);
        End(isUnmounted ? FuseSessionEnd.Unmounted : FuseSessionEnd.Failed);
    }

    private void Serve(FuseWorker worker, ReadOnlySpan<byte> message)
    {
        FuseDuration duration = RowOf(message)?.Duration ?? FuseDuration.Short;
        bool isLong = _turns.TakesLong(duration);
        bool mayWait = isLong || duration == FuseDuration.Change;
        if (mayWait && !_longRequests!.TryBegin())
        {
            if (_longRequests.TryHandOver(worker, message.Length)) return;
            _longRequests.BeginAnyway();
        }
        _turns.BeforeServing(isLong);
        Dispatcher!.Serve(worker.Number, message, worker.ReplyBuffer, worker.Channel);
        if (mayWait) _longRequests!.End();
        _turns.Answered(worker, duration);
    }

    // Only the first reason is kept.
    private void End(FuseSessionEnd end)
    {
        using (_endLock.EnterScope())
        {
            if (_isStopping) return;
            _end = end;
            _isStopping = true;
            _endLock.PulseAll();
        }
        _turns.Stop();
    }
}
