// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// Blocks that a walk has followed, by location and size: a bit for each KiB of the 4 MiB that it is in, since blocks
/// of one size are close together on media. 512 bytes for each 4 MiB that has any of a size, in at most 64 Ki of these:
/// 40 MiB, for 256 GiB of inodes. Further blocks are not remembered.
/// </summary>
internal sealed class VisitedBlocks
{
    private const int SegmentsMax = 1 << 16;
    private const int RadixBits = 6;
    private const int BitsPerWord = 64;
    private const int WordsPerSegment = Media.SegmentBytes / Media.AllocationBytesMin / BitsPerWord;

    // By number of the segment and radix of the size.
    private readonly Dictionary<ulong, ulong[]> _segments = [];

    /// <summary>True when a block was added.</summary>
    public bool Contains(in DataOffset block)
    {
        (int word, ulong bit) = BitOf(block);
        return _segments.TryGetValue(SegmentOf(block), out ulong[]? words) && (words[word] & bit) != 0;
    }

    /// <summary>Adds a block, if there is room for it.</summary>
    public void Add(in DataOffset block)
    {
        ulong segment = SegmentOf(block);
        if (!_segments.TryGetValue(segment, out ulong[]? words))
        {
            if (_segments.Count >= SegmentsMax) return;
            _segments.Add(segment, words = new ulong[WordsPerSegment]);
        }
        (int word, ulong bit) = BitOf(block);
        words[word] |= bit;
    }

    private static ulong SegmentOf(in DataOffset block) =>
        (block.Bytes >> Media.SegmentRadix << RadixBits) | (uint)block.Radix;

    private static (int Word, ulong Bit) BitOf(in DataOffset block)
    {
        int index = (int)((block.Bytes & (Media.SegmentBytes - 1)) >> Media.AllocationRadixMin);
        return (index / BitsPerWord, 1UL << (index % BitsPerWord));
    }
}
