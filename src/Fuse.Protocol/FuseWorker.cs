// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;

namespace Fuse.Protocol;

/// <summary>
/// The state of one serving thread: its channel, a buffer for requests, which may be exchanged for another, and one for
/// replies.
/// </summary>
internal sealed class FuseWorker : IDisposable
{
    private readonly FuseBuffer _reply;
    private readonly WakeSignal _called = new();

    /// <summary>Allocates both buffers with the negotiated sizes.</summary>
    public FuseWorker(int number, IFuseChannel channel, FuseBufferSizes sizes)
    {
        Number = number;
        Channel = channel;
        _reply = new FuseBuffer(sizes.ReplyBytes);
        Request = new FuseBuffer(sizes.RequestBytes);
    }

    /// <summary>The number of the worker, from 0.</summary>
    public int Number { get; }

    /// <summary>The channel for this worker's requests and replies.</summary>
    public IFuseChannel Channel { get; }

    /// <summary>True once the thread has left its loop.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The time when it received its current request, by the session's clock.</summary>
    public long TakenAt { get; set; }

    /// <summary>True while it has not slept since its last reply.</summary>
    public bool IsAwake { get; set; }

    /// <summary>True when it was called to receive requests and has not polled yet.</summary>
    public bool WasCalled { get; set; }

    /// <summary>The buffer for requests.</summary>
    public FuseBuffer Request { get; set; }

    /// <summary>Ends the current or the next <see cref="AwaitCall"/>.</summary>
    public void Call() => _called.Set();

    /// <summary>Waits for a <see cref="Call"/> to receive requests.</summary>
    public void AwaitCall() => _called.Wait();

    /// <summary>The memory for requests.</summary>
    public Span<byte> RequestBuffer => Request.Span;

    /// <summary>The memory for replies.</summary>
    public Span<byte> ReplyBuffer => _reply.Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        Channel.Dispose();
        _called.Dispose();
        _reply.Dispose();
        Request.Dispose();
    }
}
