// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Snapshots.Usage;

/// <summary>Which PFS alone leads to each block, or that several do: two bytes for each KiB of the segments of 4 MiB
/// that have any block.</summary>
internal sealed class OwnerMap
{
    /// <summary>Several PFSs lead to the block.</summary>
    public const ushort Shared = ushort.MaxValue;

    private const int BlocksPerSegment = Media.SegmentBytes / Media.AllocationBytesMin;

    private readonly Dictionary<ulong, ushort[]> _segments = [];

    /// <summary>Bytes of memory that it takes.</summary>
    public long MemoryBytes => _segments.Count * (long)BlocksPerSegment * sizeof(ushort);

    /// <summary>Enters that a PFS leads to a block.</summary>
    /// <param name="address">Address of the block.</param>
    /// <param name="owner">Number of the PFS, from 1 on.</param>
    /// <returns>What was known before: 0 for nothing, the number of another or the same PFS, or
    /// <see cref="Shared"/>.</returns>
    public ushort Add(ulong address, ushort owner)
    {
        ulong segment = address >> Media.SegmentRadix;
        if (!_segments.TryGetValue(segment, out ushort[]? owners))
            _segments.Add(segment, owners = new ushort[BlocksPerSegment]);
        ref ushort entry = ref owners[(int)(address >> Media.AllocationRadixMin) & (BlocksPerSegment - 1)];
        ushort before = entry;
        if (before == 0) entry = owner;
        else if (before != owner) entry = Shared;
        return before;
    }
}
