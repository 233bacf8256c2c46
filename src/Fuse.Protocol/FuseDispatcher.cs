// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>
/// Decodes requests, calls their handlers and sends replies. All exceptions of a filesystem are caught here and become
/// EIO for the caller, a log line and a count.
/// </summary>
/// <remarks>
/// Shared by all workers; its only state are counts. A malformed request gets EINVAL and is logged; an operation
/// without a row gets ENOSYS, after which the kernel usually stops sending it.
/// </remarks>
public sealed partial class FuseDispatcher
{
    private readonly FuseService _service;
    private readonly FuseInterrupts _interrupts;
    private readonly ILogger _logger;
    private readonly bool _logsRequests;
    private long _thrownTotal;
    private long _malformedTotal;
    private long _unknownTotal;
    private int _destroyed;

    /// <summary>Dispatches requests of a connection to a filesystem.</summary>
    /// <param name="fileSystem">The filesystem.</param>
    /// <param name="connection">The result of INIT.</param>
    /// <param name="workersTotal">Number of threads that call <see cref="Serve"/>, each with its own number.</param>
    /// <param name="logger">Receives failures, and every request at level Debug.</param>
    public FuseDispatcher(
        IFuseFileSystem fileSystem, FuseConnection connection, int workersTotal, ILogger logger)
    {
        _logger = logger;
        _logsRequests = logger.IsEnabled(LogLevel.Debug);
        _interrupts = new FuseInterrupts(workersTotal) { Interrupted = EndStalled };
        _service = new FuseService(fileSystem, connection, _interrupts, Destroy);
    }

    /// <summary>Waits for requests that other threads still serve; called before the DESTROY callback.</summary>
    internal Action BeforeDestroy { get; set; } = static () => { };

    /// <summary>Keeps requests that the filesystem can serve later; null for none.</summary>
    internal FuseStalledRequests? Stalled { get; set; }

    /// <summary>Requests that wait until the filesystem can serve them.</summary>
    public int StalledTotal => Stalled?.Count ?? 0;

    /// <summary>Counts requests; null for no counting.</summary>
    internal FuseStatistics? Statistics { get; init; }

    /// <summary>Keeps requests for those that follow them; null for none. It needs the counts, which measure
    /// time.</summary>
    internal FuseTrace? Trace { get; init; }

    /// <summary>Number of requests whose handler threw or returned an invalid error number.</summary>
    public long ThrownTotal => Interlocked.Read(ref _thrownTotal);

    /// <summary>Number of malformed requests.</summary>
    public long MalformedTotal => Interlocked.Read(ref _malformedTotal);

    /// <summary>Number of requests with unknown operations.</summary>
    public long UnknownTotal => Interlocked.Read(ref _unknownTotal);

    /// <summary>
    /// Serves one request and sends its reply, if it has one.
    /// </summary>
    /// <param name="worker">Number of the calling worker, from 0.</param>
    /// <param name="message">The request, in memory that no other thread changes meanwhile.</param>
    /// <param name="buffer">Buffer for the reply: as long as the longest READ, and at least 8 KiB.</param>
    /// <param name="channel">The channel that received the request.</param>
    public void Serve(int worker, ReadOnlySpan<byte> message, Span<byte> buffer, IFuseSender channel)
    {
        if (!FuseRequest.TryOpen(message, out FuseRequest request, out string? fault))
        {
            ServeMalformed(message, request, fault!, channel);
            return;
        }
        FuseRow? row = FuseOperations.RowOf(request.Header.Opcode);
        if (row is null)
        {
            _ = Interlocked.Increment(ref _unknownTotal);
            FuseLog.UnknownOperation(_logger, request.Header.Opcode);
            Answer(request, FuseErrno.ENOSYS, default, channel);
            return;
        }

        _interrupts.Begin(worker, request.Header.Unique);
        long start = Statistics?.Begin() ?? 0;
        var reply = new FuseReply(buffer);
        int error = Handle(row, ref request, ref reply);
        long microseconds = Statistics?.End(worker, request.Header.Opcode, error, start) ?? 0;
        if (Trace is { IsRead: true } trace)
            trace.Add(message, in request.Header, reply.Payload, error, microseconds);
        if (error != FuseErrno.None) reply.Clear();
        if (error == FuseErrno.ERESTART && Stalled is { } stalled && row.IsAnswered)
        {
            stalled.Keep(request.Header.Unique, message, channel);
            // One that came before it was kept.
            bool isInterrupted = _interrupts.IsInterrupted(request.Header.Unique);
            _interrupts.End(worker);
            if (isInterrupted) EndStalled(request.Header.Unique);
            return;
        }
        _interrupts.End(worker);

        ref readonly FuseInHeader header = ref request.Header;
        if (_logsRequests) FuseLog.Served(_logger, header.Opcode, header.NodeId, header.Unique, error);
        if (row.IsAnswered) Answer(request, error, reply.Payload, channel);
    }

