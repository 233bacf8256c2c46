// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using Hammer2.Devices;

namespace Hammer2.Testing;

/// <summary>
/// An NBD server in this process, on a Unix socket, over any device: it can hold requests, fail them, answer them in
/// any order, break the protocol at a chosen point, and go away and come back.
/// </summary>
/// <remarks>Written from the text of the protocol alone, and apart from the client: an error in one is not hidden by
/// the same error in the other.</remarks>
public sealed class FakeNbdServer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-nbd-").FullName;
    private readonly IBlockDevice _disk;
    private readonly FakeNbdOptions _options;
    private readonly Lock _lock = new();
    private readonly List<FakeNbdSession> _sessions = [];
    private readonly List<FakeNbdRequest> _seen = [];
    private Socket? _listener;

    /// <summary>Serves a device, which stays the caller's.</summary>
    public FakeNbdServer(IBlockDevice disk, FakeNbdOptions? options = null)
    {
        _disk = disk;
        _options = options ?? new FakeNbdOptions();
        Start();
    }

    /// <summary>Decides about each request; null answers all as they should be.</summary>
    public Func<FakeNbdRequest, FakeNbdAction>? Decide { get; set; }

    /// <summary>The requests that arrived so far, of all connections.</summary>
    public IReadOnlyList<FakeNbdRequest> Seen
    {
        get
        {
            lock (_lock) return [.. _seen];
        }
    }

    /// <summary>Number of connections that were accepted.</summary>
    public int ConnectionsTotal { get; private set; }

    /// <summary>The address of the export.</summary>
    /// <param name="options">Options after the socket, such as <c>timeout=1</c>.</param>
    public string Address(string options = "") => "nbd+unix:///" + _options.Export + "?socket="
        + Path.Combine(_directory, "s") + (options.Length > 0 ? "&" + options : "");

    /// <summary>Listens again after <see cref="Stop"/>.</summary>
    public void Start()
    {
        string path = Path.Combine(_directory, "s");
        File.Delete(path);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        _listener = listener;
        new Thread(() => Accept(listener)) { IsBackground = true }.Start();
    }

    /// <summary>Ends all connections, as a server that is killed does: what is held is not executed. Connecting is
    /// refused from then on.</summary>
    public void Stop()
    {
        _listener?.Dispose();
        _listener = null;
        Cut();
    }

    /// <summary>Ends all connections.</summary>
    public void Cut()
    {
        FakeNbdSession[] sessions;
        lock (_lock)
        {
            sessions = [.. _sessions];
            _sessions.Clear();
        }
        foreach (FakeNbdSession session in sessions) session.Kill();
    }

    /// <summary>Executes and answers what is held, in the order in which it came.</summary>
    public void Release()
    {
        FakeNbdSession[] sessions;
        lock (_lock) sessions = [.. _sessions];
        foreach (FakeNbdSession session in sessions) session.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        Directory.Delete(_directory, recursive: true);
    }

    internal FakeNbdAction Take(FakeNbdRequest request)
    {
        lock (_lock) _seen.Add(request);
        return Decide?.Invoke(request) ?? FakeNbdAction.Answer;
    }

    private void Accept(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket socket = listener.Accept();
                var session = new FakeNbdSession(this, socket, _disk, _options);
                lock (_lock)
                {
                    ConnectionsTotal++;
                    _sessions.Add(session);
                }
                new Thread(session.Run) { IsBackground = true }.Start();
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // The server was stopped.
        }
    }
}

/// <summary>One request that a <see cref="FakeNbdServer"/> received.</summary>
/// <param name="Number">Number of its kind on its connection, from 1.</param>
/// <param name="Command">0 read, 1 write, 2 disconnect, 3 flush, 4 trim, 6 write zeros.</param>
/// <param name="Flags">Its flags; 1 is FUA, 2 is no hole.</param>
/// <param name="Cookie">Its number in the reply.</param>
/// <param name="Offset">First byte.</param>
/// <param name="LengthBytes">Number of bytes.</param>
public sealed record FakeNbdRequest(
    int Number, int Command, int Flags, ulong Cookie, ulong Offset, uint LengthBytes)
{
    /// <summary>What it writes.</summary>
    public byte[] Payload { get; init; } = [];

    /// <summary>Parses what a client sends, without the payload.</summary>
    internal static FakeNbdRequest Parse(ReadOnlySpan<byte> header, int number) => new(number,
        BinaryPrimitives.ReadUInt16BigEndian(header[6..]), BinaryPrimitives.ReadUInt16BigEndian(header[4..]),
        BinaryPrimitives.ReadUInt64BigEndian(header[8..]), BinaryPrimitives.ReadUInt64BigEndian(header[16..]),
        BinaryPrimitives.ReadUInt32BigEndian(header[24..]));
}

/// <summary>What a <see cref="FakeNbdServer"/> does with a request.</summary>
/// <param name="Kind">What.</param>
/// <param name="ErrorNumber">The error that it answers by.</param>
/// <param name="Bytes">The bytes that it sends instead of an answer.</param>
public sealed record FakeNbdAction(FakeNbdActionKind Kind, uint ErrorNumber = 0, byte[]? Bytes = null)
{
    /// <summary>Executes and answers it.</summary>
    public static FakeNbdAction Answer { get; } = new(FakeNbdActionKind.Answer);

    /// <summary>Neither executes nor answers it before <see cref="FakeNbdServer.Release"/>.</summary>
    public static FakeNbdAction Hold { get; } = new(FakeNbdActionKind.Hold);

    /// <summary>Ends the connection.</summary>
    public static FakeNbdAction Drop { get; } = new(FakeNbdActionKind.Drop);

    /// <summary>Answers by an error of Linux.</summary>
    public static FakeNbdAction Fail(uint errorNumber) => new(FakeNbdActionKind.Answer, errorNumber);

    /// <summary>Sends some bytes instead of an answer.</summary>
    public static FakeNbdAction Send(byte[] bytes) => new(FakeNbdActionKind.Raw, Bytes: bytes);
}

/// <summary>Kinds of <see cref="FakeNbdAction"/>.</summary>
public enum FakeNbdActionKind
{
    /// <summary>Execute and answer.</summary>
    Answer,

    /// <summary>Do neither before it is told.</summary>
    Hold,

    /// <summary>End the connection.</summary>
    Drop,

    /// <summary>Send other bytes.</summary>
    Raw,
}
