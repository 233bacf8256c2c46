// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>An entry of a queue: it holds one request at a time, and its reply. It belongs to one thread; another
/// thread may call <see cref="IFuseSender.Send"/> and <see cref="Interrupt"/> alone.</summary>
public interface IFuseQueueEntry : IFuseSender, IDisposable
{
    /// <summary>Passes the reply to the last request, if there was one, on to the kernel, and waits for the next.
    /// </summary>
    /// <returns>0, or a negative error number: -EINTR after <see cref="Interrupt"/>, -ENODEV once the filesystem is
    /// unmounted.</returns>
    int Exchange();

    /// <summary>The same without waiting: -EAGAIN when there is no request yet.</summary>
    int TryExchange();

    /// <summary>Has the calling thread run on other processors than that of the queue.</summary>
    /// <returns>False when there is none for it.</returns>
    bool TryRunElsewhere();

    /// <summary>Has the calling thread run on the processor of the queue again.</summary>
    void RunAtQueue();

    /// <summary>The request. Until the next <see cref="Exchange"/>.</summary>
    ReadOnlySpan<byte> Request { get; }

    /// <summary>Memory for the data of the reply, as long as the longest READ; <see cref="IFuseSender.Send"/> does not
    /// copy what is at its start where the request has no data of its own.</summary>
    Span<byte> ReplyBuffer { get; }

    /// <summary>True once the request was answered.</summary>
    bool IsAnswered { get; }

    /// <summary>Waits until the request is answered by another thread, or <see cref="Interrupt"/> is called.</summary>
    void AwaitAnswer();

    /// <summary>Ends a wait of its thread. From any thread; has no effect while it is not waiting, so it must be called
    /// again until the thread has reacted.</summary>
    void Interrupt();
}