    /// <summary>Runs the DESTROY callback of the filesystem, only once; called by the session if the kernel sent no
    /// DESTROY.</summary>
    public void Destroy()
    {
        if (Interlocked.Exchange(ref _destroyed, 1) != 0) return;
        BeforeDestroy();
        try
        {
            _service.FileSystem.Destroyed();
        }
        catch (Exception failure)
        {
            _ = Interlocked.Increment(ref _thrownTotal);
            FuseLog.DestroyThrew(_logger, failure);
        }
    }

    private void EndStalled(ulong unique)
    {
        if (Stalled?.Take(unique) is { } channel) _ = Send(unique, FuseErrno.EINTR, default, channel);
    }

    private int Handle(FuseRow row, scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseInHeader header = ref request.Header;
        int error;
        try
        {
            var context = new FuseContext(in header, _interrupts);
            error = row.Serve(_service, in context, ref request, ref reply);
        }
        catch (Exception failure)
        {
            _ = Interlocked.Increment(ref _thrownTotal);
            FuseLog.HandlerThrew(_logger, failure, header.Opcode, header.NodeId, header.Unique);
            return FuseErrno.EIO;
        }
        if (request.Fault is { } fault)
        {
            CountMalformed(header, fault);
            return FuseErrno.EINVAL;
        }
        if (error is >= FuseErrno.None and < FuseErrno.Limit) return error;
        _ = Interlocked.Increment(ref _thrownTotal);
        FuseLog.BadAnswer(_logger, header.Opcode, header.NodeId, error);
        return FuseErrno.EIO;
    }

    private void Answer(
        scoped in FuseRequest request, int error, ReadOnlySpan<byte> payload, IFuseSender channel)
    {
        ref readonly FuseInHeader header = ref request.Header;
        int refused = Send(header.Unique, error, payload, channel);
        switch (refused)
        {
            case FuseErrno.None:
            case FuseErrno.ENODEV or FuseErrno.ECONNABORTED:     // unmounted: the next read returns the same error
                return;
            case FuseErrno.ENOENT:
                if (error == FuseErrno.None) UndoReply(in header, payload);
                return;
            default:
                FuseLog.AnswerRefused(_logger, header.Opcode, header.NodeId, payload.Length, refused);
                _ = Send(header.Unique, FuseErrno.EIO, default, channel);
                return;
        }
    }

    private static int Send(ulong unique, int error, ReadOnlySpan<byte> payload, IFuseSender channel)
    {
        var header = new FuseOutHeader
        {
            Length = (uint)(FuseOutHeaderBytes + payload.Length),
            Error = -error,
            Unique = unique,
        };
        return channel.Send(in header, payload);
    }

    // Without a reply the caller would wait for ever, so a malformed request gets one if its header can be read.
    private void ServeMalformed(
        ReadOnlySpan<byte> message, scoped in FuseRequest request, string fault, IFuseSender channel)
    {
        if (message.Length < FuseRequest.HeaderBytes)
        {
            _ = Interlocked.Increment(ref _malformedTotal);
            FuseLog.NoRequest(_logger, message.Length, fault);
            return;
        }
        CountMalformed(request.Header, fault);
        if (FuseOperations.RowOf(request.Header.Opcode) is not { IsAnswered: false })
            _ = Send(request.Header.Unique, FuseErrno.EINVAL, default, channel);
    }

    private void CountMalformed(in FuseInHeader header, string fault)
    {
        _ = Interlocked.Increment(ref _malformedTotal);
        FuseLog.Malformed(_logger, header.Opcode, header.NodeId, header.Unique, (int)header.Length, fault);
    }

    private const int FuseOutHeaderBytes = 16;
}
