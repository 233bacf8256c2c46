// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// A way to exchange messages with the kernel. The device transport reads and writes /dev/fuse; tests replace it by
/// memory; io_uring could be another implementation.
/// </summary>
public interface IFuseTransport : IDisposable
{
    /// <summary>
    /// Opens the channel of one worker. The first one is used for INIT; more are opened after its reply.
    /// </summary>
    /// <exception cref="FuseException">The kernel refuses a further channel.</exception>
    IFuseChannel OpenChannel();
}

/// <summary>
/// The channel from which one worker receives requests and sends replies. The reply to a request must be sent on the
/// channel that received it. One thread receives; others may send notifications at the same time.
/// </summary>
public interface IFuseChannel : IDisposable
{
    /// <summary>
    /// Copies the next request into <paramref name="request"/> if there is one. Returns its length in bytes, or a
    /// negative error number: -EAGAIN when there is none, -ENODEV once the filesystem is unmounted, -ENOENT for a
    /// request that was aborted meanwhile.
    /// </summary>
    int TryReceive(Span<byte> request);

    /// <summary>
    /// Waits until <see cref="TryReceive"/> may return something else than -EAGAIN. Returns 0, or a positive error
    /// number: EINTR after <see cref="Interrupt"/>.
    /// </summary>
    int WaitForRequest();

    /// <summary>
    /// Sends a header and its payload as one message; <see cref="FuseOutHeader.Length"/> counts both. Returns 0 or a
    /// positive error number: ENOENT when the caller does not wait for the reply any more.
    /// </summary>
    int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload);

    /// <summary>
    /// Makes a waiting <see cref="WaitForRequest"/> return EINTR. From any thread; has no effect while the receiver is
    /// not waiting, so it must be called again until the receiver has reacted.
    /// </summary>
    void Interrupt();
}

/// <summary>The mount or the session with the kernel could not be set up.</summary>
public sealed class FuseException : Exception
{
    /// <summary>An error with its reason.</summary>
    public FuseException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its reason and inner exception.</summary>
    public FuseException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
