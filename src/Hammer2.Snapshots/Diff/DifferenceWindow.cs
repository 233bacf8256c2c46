// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Snapshots.Diff;

/// <summary>
/// The differences of objects in a range of inode numbers. When there are more than it may hold the range becomes
/// smaller, and a further walk over the trees, from the end of this range on, finds the others.
/// </summary>
internal sealed class DifferenceWindow(ulong first, int max)
{
    private readonly SortedDictionary<ulong, ObjectDifference> _objects = [];
    private int _size;

    /// <summary>The lowest number.</summary>
    public ulong First { get; } = first;

    /// <summary>The highest number.</summary>
    public ulong Last { get; private set; } = ulong.MaxValue;

    /// <summary>The differences in the order of their numbers.</summary>
    public IReadOnlyCollection<ObjectDifference> Objects => _objects.Values;

    /// <summary>True when the number is in the range.</summary>
    public bool Contains(ulong inum) => inum >= First && inum <= Last;

    /// <summary>The difference of an object in the range, to which something is about to be added.</summary>
    public ObjectDifference At(ulong inum)
    {
        // Not below a single object, whatever it needs.
        if (++_size > max && _objects.Count > 1) DropUpperHalf();
        if (_objects.TryGetValue(inum, out ObjectDifference? found)) return found;
        found = new ObjectDifference(inum);
        if (Contains(inum)) _objects.Add(inum, found);
        return found;
    }

    private void DropUpperHalf()
    {
        ulong[] numbers = [.. _objects.Keys];
        int kept = numbers.Length / 2;
        Last = numbers[kept - 1];
        for (int i = kept; i < numbers.Length; i++) _ = _objects.Remove(numbers[i]);
        _size = 0;
        foreach (ObjectDifference found in _objects.Values) _size += 1 + found.Removed.Count + found.Added.Count;
    }
}
