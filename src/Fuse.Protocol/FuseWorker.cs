// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Threading;

namespace Fuse.Protocol;

/// <summary>
/// What one serving thread owns for the session's life: its channel, one buffer for requests and one for
/// answers. Both are page-aligned memory outside the collected heap.
/// </summary>
/// <remarks>Not in a huge page: most sessions use the first few pages of each buffer and nothing else, and to bring
/// two MiB into being for that takes milliseconds on a virtual machine whose host has yet to find the memory.
/// </remarks>
internal sealed unsafe class FuseWorker : IDisposable
{
    private const nuint PageBytes = 4096;

    // Room for the headers before the data of a WRITE; the kernel asks for 8 KiB at least.
    private const int HeadBytes = 4096;
    private const int RequestBytesMin = 8192;

    // READDIR, xattrs and ioctls answer up to 64 KiB however short reads are.
    private const int ReplyBytesMin = 65536;

    private readonly int _requestBytes;
    private readonly int _replyBytes;
    private byte* _request;
    private byte* _reply;
    private readonly AutoResetEvent _called = new(initialState: false);

    /// <summary>Allocates both buffers for the sizes that were agreed.</summary>
    public FuseWorker(int number, IFuseChannel channel, int maxWriteBytes, int maxReadBytes)
    {
        Number = number;
        Channel = channel;
        _requestBytes = Math.Max(maxWriteBytes + HeadBytes, RequestBytesMin);
        _replyBytes = Math.Max(maxReadBytes, ReplyBytesMin);
        nuint replyBytes = ((nuint)_replyBytes + PageBytes - 1) & ~(PageBytes - 1);
        _reply = (byte*)NativeMemory.AlignedAlloc(replyBytes + (nuint)_requestBytes, PageBytes);
        _request = _reply + replyBytes;
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

    /// <summary>Ends a wait in <see cref="AwaitCall"/>, also one that comes later.</summary>
    public void Call() => _called.Set();

    /// <summary>Waits until somebody wants this worker to look for requests.</summary>
    public void AwaitCall() => _ = _called.WaitOne();

    /// <summary>Where requests are read to.</summary>
    public Span<byte> RequestBuffer => new(_request, _requestBytes);

    /// <summary>Where answers are built.</summary>
    public Span<byte> ReplyBuffer => new(_reply, _replyBytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        Channel.Dispose();
        _called.Dispose();
        NativeMemory.AlignedFree(_reply);
        _request = null;
        _reply = null;
    }
}
