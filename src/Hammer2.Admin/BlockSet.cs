// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>
/// A set of blocks by their address. Blocks of one kind are close together on media, so a bitmap for each 4 MiB segment
/// that has any needs about one bit per block: a set of ten million inodes needs a few megabytes.
/// </summary>
internal sealed class BlockSet
{
    private const int BlocksPerSegment = Media.SegmentBytes / Media.AllocationBytesMin;
    private const int WordBits = 64;

    private readonly Dictionary<ulong, ulong[]> _segments = [];

    /// <summary>Number of blocks in the set.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a block; false when it was in the set already.</summary>
    public bool Add(ulong address)
    {
        ulong segment = address >> Media.SegmentRadix;
        if (!_segments.TryGetValue(segment, out ulong[]? words))
        {
            words = new ulong[BlocksPerSegment / WordBits];
            _segments.Add(segment, words);
        }
        (int word, ulong bit) = SlotOf(address);
        if ((words[word] & bit) != 0) return false;
        words[word] |= bit;
        Count++;
        return true;
    }

    /// <summary>True when the block is in the set.</summary>
    public bool Contains(ulong address)
    {
        (int word, ulong bit) = SlotOf(address);
        return _segments.TryGetValue(address >> Media.SegmentRadix, out ulong[]? words) && (words[word] & bit) != 0;
    }

    private static (int Word, ulong Bit) SlotOf(ulong address)
    {
        int block = (int)((address >> Media.AllocationRadixMin) & (BlocksPerSegment - 1));
        return (block / WordBits, 1UL << (block % WordBits));
    }
}
