// SPDX-License-Identifier: BSD-3-Clause
using System.Net.Sockets;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Tells the manager of services how a command that stays in the foreground is, by the protocol of
/// sd_notify(3): a datagram to the socket that NOTIFY_SOCKET names.</summary>
internal static class ServiceNotice
{
    /// <summary>The variable that names the socket.</summary>
    public const string Variable = "NOTIFY_SOCKET";

    /// <summary>The mount is live.</summary>
    /// <param name="target">Where.</param>
    public static string Ready(string target) => "READY=1\nSTATUS=mounted on " + ByteText.ToPrintable(target);

    /// <summary>Sends a notice, if a manager wants it.</summary>
    /// <param name="socketName">The socket: a path, or @ and a name without a path; null for none.</param>
    /// <param name="text">Lines of NAME=VALUE.</param>
    /// <returns>Why it could not be sent; null when it was, or when no manager wants it.</returns>
    public static string? Send(string? socketName, string text)
    {
        if (string.IsNullOrEmpty(socketName)) return null;
        string address = socketName[0] == '@' ? "\0" + socketName[1..] : socketName;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            _ = socket.SendTo(Encoding.UTF8.GetBytes(text), new UnixDomainSocketEndPoint(address));
            return null;
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            return $"{Variable} {socketName}: {failure.Message}";
        }
    }
}
