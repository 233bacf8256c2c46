// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>The versions of inodes that a pass has found.</summary>
internal sealed class InodeList
{
    private readonly List<FoundInode> _all = [];
    private bool _isByAddress;

    /// <summary>Number of versions.</summary>
    public int Count => _all.Count;

    /// <summary>How many of them are versions of directories that are no candidates.</summary>
    public int DirectoriesOnly { get; private set; }

    /// <summary>All versions, in no certain order.</summary>
    public ReadOnlySpan<FoundInode> All => CollectionsMarshal.AsSpan(_all);

    /// <summary>Adds a version.</summary>
    public void Add(in FoundInode inode)
    {
        _isByAddress = false;
        _all.Add(inode);
        if (!inode.IsCandidate) DirectoriesOnly++;
    }

    /// <summary>Enters the PFS of the version in the block at an address, unless it has one.</summary>
    public void SetPfs(ulong address, short pfs)
    {
        Span<FoundInode> all = CollectionsMarshal.AsSpan(_all);
        if (!_isByAddress) all.Sort(static (left, right) => left.Address.CompareTo(right.Address));
        _isByAddress = true;
        (int low, int high) = (0, all.Length);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (all[middle].Address < address) low = middle + 1;
            else high = middle;
        }
        if (low < all.Length && all[low].Address == address && all[low].Pfs == FoundPfs.Unknown)
            all[low] = all[low] with { Pfs = pfs };
    }

    /// <summary>Removes the candidates above a number. Directories among them are still of interest for the names in
    /// them.</summary>
    public void EndAt(ulong last)
    {
        Span<FoundInode> all = CollectionsMarshal.AsSpan(_all);
        foreach (ref FoundInode inode in all)
        {
            if (inode.Inum <= last || !inode.IsCandidate || inode.Type != ObjectType.Directory) continue;
            inode = inode with { IsCandidate = false };
            DirectoriesOnly++;
        }
        _ = _all.RemoveAll(inode => inode.IsCandidate && inode.Inum > last);
    }

    /// <summary>Removes the versions that are no candidates.</summary>
    public void RemoveDirectoriesOnly()
    {
        _ = _all.RemoveAll(static inode => !inode.IsCandidate);
        DirectoriesOnly = 0;
    }

    /// <summary>The median of the numbers of the candidates; 0 when there is none.</summary>
    public ulong MedianInum()
    {
        var inums = new List<ulong>();
        foreach (ref readonly FoundInode inode in All)
            if (inode.IsCandidate) inums.Add(inode.Inum);
        inums.Sort();
        return inums.Count == 0 ? 0 : inums[inums.Count / 2];
    }

    /// <summary>Removes the older half of the versions, by the tids of their changes.</summary>
    /// <returns>How many were removed.</returns>
    public int ForgetOlder()
    {
        var tids = new List<ulong>(_all.Count);
        foreach (ref readonly FoundInode inode in All)
            if (inode.IsCandidate) tids.Add(inode.ModifyTid);
        tids.Sort();
        ulong middle = tids.Count == 0 ? 0 : tids[tids.Count / 2];
        return _all.RemoveAll(inode => inode.IsCandidate && inode.ModifyTid <= middle);
    }

    /// <summary>The versions of directories, the newest first.</summary>
    public List<FoundInode> Directories()
    {
        List<FoundInode> found = _all.FindAll(static inode => inode.Type == ObjectType.Directory);
        found.Sort(static (left, right) => right.MirrorTid.CompareTo(left.MirrorTid));
        return found;
    }

    /// <summary>The candidates: by number, PFS, and the newest first.</summary>
    public List<FoundInode> Candidates()
    {
        var found = _all.FindAll(static inode => inode.IsCandidate);
        found.Sort(static (left, right) =>
        {
            int order = left.Inum.CompareTo(right.Inum);
            if (order == 0) order = left.Pfs.CompareTo(right.Pfs);
            if (order == 0) order = right.ModifyTid.CompareTo(left.ModifyTid);
            return order != 0 ? order : right.MirrorTid.CompareTo(left.MirrorTid);
        });
        return found;
    }
}
