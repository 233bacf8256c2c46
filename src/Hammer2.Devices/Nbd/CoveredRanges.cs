// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Devices.Nbd;

/// <summary>Which bytes of a request have been answered: chunks may come in any order, but none twice.</summary>
/// <remarks>Not thread-safe. Ranges that touch are merged, so that chunks in order take no memory.</remarks>
internal sealed class CoveredRanges
{
    private const int RangesMax = 4096;

    private readonly List<(long First, long End)> _ranges = [];

    /// <summary>Forgets all.</summary>
    public void Clear() => _ranges.Clear();

    /// <summary>Adds a range.</summary>
    /// <returns>False when part of it was there, or there are too many gaps.</returns>
    public bool TryAdd(long first, long lengthBytes)
    {
        long end = first + lengthBytes;
        int at = _ranges.Count;
        while (at > 0 && _ranges[at - 1].First >= end) at--;
        if (at > 0 && _ranges[at - 1].End > first) return false;
        bool touchesBefore = at > 0 && _ranges[at - 1].End == first;
        bool touchesAfter = at < _ranges.Count && _ranges[at].First == end;
        if (touchesBefore && touchesAfter)
        {
            _ranges[at - 1] = (_ranges[at - 1].First, _ranges[at].End);
            _ranges.RemoveAt(at);
        }
        else if (touchesBefore) _ranges[at - 1] = (_ranges[at - 1].First, end);
        else if (touchesAfter) _ranges[at] = (first, _ranges[at].End);
        else if (_ranges.Count < RangesMax) _ranges.Insert(at, (first, end));
        else return false;
        return true;
    }

    /// <summary>True when everything from one offset on was added.</summary>
    public bool IsAll(long first, long lengthBytes) =>
        _ranges.Count == 1 && _ranges[0] == (first, first + lengthBytes);
}
