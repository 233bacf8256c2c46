// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Fuse.Control;

/// <summary>The process at the other end of a socket, as recorded by the kernel when it connected.</summary>
/// <param name="ProcessId">The process; 0 when it is in a process namespace that is not visible here.</param>
/// <param name="UserId">Its effective user.</param>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId);

/// <summary>A Unix-domain stream socket with a time limit for each call.</summary>
internal sealed unsafe partial class UnixSocket : IDisposable
{
    private const int UnixDomain = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int SocketLevel = 1;              // SOL_SOCKET
    private const int PeerCredentialsOption = 17;   // SO_PEERCRED
    private const int DontWait = 0x40;              // MSG_DONTWAIT
    private const int NoSignal = 0x4000;            // MSG_NOSIGNAL
    private const short Readable = 1;               // POLLIN
    private const short Writable = 4;               // POLLOUT
    private const short HungUp = 0x2000;            // POLLRDHUP
    private const int PathBytesMax = 107;
    private const int Backlog = 64;
    private const int Interrupted = 4;              // EINTR
    private const int TryAgain = 11;                // EAGAIN
    private const int Invalid = 22;                 // EINVAL, of a socket that was shut down
    private const int RetryMilliseconds = 100;

    private readonly SafeFileHandle _socket;

    private UnixSocket(SafeFileHandle socket) => _socket = socket;

    /// <summary>Creates a listening socket at a path.</summary>
    /// <exception cref="ControlException">With the reason.</exception>
    public static UnixSocket Listen(string path)
    {
        UnixSocket made = Create();
        Address address = AddressOf(path);
        if (Bind(made._socket, &address, (uint)sizeof(Address)) == 0 && Listen(made._socket, Backlog) == 0) return made;
        string reason = LastReason;
        made.Dispose();
        throw new ControlException($"{path}: {reason}");
    }

    /// <summary>Connects to a socket at a path; null when nothing accepts connections there.</summary>
    public static UnixSocket? TryConnect(string path)
    {
        UnixSocket made = Create();
        Address address = AddressOf(path);
        int result;
        do
        {
            result = Connect(made._socket, &address, (uint)sizeof(Address));
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == Interrupted);
        if (result == 0) return made;
        made.Dispose();
        return null;
    }

    /// <summary>Waits for a connection; null when <see cref="ShutDown"/> was called.</summary>
    public UnixSocket? Accept()
    {
        while (true)
        {
            int descriptor = Accept(_socket, null, null, CloseOnExec);
            if (descriptor >= 0) return new UnixSocket(new SafeFileHandle(descriptor, ownsHandle: true));
            if (Marshal.GetLastPInvokeError() == Invalid) return null;
            // A connection that was closed already, or too many open files for a moment, are not fatal.
            _ = Wait(0, RetryMilliseconds);
        }
    }

    /// <summary>The process at the other end; null when unknown.</summary>
    public PeerCredentials? Peer
    {
        get
        {
            uint* credentials = stackalloc uint[3];         // struct ucred: process, user, group
            uint bytes = 12;
            return GetOption(_socket, SocketLevel, PeerCredentialsOption, credentials, &bytes) == 0 && bytes == 12
                ? new PeerCredentials((int)credentials[0], credentials[1])
                : null;
        }
    }

    /// <summary>True once the other end has shut down sending, or disconnected.</summary>
    public bool HasHungUp
    {
        get
        {
            short happened = Wait(0, 0);
            return (happened & ~(Readable | Writable)) != 0;
        }
    }

    /// <summary>Waits for bytes, or for the other end to disconnect.</summary>
    /// <returns>False after the deadline.</returns>
    public bool WaitForBytes(int milliseconds) => Wait(Readable, milliseconds) != 0;

