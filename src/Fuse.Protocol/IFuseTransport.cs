// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// A way to exchange messages with the kernel: the one seam below the session. The device transport reads
/// and writes /dev/fuse; tests put memory in its place; queues of io_uring fit behind it as well.
/// </summary>
public interface IFuseTransport : IDisposable
{
    /// <summary>
    /// Opens the channel of one worker. The first one carries INIT; more are opened once that is answered.
    /// </summary>
    /// <exception cref="FuseException">The kernel gives no further channel.</exception>
    IFuseChannel OpenChannel();
}

/// <summary>
/// Where one worker takes requests and gives answers. A request must be answered on the channel it came
/// from. One thread receives; notifications may be sent by others at the same time.
/// </summary>
public interface IFuseChannel : IDisposable
{
    /// <summary>
    /// Copies the next request into <paramref name="request"/> if there is one. Answers its length in bytes, or
    /// a negative error number: -EAGAIN when there is none, -ENODEV once the filesystem is unmounted, -ENOENT
    /// for a request that was withdrawn meanwhile.
    /// </summary>
    int TryReceive(Span<byte> request);

    /// <summary>
    /// Waits until there may be a request, or something else for <see cref="TryReceive"/> to tell. Answers 0, or
    /// a positive error number: EINTR after <see cref="Interrupt"/>.
    /// </summary>
    int WaitForRequest();

    /// <summary>
    /// Sends a header and what follows it as one message; <see cref="FuseOutHeader.Length"/> counts both.
    /// Answers 0 or a positive error number: ENOENT when nobody waits for the answer any more.
    /// </summary>
    int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload);

    /// <summary>
    /// Makes a waiting <see cref="WaitForRequest"/> return EINTR. From any thread; has no effect when the
    /// receiver is just not waiting, so it is called again until the receiver has noticed what the caller wants.
    /// </summary>
    void Interrupt();
}

/// <summary>The mount, the session or the conversation with the kernel could not be set up.</summary>
public sealed class FuseException : Exception
{
    /// <summary>Names what could not be done and why.</summary>
    public FuseException(string message)
        : base(message)
    {
    }

    /// <summary>As above, and keeps the cause.</summary>
    public FuseException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
