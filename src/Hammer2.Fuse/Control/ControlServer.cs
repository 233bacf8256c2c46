// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Control;

/// <summary>A request that other processes can make.</summary>
/// <param name="Command">The name of the command.</param>
/// <param name="Run">Serves the request and sends answers.</param>
internal sealed record ControlRow(string Command, Action<ControlConnection, ControlRequest> Run);

/// <summary>
/// Answers requests of other processes of the same user, or of root, on one socket for each filesystem. Each connection
/// has its own thread, so that a stuck one blocks no other.
/// </summary>
internal sealed class ControlServer : IDisposable
{
    private const int ConnectionsMax = 128;

    private readonly RuntimeDirectory _runtime;
    private readonly ControlRow[] _rows;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly IScheduler _scheduler;
    private readonly uint _user = LinuxFiles.EffectiveUser();
    private readonly RankedMonitor _lock = new(LockRank.ControlServer);     // pulsed when a connection ends
    private readonly Dictionary<MediaUuid, ControlListener> _listeners = [];
    private readonly HashSet<ControlConnection> _connections = [];
    private bool _isClosed;

    /// <summary>A server without sockets.</summary>
    public ControlServer(RuntimeDirectory runtime, ControlRow[] rows, ILoggerFactory loggers, TimeProvider time,
        IScheduler scheduler)
    {
        _scheduler = scheduler;
        _runtime = runtime;
        _rows = rows;
        _logger = loggers.CreateLogger<ControlServer>();
        _time = time;
    }

    /// <summary>Creates the socket of a filesystem. If that fails, further mounts cannot be handed over; the error is
    /// logged, and the mount continues.</summary>
    public void Listen(MediaUuid filesystem)
    {
        using (_lock.EnterScope())
        {
            if (_isClosed || _listeners.ContainsKey(filesystem)) return;
            try
            {
                ControlListener listener = ControlListener.Open(_runtime, filesystem);
                _listeners.Add(filesystem, listener);
                _ = _scheduler.Start("control", () => Accept(listener.Socket));
            }
            catch (ControlException failure)
            {
                FuseDaemonLog.NotReachable(_logger, failure.Message);
            }
        }
    }

    /// <summary>Removes the socket of a filesystem. Requests received before are still served.</summary>
    public void Close(MediaUuid filesystem)
    {
        ControlListener? listener;
        using (_lock.EnterScope()) _ = _listeners.Remove(filesystem, out listener);
        listener?.Dispose();
    }

    /// <summary>Removes all sockets, and waits for requests in progress.</summary>
    public void Dispose()
    {
        var deadline = new Deadline(_time, ControlConnection.TransferTimeout);
        using (_lock.EnterScope())
        {
            _isClosed = true;
            foreach (ControlListener listener in _listeners.Values) listener.Dispose();
            _listeners.Clear();
            foreach (ControlConnection connection in _connections) connection.Wake();
            while (_connections.Count > 0 && deadline.LeftMilliseconds is var left and > 0)
                _ = _lock.Wait(TimeSpan.FromMilliseconds(left));
        }
    }

    private void Accept(UnixSocket listener)
    {
        while (true)
        {
            UnixSocket? socket;
            try
            {
                socket = listener.Accept();
            }
            catch (ObjectDisposedException)
            {
                return;     // closed between two connections
            }
            if (socket is null) return;
            var connection = new ControlConnection(socket, _time);
            using (_lock.EnterScope())
            {
                bool isFull = _connections.Count >= ConnectionsMax;
                if (!_isClosed && !isFull) _ = _connections.Add(connection);
                else socket.Dispose();          // the requester tries again
                if (_isClosed || isFull) continue;
            }
            _ = _scheduler.Start("control", () => Serve(connection));
        }
    }

    private void Serve(ControlConnection connection)
    {
        try
        {
            Answer(connection);
        }
        catch (Exception defect)
        {
            // A request that fails must not end the mounts of this process.
            FuseDaemonLog.RequestFailed(_logger, defect);
            _ = connection.TryAnswer(ControlStatus.Refused, $"defect of the serving process: {defect.Message}");
        }
        finally
        {
            using (_lock.EnterScope())
            {
                _ = _connections.Remove(connection);
                connection.Dispose();
                _lock.PulseAll();
            }
        }
    }

    private void Answer(ControlConnection connection)
    {
        if (PeerRules.FaultOf(connection.Peer, _user) is { } refusal)
        {
            FuseDaemonLog.PeerRefused(_logger, refusal);
            _ = connection.TryAnswer(ControlStatus.Refused, refusal);
            return;
        }
        if (!connection.TryReceive(out ControlRequest? request, out string? fault))
        {
            if (fault is not null) _ = connection.TryAnswer(ControlStatus.Refused, "malformed request: " + fault);
            return;
        }
        if (request!.Version != ControlRequest.CurrentVersion)
        {
            _ = connection.TryAnswer(ControlStatus.Refused, PeerRules.OtherVersion(request.Version));
            return;
        }
        if (Array.Find(_rows, row => row.Command == request.Command) is not { } found)
        {
            _ = connection.TryAnswer(ControlStatus.Refused, $"{request.Command}: no such request");
            return;
        }
        found.Run(connection, request);
    }
}
