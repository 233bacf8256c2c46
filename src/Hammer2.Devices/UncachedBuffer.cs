// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Devices;

/// <summary>Memory that begins where <see cref="IBlockDevice.WriteUncached"/> likes it to begin.</summary>
public sealed unsafe class UncachedBuffer
{
    private readonly byte[] _memory;
    private readonly int _start;

    /// <summary>Memory with any content.</summary>
    public UncachedBuffer(int bytes)
    {
        const int Alignment = IBlockDevice.UncachedAlignmentBytes;
        LengthBytes = bytes;
        // Where an array begins is up to the collector, which leaves a pinned one there.
        _memory = GC.AllocateUninitializedArray<byte>(bytes + Alignment - 1, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        _start = (int)(((address + Alignment - 1) & ~(nuint)(Alignment - 1)) - address);
    }

    /// <summary>How long it is.</summary>
    public int LengthBytes { get; }

    /// <summary>The memory.</summary>
    public Span<byte> Span => _memory.AsSpan(_start, LengthBytes);
}
