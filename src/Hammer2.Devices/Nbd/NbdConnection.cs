// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Threading;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Devices.Nbd;

/// <summary>
/// A connection to an export that is in use: many requests in flight, sent by the threads that want them, and one
/// thread that receives. It fails once, for good: by a request that is not answered in time, by a server that breaks
/// the protocol, or by its end.
/// </summary>
/// <remarks>
/// Thread-safe. A connection that failed with changes unanswered stays open, without new requests, until the server has
/// answered each of them or has ended it: only then is it known that none can reach the export later.
/// </remarks>
internal sealed unsafe class NbdConnection : IDisposable
{
    private const int PieceBytesMax = 256 << 10;
    private const int WindowMax = 16;                           // requests of one call in flight
    private const int SendBufferBytes = NbdProtocol.RequestBytes + (64 << 10);
    private const int ReceiveBufferBytes = 256 << 10;

    private readonly RankedMonitor _lock = new(LockRank.NbdConnection);
    private readonly NbdRequestTable _requests = new();
    private readonly int[] _free = new int[NbdRequestTable.RequestsMax];
    private readonly byte[] _sendBuffer = GC.AllocateUninitializedArray<byte>(SendBufferBytes);
    private readonly Func<bool> _hasFailed;
    private readonly NbdLink _link;
    private readonly NbdConnectionOptions _options;
    private readonly LateChanges _late;
    private readonly IStartedThread _receiver;
    private string? _failure;
    private int _freeTotal;
    private bool _isSending;
    private bool _isChangeBroken;
    private int _isDisposed;

    /// <summary>Uses a link after its handshake, which it owns.</summary>
    /// <param name="link">The link.</param>
    /// <param name="export">What was agreed on.</param>
    /// <param name="options">Names, deadline, and where threads come from.</param>
    public NbdConnection(NbdLink link, NbdExport export, NbdConnectionOptions options)
    {
        _link = link;
        _options = options;
        Export = export;
        _late = new LateChanges(options.Time);
        _hasFailed = () => Volatile.Read(ref _failure) is not null;
        for (int index = 0; index < _free.Length; index++) _free[index] = index;
        _freeTotal = _free.Length;
        link.EndHandshake(options.Timeout);
        _receiver = options.Scheduler.Start("nbd " + options.Name, Receive);
    }

    /// <summary>What was agreed on.</summary>
    public NbdExport Export { get; }

    /// <summary>Why it failed; null while it can be used.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>What changes that were not answered may still do to the export; null when they can do
    /// nothing.</summary>
    public string? Unsettled => Failure is null ? null : _late.Describe();

    /// <summary>Sends one or several requests for a range and waits for all of them.</summary>
    /// <param name="command">Read, Write, WriteZeroes or Trim.</param>
    /// <param name="flags">Modifications.</param>
    /// <param name="memory">The bytes to write, or room for those that are read; null for the others.</param>
    /// <param name="offset">First byte, a multiple of the least block size.</param>
    /// <param name="lengthBytes">Number of bytes, a multiple of it.</param>
    /// <param name="errorNumber">The server's error number; 0 when there is none, or the connection failed.</param>
    /// <returns>None, or the error; then part of the range may be done.</returns>
    public Hammer2Error Transfer(NbdCommand command, NbdCommandFlags flags, byte* memory, long offset,
        long lengthBytes, out uint errorNumber)
    {
        Span<int> window = stackalloc int[WindowMax];
        Hammer2Error error = Hammer2Error.None;
        errorNumber = 0;
        int first = 0, begun = 0;
        long done = 0;
        bool isHoldingData = memory is not null;
        long pieceMax = isHoldingData ? Math.Min(PieceBytesMax, Export.BlockBytesMax) : NbdPieces.BytesMax;
        bool isMore = true;
        while (isMore || begun > first)
        {
            NbdRequest? request = null;
            if (isMore && begun - first < WindowMax)
            {
                uint piece = (uint)Math.Min(lengthBytes - done, pieceMax);
                request = TryBegin(command, flags, offset + done, piece, isHoldingData ? memory + done : null,
                    waits: begun == first);
                if (request is not null)
                {
                    window[begun++ % WindowMax] = request.Index;
                    done += piece;
                    isMore = done < lengthBytes;
                }
                else if (begun == first) return error | Hammer2Error.Io;       // it has failed
            }
            if (request is not null && isMore) continue;
            error |= Finish(_requests[window[first++ % WindowMax]], ref errorNumber);
            isMore &= error == Hammer2Error.None;
        }
        return error;
    }

    /// <summary>Makes all writes durable that were answered before.</summary>
    public Hammer2Error Flush() => Transfer(NbdCommand.Flush, NbdCommandFlags.None, null, 0, 0, out _);