    /// <summary>Reads until a buffer is full.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="deadline">Time limit for the whole buffer.</param>
    /// <returns>False when the other end disconnected first, or after the deadline.</returns>
    public bool TryReceive(Span<byte> buffer, Deadline deadline)
    {
        while (!buffer.IsEmpty)
        {
            nint got;
            fixed (byte* first = buffer) got = Receive(_socket, first, buffer.Length, DontWait);
            if (got == 0) return false;
            if (got > 0)
            {
                buffer = buffer[(int)got..];
                continue;
            }
            int error = Marshal.GetLastPInvokeError();
            if (error != TryAgain && error != Interrupted) return false;
            if (deadline.LeftMilliseconds is var left && left <= 0) return false;
            _ = Wait(Readable, left);
        }
        return true;
    }

    /// <summary>Sends all bytes.</summary>
    /// <returns>False when the other end disconnected, or after the deadline.</returns>
    public bool TrySend(ReadOnlySpan<byte> bytes, Deadline deadline)
    {
        while (!bytes.IsEmpty)
        {
            nint sent;
            fixed (byte* first = bytes) sent = Send(_socket, first, bytes.Length, DontWait | NoSignal);
            if (sent > 0)
            {
                bytes = bytes[(int)sent..];
                continue;
            }
            int error = Marshal.GetLastPInvokeError();
            if (sent < 0 && error != TryAgain && error != Interrupted) return false;
            if (deadline.LeftMilliseconds is var left && left <= 0) return false;
            _ = Wait(Writable, left);
        }
        return true;
    }

    /// <summary>Waits until the other end hangs up, or until <see cref="ShutDownReading"/> is called.</summary>
    public void WaitForHangUp()
    {
        while ((Wait(0, -1) & ~(Readable | Writable)) == 0) { }
    }

    /// <summary>Shuts down sending; answers of the other end can still be read.</summary>
    public void ShutDownWriting() => _ = ShutDownPart(_socket, 1);

    /// <summary>Wakes threads that read or wait here, as if the other end had disconnected; answers can still be
    /// sent.</summary>
    public void ShutDownReading() => _ = ShutDownPart(_socket, 0);

    /// <summary>Ends the connection, or <see cref="Accept()"/>, and wakes the thread that waits in it.</summary>
    public void ShutDown() => _ = ShutDownPart(_socket, 2);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static string LastReason => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    private static UnixSocket Create()
    {
        int descriptor = Create(UnixDomain, Stream | CloseOnExec, 0);
        return descriptor >= 0
            ? new UnixSocket(new SafeFileHandle(descriptor, ownsHandle: true))
            : throw new ControlException("socket: " + LastReason);
    }

    private static Address AddressOf(string path)
    {
        var address = new Address { Family = UnixDomain };
        byte[] bytes = Linux.Text.ByteText.Encode(path);
        if (bytes.Length > PathBytesMax) throw new ControlException($"{path}: the name of a socket is too long");
        bytes.CopyTo(new Span<byte>(address.Path, PathBytesMax));
        return address;
    }

    // The events that occurred; 0 after the deadline.
    private short Wait(short wanted, int milliseconds)
    {
        bool isHeld = false;
        try
        {
            _socket.DangerousAddRef(ref isHeld);
            var request = new PollRequest
            {
                Descriptor = (int)_socket.DangerousGetHandle(),
                Wanted = (short)(wanted | HungUp),
            };
            return Poll(&request, 1, milliseconds) > 0 ? request.Happened : (short)0;
        }
        finally
        {
            if (isHeld) _socket.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Create(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeFileHandle socket, Address* address, uint bytes);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    private static partial int Listen(SafeFileHandle socket, int backlog);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(SafeFileHandle socket, Address* address, uint bytes);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept(SafeFileHandle socket, void* address, void* bytes, int flags);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetOption(SafeFileHandle socket, int level, int option, void* value, uint* bytes);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, byte* buffer, nint bytes, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, byte* buffer, nint bytes, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int ShutDownPart(SafeFileHandle socket, int how);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollRequest* requests, nuint count, int milliseconds);

    // struct sockaddr_un
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        public ushort Family;
        public fixed byte Path[PathBytesMax + 1];
    }

    // struct pollfd
    private struct PollRequest
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
