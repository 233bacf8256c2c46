// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Fuse.Control;

/// <summary>One connection on the side of the process that serves a filesystem: receives a request and sends
/// answers.</summary>
internal sealed class ControlConnection(UnixSocket socket, TimeProvider time) : IDisposable
{
    /// <summary>Time limit for receiving a request, and for sending an answer.</summary>
    public static readonly TimeSpan TransferTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The process at the other end; null when the kernel does not tell.</summary>
    public PeerCredentials? Peer => socket.Peer;

    /// <summary>True once the requester has disconnected or cancelled its request.</summary>
    public bool HasHungUp => socket.HasHungUp;

    /// <summary>Reads the request.</summary>
    /// <returns>False when there is none: the requester disconnected, is too slow, or (with a reason) its request is
    /// malformed.</returns>
    public bool TryReceive(out ControlRequest? request, out string? fault)
    {
        request = null;
        fault = null;
        var deadline = new Deadline(time, TransferTimeout);
        byte[] prefix = new byte[ControlCodec.PrefixBytes];
        if (!socket.TryReceive(prefix, deadline)) return false;
        if (!ControlCodec.TryReadLength(prefix, out int length))
        {
            fault = "its length is out of range";
            return false;
        }
        byte[] json = new byte[length];
        return socket.TryReceive(json, deadline) && ControlCodec.TryDecode(json, out request, out fault);
    }

    /// <summary>Sends an answer.</summary>
    /// <returns>False when the requester has disconnected or does not read it.</returns>
    public bool TryAnswer(ControlStatus status, string message = "", string target = "",
        IReadOnlyList<ControlLogLine>? log = null)
    {
        var answer = new ControlAnswer(ControlRequest.CurrentVersion, status, Environment.ProcessId)
        {
            Message = message,
            Target = target,
            Log = log ?? [],
        };
        return socket.TrySend(ControlCodec.Encode(answer), new Deadline(time, TransferTimeout));
    }

    /// <summary>Waits until the requester disconnects, or <see cref="Wake"/> is called.</summary>
    public void WaitForHangUp() => socket.WaitForHangUp();

    /// <summary>Ends waiting and reading on this connection; answers can still be sent.</summary>
    public void Wake() => socket.ShutDownReading();

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
