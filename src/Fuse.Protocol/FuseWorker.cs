// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Fuse.Protocol;

/// <summary>
/// What one serving thread owns for the session's life: its channel, a buffer for requests, which it may exchange for
/// another, and one for answers.
/// </summary>
internal sealed class FuseWorker : IDisposable
{
    private readonly FuseBuffer _reply;
    private readonly AutoResetEvent _called = new(initialState: false);

    /// <summary>Allocates both buffers for the sizes that were agreed.</summary>
    public FuseWorker(int number, IFuseChannel channel, FuseBufferSizes sizes)
    {
        Number = number;
        Channel = channel;
        _reply = new FuseBuffer(sizes.ReplyBytes);
        Request = new FuseBuffer(sizes.RequestBytes);
    }

    /// <summary>From 0.</summary>
    public int Number { get; }

    /// <summary>Where this worker's requests come from and answers go to.</summary>
    public IFuseChannel Channel { get; }

    /// <summary>True once the thread has left its loop.</summary>
    public bool HasEnded { get; set; }

    /// <summary>When it took the request that it serves, by the session's clock.</summary>
    public long TakenAt { get; set; }

    /// <summary>True while it has slept nowhere since it answered a request.</summary>
    public bool IsAwake { get; set; }

    /// <summary>True when it was called to look for requests and has not looked yet.</summary>
    public bool WasCalled { get; set; }

    /// <summary>The buffer that requests are read to.</summary>
    public FuseBuffer Request { get; set; }

    /// <summary>Ends a wait in <see cref="AwaitCall"/>, also one that comes later.</summary>
    public void Call() => _called.Set();

    /// <summary>Waits until this worker shall look for requests.</summary>
    public void AwaitCall() => _ = _called.WaitOne();

    /// <summary>Where requests are read to.</summary>
    public Span<byte> RequestBuffer => Request.Span;

    /// <summary>Where answers are built.</summary>
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
