// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>Free granules: all of them, and those in runs for a whole block of file data.</summary>
/// <param name="Bytes">Bytes in free granules.</param>
/// <param name="RunBytes">Bytes in aligned runs of 64 KiB that are wholly free.</param>
internal readonly record struct FreeSpace(long Bytes, long RunBytes)
{
    /// <summary>Bytes in free granules beside used ones in the same 64 KiB: only usable for blocks of up to 32
    /// KiB.</summary>
    public long FragmentBytes => Bytes - RunBytes;

    /// <summary>The free space of one entry, from its bitmap.</summary>
    public static FreeSpace Of(in FreemapEntry entry)
    {
        // Four granules of two bits are one byte.
        int runs = MemoryMarshal.AsBytes(entry.WordsRead).Count((byte)0);
        return new FreeSpace(
            (long)entry.Count(GranuleState.Free) * Media.GranuleBytes, (long)runs * Media.AllocationBytesMax);
    }

    public static FreeSpace operator +(FreeSpace left, FreeSpace right) =>
        new(left.Bytes + right.Bytes, left.RunBytes + right.RunBytes);

    public static FreeSpace operator -(FreeSpace left, FreeSpace right) =>
        new(left.Bytes - right.Bytes, left.RunBytes - right.RunBytes);
}
