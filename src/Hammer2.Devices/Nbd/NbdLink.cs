// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;

namespace Hammer2.Devices.Nbd;

/// <summary>Bytes to and from a server, encrypted or not.</summary>
/// <remarks>One thread may send while another one receives.</remarks>
internal sealed class NbdLink : IDisposable
{
    private const int KeepAliveSeconds = 30;
    private const int KeepAliveProbes = 100;        // a device whose server is away for an hour is waited for

    private readonly Socket? _socket;
    private readonly TimeProvider _time;
    private Stream _stream;
    private long? _deadline;

    /// <summary>A link over a stream: of a socket, or a test's.</summary>
    internal NbdLink(Stream stream, Socket? socket, TimeProvider time)
    {
        _stream = stream;
        _socket = socket;
        _time = time;
    }

    /// <summary>Connects.</summary>
    /// <param name="address">The server.</param>
    /// <param name="time">Limits how long connecting and the handshake may take together.</param>
    /// <exception cref="NbdProtocolException">It cannot be reached.</exception>
    public static NbdLink Connect(NbdAddress address, TimeProvider time)
    {
        TimeSpan timeout = address.Options.Timeout;
        long deadline = time.GetTimestamp() + (long)(timeout.TotalSeconds * time.TimestampFrequency);
        Socket? socket = null;
        try
        {
            using var ending = new CancellationTokenSource(timeout, time);
            if (address.SocketPath is { } path)
            {
                socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ending.Token).AsTask().GetAwaiter().GetResult();
            }
            else
            {
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                socket.ConnectAsync(address.Host, address.Port, ending.Token).AsTask().GetAwaiter().GetResult();
                Tune(socket);
            }
            return new NbdLink(new NetworkStream(socket, ownsSocket: true), socket, time) { _deadline = deadline };
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException
            or ArgumentException or IOException)
        {
            socket?.Dispose();
            string why = failure is OperationCanceledException
                ? $"it does not answer within {timeout.TotalSeconds} seconds" : failure.Message;
            throw new NbdProtocolException($"cannot be connected: {why}", failure);
        }
    }

    /// <summary>Encrypts everything from now on.</summary>
    /// <param name="address">Names the server, and where certificates are.</param>
    /// <exception cref="NbdProtocolException">The certificates do not fit, or cannot be read.</exception>
    public void StartTls(NbdAddress address)
    {
        var secure = new SslStream(_stream, leaveInnerStreamOpen: false);
        try
        {
            LimitTime();
            secure.AuthenticateAsClient(NbdCertificates.OptionsFor(address));
            _stream = secure;
        }
        catch (Exception failure) when (failure is AuthenticationException or IOException
            or System.Security.Cryptography.CryptographicException or InvalidOperationException)
        {
            secure.Dispose();
            throw new NbdProtocolException(
                $"the TLS connection is refused: {failure.InnerException?.Message ?? failure.Message}", failure);
        }
    }

    /// <summary>Sends bytes within the time of the handshake.</summary>
    /// <exception cref="NbdProtocolException">It failed.</exception>
    public void SendInTime(ReadOnlySpan<byte> bytes)
    {
        LimitTime();
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException failure)
        {
            throw new NbdProtocolException($"the connection failed: {DescribeFailure(failure)}", failure);
        }
    }

    /// <summary>Receives so many bytes within the time of the handshake.</summary>
    /// <exception cref="NbdProtocolException">It failed, or the server closed the connection before.</exception>
    public void ReceiveInTime(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            LimitTime();
            int received;
            try
            {
                received = _stream.Read(bytes);
            }
            catch (IOException failure)
            {
                throw new NbdProtocolException($"the connection failed: {DescribeFailure(failure)}", failure);
            }
            if (received == 0) throw new NbdProtocolException("it closed the connection during the handshake");
            bytes = bytes[received..];
        }
    }

    /// <summary>Ends the handshake: from now on a receive waits for ever.</summary>
    /// <param name="sendTimeout">How long a send may wait until the server takes something.</param>
    public void EndHandshake(TimeSpan sendTimeout)
    {
        _deadline = null;
        if (_socket is null) return;
        _socket.ReceiveTimeout = 0;
        _socket.SendTimeout = (int)sendTimeout.TotalMilliseconds;
    }

    /// <summary>Sends bytes.</summary>
    /// <exception cref="IOException">It failed; part of them may have been sent.</exception>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (ObjectDisposedException closed)
        {
            throw new IOException("it was closed", closed);
        }
    }

    /// <summary>Receives up to so many bytes.</summary>
    /// <returns>Their number; 0 when the server has closed the connection.</returns>
    /// <exception cref="IOException">It failed.</exception>
    public int Receive(Span<byte> bytes)
    {
        try
        {
            return _stream.Read(bytes);
        }
        catch (ObjectDisposedException closed)
        {
            throw new IOException("it was closed", closed);
        }
    }

    /// <summary>Tells the server that nothing more is sent.</summary>
    public void ShutdownSending() => Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection; a thread that receives returns.</summary>
    public void Shutdown() => Shutdown(SocketShutdown.Both);

    /// <summary>Closes the connection.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        _socket?.Dispose();
    }

    /// <summary>The reason of a failure, for messages.</summary>
    public static string DescribeFailure(IOException failure) =>
        failure.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock }
            ? "it does not answer" : failure.InnerException?.Message ?? failure.Message;

    /// <summary>True when a failure says that the server has no such connection any more.</summary>
    public static bool IsReset(IOException failure) => failure.InnerException is SocketException
    {
        SocketErrorCode: SocketError.ConnectionReset,
    };

    private void Shutdown(SocketShutdown how)
    {
        try
        {
            _socket?.Shutdown(how);
        }
        catch (SocketException)
        {
            // The connection has ended already, which is what was wanted.
        }
    }

    private void LimitTime()
    {
        if (_deadline is not { } deadline || _socket is null) return;
        TimeSpan left = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
        if (left < TimeSpan.FromMilliseconds(1)) throw new NbdProtocolException("it does not answer");
        _socket.ReceiveTimeout = (int)left.TotalMilliseconds;
        _socket.SendTimeout = (int)left.TotalMilliseconds;
    }

    private static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
    }
}
