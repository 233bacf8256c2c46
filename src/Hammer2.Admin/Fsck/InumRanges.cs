// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Admin.Fsck;

/// <summary>Ranges of inode numbers whose inodes cannot be read: 16 bytes for each.</summary>
internal sealed class InumRanges
{
    private readonly List<(ulong First, ulong Last)> _ranges = [];
    private bool _isMerged = true;

    /// <summary>True when there is none.</summary>
    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Adds a range.</summary>
    /// <param name="first">The lowest number.</param>
    /// <param name="last">The highest, at least the lowest.</param>
    public void Add(ulong first, ulong last)
    {
        _ranges.Add((first, last));
        _isMerged = false;
    }

    /// <summary>True when a number is in a range.</summary>
    public bool Contains(ulong inum)
    {
        if (!_isMerged) Merge();
        (int low, int high) = (0, _ranges.Count);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_ranges[middle].Last < inum) low = middle + 1;
            else high = middle;
        }
        return low < _ranges.Count && _ranges[low].First <= inum;
    }

    // In order, and none overlaps another.
    private void Merge()
    {
        _ranges.Sort();
        int kept = 0;
        foreach ((ulong first, ulong last) in _ranges.ToArray())
        {
            if (kept > 0 && first <= _ranges[kept - 1].Last)
                _ranges[kept - 1] = (_ranges[kept - 1].First, Math.Max(_ranges[kept - 1].Last, last));
            else _ranges[kept++] = (first, last);
        }
        _ranges.RemoveRange(kept, _ranges.Count - kept);
        _isMerged = true;
    }
}
