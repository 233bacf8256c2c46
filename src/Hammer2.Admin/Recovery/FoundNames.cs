// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>A directory entry that was found on media.</summary>
/// <param name="Inum">The inode that it names.</param>
/// <param name="Directory">The directory that it is in, or 0 when that is not known.</param>
/// <param name="Key">Its key, which tells entries of a directory apart.</param>
/// <param name="Slot">The address of its reference.</param>
/// <param name="Tid">The commit from which on the directory does not have it any more, as far as its versions were found.
/// Of an entry whose directory is not known, the change that made it.</param>
/// <param name="Pfs">Index of the PFS, or <see cref="FoundPfs.Unknown"/>.</param>
/// <param name="IsOfDirectory">True when it names a directory.</param>
internal readonly record struct FoundName(
    ulong Inum, ulong Directory, ulong Key, ulong Slot, ulong Tid, short Pfs, bool IsOfDirectory);

/// <summary>
/// The names that were found: entries in blocks that a directory leads to, and of other entries the newest of each inode,
/// whose directory is not known.
/// </summary>
internal sealed class FoundNames
{
    private readonly Dictionary<(ulong Inum, ulong Directory, ulong Key, short Pfs), FoundName> _entries = [];
    private readonly Dictionary<ulong, FoundName> _strays = [];
    private FoundName[]? _sorted;

    /// <summary>Number of names remembered.</summary>
    public int Count => _entries.Count + _strays.Count;

    /// <summary>Adds the entries of a table of references.</summary>
    /// <param name="table">The references.</param>
    /// <param name="address">The address of the first.</param>
    /// <param name="directory">The directory that leads to them.</param>
    /// <param name="tid">The commit of the next version of the directory.</param>
    /// <param name="pfs">Index of the PFS, or unknown.</param>
    /// <param name="wants">Chooses the entries.</param>
    public void AddTable(ReadOnlySpan<Blockref> table, ulong address, ulong directory, ulong tid, short pfs,
        Func<DirentHead, bool> wants)
    {
        for (int index = 0; index < table.Length; index++)
        {
            ref readonly Blockref slot = ref table[index];
            if (slot.Type != BlockrefType.Dirent || !wants(slot.Dirent)) continue;
            Add(new FoundName(slot.Dirent.Inum, directory, slot.Key, address + ((ulong)index * Blockref.SizeBytes),
                tid, pfs, slot.Dirent.Type == ObjectType.Directory));
        }
    }

    /// <summary>Adds an entry of a known directory; of equal ones the newest counts.</summary>
    public void Add(in FoundName name)
    {
        var id = (name.Inum, name.Directory, name.Key, name.Pfs);
        if (_entries.TryGetValue(id, out FoundName known) && known.Tid >= name.Tid) return;
        _sorted = null;
        _entries[id] = name;
    }

    /// <summary>Adds an entry whose directory is not known.</summary>
    public void AddStray(in FoundName name)
    {
        if (!_strays.TryGetValue(name.Inum, out FoundName known) || known.Tid < name.Tid) _strays[name.Inum] = name;
    }

    /// <summary>Forgets the names of inodes at or above a number, but not those of directories, which are parts of
    /// paths.</summary>
    public void ForgetFrom(ulong inum)
    {
        _sorted = null;
        foreach (FoundName name in new List<FoundName>(_entries.Values))
            if (name.Inum >= inum && !name.IsOfDirectory)
                _ = _entries.Remove((name.Inum, name.Directory, name.Key, name.Pfs));
        foreach (FoundName stray in new List<FoundName>(_strays.Values))
            if (stray.Inum >= inum && !stray.IsOfDirectory) _ = _strays.Remove(stray.Inum);
    }

    /// <summary>The entries of an inode in known directories, the newest first.</summary>
    /// <param name="inum">The inode.</param>
    /// <param name="pfs">Its PFS; entries of other PFSs are left out. Unknown: all.</param>
    public List<FoundName> Of(ulong inum, short pfs)
    {
        if (_sorted is null)
        {
            _sorted = [.. _entries.Values];
            Array.Sort(_sorted, static (left, right) => left.Inum.CompareTo(right.Inum));
        }
        (int low, int high) = (0, _sorted.Length);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_sorted[middle].Inum < inum) low = middle + 1;
            else high = middle;
        }
        var found = new List<FoundName>();
        for (; low < _sorted.Length && _sorted[low].Inum == inum; low++)
            if (pfs == FoundPfs.Unknown || _sorted[low].Pfs == FoundPfs.Unknown || _sorted[low].Pfs == pfs)
                found.Add(_sorted[low]);
        found.Sort(static (left, right) => right.Tid.CompareTo(left.Tid));
        return found;
    }

    /// <summary>The newest entry of an inode whose directory is not known.</summary>
    public FoundName? StrayOf(ulong inum) => _strays.TryGetValue(inum, out FoundName name) ? name : null;
}
