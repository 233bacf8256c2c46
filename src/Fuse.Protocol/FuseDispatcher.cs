// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>
/// From the bytes of a request to the handler of its row and back. The one place that catches everything:
/// whatever a filesystem throws becomes EIO for that caller, a log line and a count.
/// </summary>
/// <remarks>
/// Shared by all workers and without state but counts. A request that makes no sense is answered EINVAL and
/// named in the log; an operation without a row is answered ENOSYS, after which the kernel mostly stops
/// asking.
/// </remarks>
public sealed partial class FuseDispatcher
{
    private readonly ILogger _logger;
    private readonly bool _logsRequests;
    private long _thrownTotal;
    private long _malformedTotal;
    private long _unknownTotal;
    private int _destroyed;

    /// <summary>Serves what was agreed in <paramref name="connection"/> with that filesystem.</summary>
    /// <param name="fileSystem">What answers.</param>
    /// <param name="connection">What INIT settled.</param>
    /// <param name="workersTotal">How many threads call <see cref="Serve"/>, each with its own
    /// number.</param>
    /// <param name="logger">Where failures are told, and every request at Debug.</param>
    public FuseDispatcher(
        IFuseFileSystem fileSystem, FuseConnection connection, int workersTotal, ILogger logger)
    {
        FileSystem = fileSystem;
        Connection = connection;
        _logger = logger;
        _logsRequests = logger.IsEnabled(LogLevel.Debug);
        Interrupts = new FuseInterrupts(workersTotal);
    }

    /// <summary>Waits for the requests that others still serve; called before the final DESTROY callback.</summary>
    internal Action BeforeDestroy { get; set; } = static () => { };

    /// <summary>What answers.</summary>
    internal IFuseFileSystem FileSystem { get; }

    /// <summary>What INIT settled.</summary>
    internal FuseConnection Connection { get; }

    /// <summary>Which requests under way were interrupted.</summary>
    internal FuseInterrupts Interrupts { get; }

    /// <summary>Requests whose handler threw, or answered no error number.</summary>
    public long ThrownTotal => Interlocked.Read(ref _thrownTotal);

    /// <summary>Requests that made no sense.</summary>
    public long MalformedTotal => Interlocked.Read(ref _malformedTotal);

    /// <summary>Requests for operations that are not known.</summary>
    public long UnknownTotal => Interlocked.Read(ref _unknownTotal);

    /// <summary>
    /// Serves one request to its end and sends its answer, if it has one.
    /// </summary>
    /// <param name="worker">Number of the calling worker, from 0.</param>
    /// <param name="message">The request, in memory that nobody changes meanwhile.</param>
    /// <param name="buffer">Where the answer is built: as long as the longest READ, and at least 8
    /// KiB.</param>
    /// <param name="channel">Where the request came from.</param>
    public void Serve(int worker, ReadOnlySpan<byte> message, Span<byte> buffer, IFuseChannel channel)
    {
        if (!FuseRequest.TryOpen(message, out FuseRequest request, out string? fault))
        {
            ServeNonsense(message, request, fault!, channel);
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

        Interrupts.Begin(worker, request.Header.Unique);
        var reply = new FuseReply(buffer);
        int error = Handle(row, ref request, ref reply);
        if (error != FuseErrno.None) reply.Clear();
        Interrupts.End(worker);

        ref readonly FuseInHeader header = ref request.Header;
        if (_logsRequests) FuseLog.Served(_logger, header.Opcode, header.NodeId, header.Unique, error);
        if (row.IsAnswered) Answer(request, error, reply.Payload, channel);
    }

    /// <summary>Says farewell to the filesystem, once; the session does so when DESTROY did not.</summary>
    public void Destroy()
    {
        if (Interlocked.Exchange(ref _destroyed, 1) != 0) return;
        BeforeDestroy();
        try
        {
            FileSystem.Destroyed();
        }
        catch (Exception failure)
        {
            _ = Interlocked.Increment(ref _thrownTotal);
            FuseLog.FarewellThrew(_logger, failure);
        }
    }

    private int Handle(FuseRow row, scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly FuseInHeader header = ref request.Header;
        int error;
        try
        {
            var context = new FuseContext(in header, Interrupts);
            error = row.Serve(this, in context, ref request, ref reply);
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
        scoped in FuseRequest request, int error, ReadOnlySpan<byte> payload, IFuseChannel channel)
    {
        ref readonly FuseInHeader header = ref request.Header;
        int refused = Send(header.Unique, error, payload, channel);
        switch (refused)
        {
            case FuseErrno.None:
            case FuseErrno.ENODEV or FuseErrno.ECONNABORTED:     // unmounted: the next read says so too
                return;
            case FuseErrno.ENOENT:
                if (error == FuseErrno.None) TakeBack(in header, payload);
                return;
            default:
                FuseLog.AnswerRefused(_logger, header.Opcode, header.NodeId, payload.Length, refused);
                _ = Send(header.Unique, FuseErrno.EIO, default, channel);
                return;
        }
    }

    private static int Send(ulong unique, int error, ReadOnlySpan<byte> payload, IFuseChannel channel)
    {
        var header = new FuseOutHeader
        {
            Length = (uint)(FuseOutHeaderBytes + payload.Length),
            Error = -error,
            Unique = unique,
        };
        return channel.Send(in header, payload);
    }

    // A caller would wait for ever for a request that goes unanswered, so nonsense is answered where the
    // header can be read at all.
    private void ServeNonsense(
        ReadOnlySpan<byte> message, scoped in FuseRequest request, string fault, IFuseChannel channel)
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
