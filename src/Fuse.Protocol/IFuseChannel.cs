// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// The channel from which one worker receives requests and sends replies. The reply to a request must be sent on the
/// channel that received it. One thread receives; others may send notifications at the same time.
/// </summary>
public interface IFuseChannel : IFuseSender, IDisposable
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
    /// Makes a waiting <see cref="WaitForRequest"/> return EINTR. From any thread; has no effect while the receiver is
    /// not waiting, so it must be called again until the receiver has reacted.
    /// </summary>
    void Interrupt();
}