    /// <summary>Ends the connection, politely when it is in order.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        if (Unsettled is { } late) DevicesLog.ClosedUnsettled(_options.Logger, _options.Name, late);
        bool isInOrder = Fail("it was closed", isLogged: false);
        using (_lock.EnterScope()) isInOrder &= !_isSending;
        if (isInOrder) SendDisconnect();
        _late.CloseByUs();
        _link.Shutdown();
        _receiver.Join();
        _link.Dispose();
    }

    private void SendDisconnect()
    {
        Span<byte> header = stackalloc byte[NbdProtocol.RequestBytes];
        var request = new NbdRequest(0);
        request.Begin(NbdCommand.Disconnect, 0, 0, null, 0);
        request.WriteHeader(NbdCommandFlags.None, header);
        try
        {
            _link.Send(header);
        }
        catch (IOException failure)
        {
            DevicesLog.DisconnectFailed(_options.Logger, _options.Name, NbdLink.DescribeFailure(failure));
        }
    }

    private NbdRequest? TryBegin(NbdCommand command, NbdCommandFlags flags, long offset, uint lengthBytes, byte* memory,
        bool waits)
    {
        TimeProvider time = _options.Time;
        long deadline = time.GetTimestamp() + (long)(_options.Timeout.TotalSeconds * time.TimestampFrequency);
        NbdRequest? request = null;
        using (_lock.EnterScope())
        {
            while (!HasTurn(waits, deadline))
            {
                if (_hasFailed() || (!waits && _freeTotal == 0)) return null;
                if (time.GetTimestamp() >= deadline) break;
            }
            if (!_isSending && _freeTotal > 0)
            {
                request = _requests[_free[--_freeTotal]];
                request.Begin(command, offset, lengthBytes, memory, deadline);
                if (request.IsChange) _late.Begin();
                _isSending = true;
            }
        }
        if (request is null)
        {
            _ = Fail($"it took no request for {Seconds(_options.Timeout)}");
            return null;
        }
        Send(request, flags, command == NbdCommand.Write ? new ReadOnlySpan<byte>(memory, (int)lengthBytes) : []);
        return request;
    }

    // Entry: the lock is held.
    private bool HasTurn(bool waits, long deadline)
    {
        if (_hasFailed()) return false;
        if (!_isSending && _freeTotal > 0) return true;
        TimeSpan left = _options.Time.GetElapsedTime(_options.Time.GetTimestamp(), deadline);
        if ((waits || _freeTotal > 0) && left > TimeSpan.Zero) _ = _lock.Wait(left);
        return !_hasFailed() && !_isSending && _freeTotal > 0;
    }

    private void Send(NbdRequest request, NbdCommandFlags flags, ReadOnlySpan<byte> payload)
    {
        string? failure = null;
        try
        {
            request.WriteHeader(flags, _sendBuffer);
            int copied = Math.Min(payload.Length, SendBufferBytes - NbdProtocol.RequestBytes);
            payload[..copied].CopyTo(_sendBuffer.AsSpan(NbdProtocol.RequestBytes));
            _link.Send(_sendBuffer.AsSpan(0, NbdProtocol.RequestBytes + copied));
            if (copied < payload.Length) _link.Send(payload[copied..]);
        }
        catch (IOException broken)
        {
            failure = $"a {request} cannot be sent: {NbdLink.DescribeFailure(broken)}";
        }
        using (_lock.EnterScope())
        {
            _isSending = false;
            _isChangeBroken |= failure is not null && request.IsChange;
            _lock.Pulse();
        }
        if (failure is not null && !Fail(failure)) CloseIfSettled();
    }

    private Hammer2Error Finish(NbdRequest request, ref uint errorNumber)
    {
        if (!request.Await(_options.Time, _hasFailed))
        {
            // It stays in use: its answer may still come.
            if (!_hasFailed()) _ = Fail($"a {request} was not answered within {Seconds(_options.Timeout)}");
            return Hammer2Error.Io;
        }
        uint number = request.ErrorNumber;
        request.Release();
        using (_lock.EnterScope())
        {
            _free[_freeTotal++] = request.Index;
            _lock.Pulse();
        }
        if (errorNumber == 0) errorNumber = number;
        return number switch
        {
            0 => Hammer2Error.None,
            NbdProtocol.NoSpace => Hammer2Error.NoSpace,
            NbdProtocol.NotPermitted => Hammer2Error.ReadOnly,
            _ => Hammer2Error.Io,
        };
    }

    /// <summary>Ends the use of the connection.</summary>
    /// <returns>True for the call that did it.</returns>
    private bool Fail(string reason, bool isLogged = true)
    {
        using (_lock.EnterScope())
        {
            if (_hasFailed()) return false;
            Volatile.Write(ref _failure, reason);
            _lock.PulseAll();
        }
        if (isLogged) DevicesLog.ConnectionFailed(_options.Logger, _options.Name, reason, _late.UnansweredTotal);
        foreach (NbdRequest request in _requests.All) request.Wake();
        if (isLogged) CloseIfSettled();
        return true;
    }

    // Nothing is outstanding: the server need not be waited for.
    private void CloseIfSettled()
    {
        int unanswered = _late.UnansweredTotal;
        if (unanswered == 0)
        {
            _late.CloseByUs();
            _link.Shutdown();
        }
        // Of the last one part was sent: the server waits for the rest, and gives it up when there will be none.
        else if (unanswered == 1 && Volatile.Read(ref _isChangeBroken)) _link.ShutdownSending();
    }

    private void Receive()
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(ReceiveBufferBytes);
        var parser = new NbdReplyParser(_requests, Export.IsStructured, Answered);
        bool isGarbled = false;
        try
        {
            for (int received = _link.Receive(buffer); received > 0; received = _link.Receive(buffer))
            {
                string? fault = isGarbled ? null : parser.Feed(buffer.AsSpan(0, received));
                isGarbled |= fault is not null;
                if (fault is not null) _ = Fail(fault);
                if (_hasFailed()) CloseIfSettled();
            }
            _late.EndByServer();
            _ = Fail("it closed the connection" + (parser.IsBetween ? "" : " in the middle of a reply"));
        }
        catch (IOException failure)
        {
            if (NbdLink.IsReset(failure)) _late.EndByServer();
            _ = Fail($"the connection failed: {NbdLink.DescribeFailure(failure)}");
        }
    }

    private void Answered(bool isChange, string? failure)
    {
        if (isChange) _late.Answer();
        if (failure is not null) DevicesLog.RequestFailed(_options.Logger, _options.Name, failure);
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} seconds");
}
