// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Devices;

/// <summary>Memory that is aligned for <see cref="IBlockDevice.WriteUncached"/>.</summary>
public sealed unsafe class UncachedBuffer
{
    private readonly byte[] _memory;
    private readonly int _start;

    /// <summary>Allocates memory with undefined content.</summary>
    public UncachedBuffer(int bytes)
    {
        const int Alignment = IBlockDevice.UncachedAlignmentBytes;
        LengthBytes = bytes;
        // The garbage collector places arrays at any address but does not move a pinned one.
        _memory = GC.AllocateUninitializedArray<byte>(bytes + Alignment - 1, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        _start = (int)(((address + Alignment - 1) & ~(nuint)(Alignment - 1)) - address);
    }

    /// <summary>Length in bytes.</summary>
    public int LengthBytes { get; }

    /// <summary>The memory.</summary>
    public Span<byte> Span => _memory.AsSpan(_start, LengthBytes);
}
