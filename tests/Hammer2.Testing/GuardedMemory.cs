// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Testing;

/// <summary>
/// Memory between two inaccessible pages: a read or write of a single byte outside ends the process. For code that does
/// its own bounds checks.
/// </summary>
public sealed unsafe class GuardedMemory : IDisposable
{
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22;

    private static readonly nint PageBytes = Environment.SystemPageSize;

    private readonly byte* _base;
    private readonly nint _innerBytes;

    /// <summary>Allocates at least <paramref name="bytesMax"/> bytes.</summary>
    /// <exception cref="InvalidOperationException">The kernel has no memory.</exception>
    public GuardedMemory(int bytesMax)
    {
        _innerBytes = Math.Max((bytesMax + PageBytes - 1) / PageBytes * PageBytes, PageBytes);
        _base = mmap(null, _innerBytes + (2 * PageBytes), ProtectNone, MapPrivateAnonymous, -1, 0);
        if ((nint)_base == -1 || mprotect(_base + PageBytes, _innerBytes, ProtectReadWrite) != 0)
            throw new InvalidOperationException("no memory with guard pages: " + Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>A span of the given length that begins right after the first guard page.</summary>
    public Span<byte> AtStart(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (int)_innerBytes);
        return new Span<byte>(_base + PageBytes, count);
    }

    /// <summary>A span of the given length that ends right before the last guard page.</summary>
    public Span<byte> AtEnd(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (int)_innerBytes);
        return new Span<byte>(_base + PageBytes + _innerBytes - count, count);
    }

    /// <inheritdoc/>
    public void Dispose() => _ = munmap(_base, _innerBytes + (2 * PageBytes));

    [DllImport("libc", SetLastError = true)]
    private static extern byte* mmap(void* address, nint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", SetLastError = true)]
    private static extern int mprotect(void* address, nint length, int protection);

    [DllImport("libc")]
    private static extern int munmap(void* address, nint length);
}
