// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>One of the 256 entries of a freemap leaf: 4 MiB of space in 256 granules of 16 KiB.</summary>
/// <remarks>Source: <c>struct hammer2_bmap_data</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct FreemapEntry
{
    /// <summary>Size on media, in bytes.</summary>
    public const int SizeBytes = 128;

    /// <summary>Granules of one entry.</summary>
    public const int GranulesTotal = Media.SegmentBytes / Media.GranuleBytes;

    /// <summary>Words of the bitmap.</summary>
    public const int WordsTotal = 8;

    /// <summary>Granules in one word of the bitmap, two bits each.</summary>
    public const int GranulesPerWord = GranulesTotal / WordsTotal;

    /// <summary>The value of <see cref="LinearOffset"/> when no small block is to be allocated in this entry.</summary>
    public const int LinearOffsetNone = Media.SegmentBytes;

    private const ulong LowBitOfPairs = 0x5555_5555_5555_5555;

    [FieldOffset(0x00)] public int LinearOffset;          // bytes into the 4 MiB: next small block
    [FieldOffset(0x04)] public ushort Class;              // reference type << 8 | 16; 0: any
    [FieldOffset(0x06)] public ushort Reserved06;
    [FieldOffset(0x08)] public ulong Reserved08;
    [FieldOffset(0x10)] public ulong Reserved10;
    [FieldOffset(0x18)] public uint Reserved18;
    [FieldOffset(0x1C)] public uint AvailableBytes;       // 16 KiB for each free granule
    [FieldOffset(0x20)] public ulong Reserved20;
    [FieldOffset(0x28)] public ulong Reserved28;
    [FieldOffset(0x30)] public ulong Reserved30;
    [FieldOffset(0x38)] public ulong Reserved38;
    [FieldOffset(0x40)] private WordArea _words;

    /// <summary>The bitmap, 32 granules a word, two bits each from the lowest up.</summary>
    [UnscopedRef]
    public Span<ulong> Words => _words;

    /// <summary>The same words for reading.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<ulong> WordsRead => _words;

    /// <summary>The state of granule <paramref name="granule"/>, 0 to 255.</summary>
    public readonly GranuleState StateOf(int granule) =>
        (GranuleState)((WordsRead[granule / GranulesPerWord] >> ShiftOf(granule)) & 3);

    /// <summary>Changes the state of granule <paramref name="granule"/>, 0 to 255. The caller updates
    /// <see cref="AvailableBytes"/>.</summary>
    public void SetState(int granule, GranuleState state)
    {
        ref ulong word = ref Words[granule / GranulesPerWord];
        word = (word & ~(3UL << ShiftOf(granule))) | ((ulong)state << ShiftOf(granule));
    }

    /// <summary>Number of granules in the state <paramref name="state"/>.</summary>
    public readonly int Count(GranuleState state)
    {
        int count = 0;
        foreach (ulong word in WordsRead)
        {
            ulong low = ((int)state & 1) != 0 ? word : ~word;
            ulong high = ((int)state & 2) != 0 ? word : ~word;
            count += BitOperations.PopCount(low & (high >> 1) & LowBitOfPairs);
        }

        return count;
    }

    private static int ShiftOf(int granule) => granule % GranulesPerWord * 2;

    [InlineArray(WordsTotal)]
    private struct WordArea
    {
        private ulong _first;
    }
}
