// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Numerics;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The relation of a block to the blocks added before it.</summary>
internal enum LedgerResult
{
    /// <summary>The space was unused.</summary>
    New,

    /// <summary>The same block was added before.</summary>
    Known,

    /// <summary>A block of the same address and size but another kind was added before.</summary>
    OtherKind,

    /// <summary>The block overlaps blocks of another address or size.</summary>
    Overlap,
}

/// <summary>
/// The address and size of every reachable block, in two bits per KiB: 256 KiB of memory for each GiB that has any. No
/// block crosses a 64 KiB boundary, so two words are enough to look one up.
/// </summary>
internal sealed class BlockLedger
{
    // Bits of a unit of 1 KiB: none set - unused; only the second - continues the block of the unit before it; the
    // first - a block starts, of file data if the second is set too, otherwise of another kind.
    private const int UnitsPerBuffer = Media.BufferBytes / Media.AllocationBytesMin;
    private const int BuffersPerSegment = Media.SegmentBytes / Media.BufferBytes;
    private const int GranulesPerBuffer = Media.BufferBytes / Media.GranuleBytes;
    private const int UnitsPerGranule = Media.GranuleBytes / Media.AllocationBytesMin;

    private readonly Dictionary<ulong, Segment> _segments = [];

    /// <summary>Total size in bytes of the blocks, each counted once.</summary>
    public ulong UsedBytes { get; private set; }

    /// <summary>Numbers of the 4 MiB segments that have blocks, in any order.</summary>
    public IEnumerable<ulong> Segments => _segments.Keys;

    /// <summary>Adds a block, unless it conflicts with an earlier one.</summary>
    /// <param name="address">Multiple of 1 KiB.</param>
    /// <param name="sizeBytes">1 KiB to 64 KiB; the block crosses no 64 KiB boundary.</param>
    /// <param name="isData">File data, which may be shared.</param>
    /// <param name="isRecorded">True when the committed freemap must have it as allocated.</param>
    public LedgerResult Add(ulong address, int sizeBytes, bool isData, bool isRecorded)
    {
        Segment segment = Of(address);
        int buffer = (int)(address >> Media.BufferRadix) % BuffersPerSegment;
        int unit = (int)(address >> Media.AllocationRadixMin) % UnitsPerBuffer;
        int units = sizeBytes / Media.AllocationBytesMin;
        ulong mask = (units == UnitsPerBuffer ? ulong.MaxValue : (1UL << units) - 1) << unit;
        ref ulong first = ref segment.First[buffer];
        ref ulong second = ref segment.Second[buffer];
        ulong start = 1UL << unit;
        if (((first | second) & mask) == 0)
        {
            first |= start;
            second |= isData ? mask : mask & ~start;
            UsedBytes += (ulong)sizeBytes;
            if (isRecorded) segment.Record((int)(address >> Media.GranuleRadix), units);
            return LedgerResult.New;
        }
        if ((first & mask) != start || SizeOf(first, second, unit) != units) return LedgerResult.Overlap;
        if (isRecorded) segment.Record((int)(address >> Media.GranuleRadix), units);
        return ((second & start) != 0) == isData ? LedgerResult.Known : LedgerResult.OtherKind;
    }

    /// <summary>True when a block of this address and size was added, of any kind.</summary>
    public bool Has(ulong address, int sizeBytes)
    {
        if (!_segments.TryGetValue(address >> Media.SegmentRadix, out Segment? segment)) return false;
        int buffer = (int)(address >> Media.BufferRadix) % BuffersPerSegment;
        int unit = (int)(address >> Media.AllocationRadixMin) % UnitsPerBuffer;
        ulong first = segment.First[buffer];
        return (first & (1UL << unit)) != 0
            && SizeOf(first, segment.Second[buffer], unit) * Media.AllocationBytesMin == sizeBytes;
    }

    /// <summary>True when any block is in a granule of a segment.</summary>
    public bool IsUsed(ulong segment, int granule) =>
        _segments.TryGetValue(segment, out Segment? found) && found.UnitsOf(granule) != 0;

    /// <summary>True when a granule of a segment has a block that the committed freemap must have as
    /// allocated.</summary>
    public bool IsRecorded(ulong segment, int granule) =>
        _segments.TryGetValue(segment, out Segment? found) && found.IsRecorded(granule);

    /// <summary>The units of 1 KiB in use in a granule, the lowest in bit 0.</summary>
    public uint UnitsOf(ulong segment, int granule) =>
        _segments.TryGetValue(segment, out Segment? found) ? found.UnitsOf(granule) : 0;

    private static int SizeOf(ulong first, ulong second, int unit)
    {
        // The block continues while units are in use and no other block starts.
        ulong rest = unit == UnitsPerBuffer - 1 ? 0 : (~first & second) >> (unit + 1);
        return 1 + BitOperations.TrailingZeroCount(~rest);
    }

    private Segment Of(ulong address)
    {
        ulong number = address >> Media.SegmentRadix;
        if (!_segments.TryGetValue(number, out Segment? segment)) _segments.Add(number, segment = new Segment());
        return segment;
    }

    private sealed class Segment
    {
        private readonly ulong[] _recorded = new ulong[FreemapEntry.GranulesTotal / 64];

        public ulong[] First { get; } = new ulong[BuffersPerSegment];

        public ulong[] Second { get; } = new ulong[BuffersPerSegment];

        public void Record(int granule, int units)
        {
            granule %= FreemapEntry.GranulesTotal;
            for (int left = units; left > 0; left -= UnitsPerGranule, granule++)
                _recorded[granule / 64] |= 1UL << (granule % 64);
        }

        public bool IsRecorded(int granule) => (_recorded[granule / 64] & (1UL << (granule % 64))) != 0;

        public uint UnitsOf(int granule)
        {
            ulong word = First[granule / GranulesPerBuffer] | Second[granule / GranulesPerBuffer];
            return (ushort)(word >> (granule % GranulesPerBuffer * UnitsPerGranule));
        }
    }
}
