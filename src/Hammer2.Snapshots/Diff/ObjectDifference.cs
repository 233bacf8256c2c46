// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>All that was found of one object: names that it lost and got, and in what its inode differs.</summary>
internal sealed class ObjectDifference(ulong inum)
{
    private readonly List<EntryName> _removed = [];
    private readonly List<EntryName> _added = [];

    /// <summary>Number of the object.</summary>
    public ulong Inum { get; } = inum;

    /// <summary>Its type as its inode has it; Unknown when no inode was looked at.</summary>
    public ObjectType Type { get; set; }

    /// <summary>The directory in which it was made or renamed to last; 0 when unknown.</summary>
    public ulong Parent { get; set; }

    /// <summary>In what it differs.</summary>
    public DifferenceDetails Details { get; set; }

    /// <summary>Why it cannot be compared, or not wholly.</summary>
    public string? Problem { get; set; }

    /// <summary>True when a name is needed that is not known yet.</summary>
    public bool NeedsName => (Details != DifferenceDetails.None || Problem is not null) && _added.Count == 0;

    /// <summary>A name of it that is in both trees, found for <see cref="NeedsName"/>.</summary>
    public EntryName? Found { get; set; }

    /// <summary>The names that only the old tree has.</summary>
    public IReadOnlyList<EntryName> Removed => _removed;

    /// <summary>The names that only the new tree has.</summary>
    public IReadOnlyList<EntryName> Added => _added;

    /// <summary>Notes a name of the old tree.</summary>
    public void Remove(EntryName name) => _removed.Add(name);

    /// <summary>Notes a name of the new tree.</summary>
    public void Add(EntryName name) => _added.Add(name);

    /// <summary>Drops names that are in both lists: an entry that was removed and made again. Sorts the
    /// rest.</summary>
    public void Normalize()
    {
        _removed.Sort(EntryName.Compare);
        _added.Sort(EntryName.Compare);
        for (int i = _removed.Count - 1; i >= 0; i--)
        {
            int same = _added.IndexOf(_removed[i]);
            if (same < 0) continue;
            _added.RemoveAt(same);
            _removed.RemoveAt(i);
        }
    }

    /// <summary>Pairs names that it lost with names that it got: renames. Names of another type belong to another
    /// object that had the number.</summary>
    public IEnumerable<(EntryName? Old, EntryName? New)> Pairs()
    {
        int renames = 0;
        while (renames < Math.Min(_removed.Count, _added.Count) && _removed[renames].Type == _added[renames].Type)
        {
            yield return (_removed[renames], _added[renames]);
            renames++;
        }
        for (int i = renames; i < _removed.Count; i++) yield return (_removed[i], null);
        for (int i = renames; i < _added.Count; i++) yield return (null, _added[i]);
    }
}
