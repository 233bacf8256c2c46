// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>A directory that the newest tree has: in which directory its entry is, and under which key.</summary>
internal readonly record struct LiveDirectory(ulong Inum, ulong Parent, ulong Key);

/// <summary>What the newest tree has of one PFS: the numbers of its inodes, and where its directories are.</summary>
internal sealed class LivePfs
{
    private readonly List<LiveDirectory> _directories = [];
    private bool _isSorted;

    public LivePfs(PfsRecord record) => Record = record;

    /// <summary>Its root.</summary>
    public PfsRecord Record { get; }

    /// <summary>Its inodes that can be read. A snapshot's are not all here: of blocks that it shares with a PFS before
    /// it, those of that PFS are.</summary>
    public InumSet Inums { get; } = new();

    /// <summary>True for a snapshot.</summary>
    public bool IsSnapshot => Record.Meta.PfsSubtype != PfsSubtype.None;

    /// <summary>True when the number was given out by this PFS and is no longer in use.</summary>
    public bool HasLost(ulong inum) => inum < Record.Meta.PfsInum && !Inums.Contains(inum);

    /// <summary>Adds a directory.</summary>
    public void Add(in LiveDirectory directory)
    {
        _directories.Add(directory);
        _isSorted = false;
    }

    /// <summary>Finds a directory by its number.</summary>
    public bool TryFind(ulong inum, out LiveDirectory found)
    {
        Span<LiveDirectory> all = CollectionsMarshal.AsSpan(_directories);
        if (!_isSorted) all.Sort(static (left, right) => left.Inum.CompareTo(right.Inum));
        _isSorted = true;
        (int low, int high) = (0, all.Length);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (all[middle].Inum < inum) low = middle + 1;
            else high = middle;
        }
        found = low < all.Length ? all[low] : default;
        return low < all.Length && found.Inum == inum;
    }
}
