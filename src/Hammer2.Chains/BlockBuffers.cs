// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// Spare buffers of 64 KiB, the largest block. A worker needs two at most, so a few dozen serve any mount;
/// further ones that are returned are left to the garbage collector.
/// </summary>
internal sealed class BlockBuffers
{
    private readonly byte[]?[] _spare = new byte[]?[32];

    /// <summary>A buffer with any content.</summary>
    public byte[] Rent()
    {
        for (int i = 0; i < _spare.Length; i++)
        {
            if (_spare[i] is null) continue;
            byte[]? buffer = Interlocked.Exchange(ref _spare[i], null);
            if (buffer is not null) return buffer;
        }
        return GC.AllocateUninitializedArray<byte>(Media.BufferBytes);
    }

    /// <summary>Returns a buffer for reuse; the caller must not use it any more.</summary>
    public void Return(byte[]? buffer)
    {
        if (buffer is null) return;
        for (int i = 0; i < _spare.Length; i++)
        {
            if (_spare[i] is not null) continue;
            if (Interlocked.CompareExchange(ref _spare[i], buffer, null) is null) return;
        }
    }
}
