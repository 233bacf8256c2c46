// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>Page-aligned unmanaged memory for one request or one reply.</summary>
/// <remarks>Not in a huge page: most sessions use only the first few pages of each buffer, and faulting in two MiB for
/// that takes milliseconds on a virtual machine whose host must first find the memory.
/// </remarks>
internal sealed unsafe class FuseBuffer : IDisposable
{
    private const nuint PageBytes = 4096;

    private readonly int _bytes;
    private byte* _start;

    /// <summary>Allocates the buffer; pages that are never written use no memory.</summary>
    public FuseBuffer(int bytes)
    {
        _bytes = bytes;
        _start = (byte*)NativeMemory.AlignedAlloc(((nuint)bytes + PageBytes - 1) & ~(PageBytes - 1), PageBytes);
    }

    /// <summary>The memory. Not after <see cref="Dispose"/>.</summary>
    public Span<byte> Span => new(_start, _bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
