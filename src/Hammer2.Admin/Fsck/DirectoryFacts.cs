// SPDX-License-Identifier: BSD-3-Clause
using System.Collections;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Hammer2.Admin.Fsck;

/// <summary>A directory of a PFS.</summary>
/// <param name="Inum">Its inode number.</param>
/// <param name="Parent">The directory with its entry; 0 when it has none.</param>
/// <param name="LinkCount">Its links.</param>
internal record struct DirectoryFact(ulong Inum, ulong Parent, ulong LinkCount);

/// <summary>The directories of a PFS without its root, by their numbers: 24 bytes for each, and as much again while the
/// list grows.</summary>
internal sealed class DirectoryFacts
{
    private readonly List<DirectoryFact> _all = [];
    private bool _isSorted = true;

    /// <summary>The directories, in order after <see cref="Sort"/>.</summary>
    public Span<DirectoryFact> All => CollectionsMarshal.AsSpan(_all);

    /// <summary>Adds a directory.</summary>
    public void Add(in DirectoryFact directory)
    {
        if (_all.Count > 0 && _all[^1].Inum >= directory.Inum) _isSorted = false;
        _all.Add(directory);
    }

    /// <summary>Puts them in the order of their numbers, in which a sound PFS has them already.</summary>
    public void Sort()
    {
        if (!_isSorted) All.Sort(static (left, right) => left.Inum.CompareTo(right.Inum));
        _isSorted = true;
    }

    /// <summary>The index of a directory; below 0 for none.</summary>
    public int IndexOf(ulong inum)
    {
        (int low, int high) = (0, _all.Count);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_all[middle].Inum < inum) low = middle + 1;
            else high = middle;
        }
        return low < _all.Count && _all[low].Inum == inum ? low : -1;
    }

    /// <summary>The number of directories in each directory, by index.</summary>
    public int[] CountChildren()
    {
        int[] counts = new int[_all.Count];
        foreach (DirectoryFact directory in _all)
        {
            int parent = IndexOf(directory.Parent);
            if (parent >= 0) counts[parent]++;
        }
        return counts;
    }

    /// <summary>Directories that are their own ancestors, one of each cycle.</summary>
    public List<ulong> FindCycles()
    {
        List<ulong> found = [];
        var settled = new BitArray(_all.Count);
        var isOnPath = new BitArray(_all.Count);
        List<int> path = [];
        for (int start = 0; start < _all.Count; start++)
        {
            int at = start;
            while (at >= 0 && !settled[at] && !isOnPath[at])
            {
                isOnPath[at] = true;
                path.Add(at);
                at = IndexOf(_all[at].Parent);
            }
            if (at >= 0 && isOnPath[at]) found.Add(_all[at].Inum);
            foreach (int index in path) (isOnPath[index], settled[index]) = (false, true);
            path.Clear();
        }
        return found;
    }
}
