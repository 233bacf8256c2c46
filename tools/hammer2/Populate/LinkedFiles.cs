// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Tool.Extract;

namespace Hammer2.Tool.Populate;

/// <summary>
/// The copies of files of the source that have several names, for as long as names of theirs are still to be met: so
/// much memory as there are such files with names in different places, whatever the number of files.
/// </summary>
internal sealed class LinkedFiles
{
    private readonly Dictionary<(uint, uint, ulong), Copied> _files = [];

    /// <summary>Number of files with names that were not met yet.</summary>
    public int Count => _files.Count;

    /// <summary>Finds the copy of a file that was met by another name, and counts this name.</summary>
    /// <param name="source">The file's status.</param>
    /// <param name="inum">Inode number of the copy; 0 when there is none.</param>
    public bool TryMeet(in LinuxFiles.FileStatus source, out ulong inum)
    {
        inum = 0;
        if (source.LinkCount < 2) return false;
        (uint, uint, ulong) key = KeyOf(source);
        if (!_files.TryGetValue(key, out Copied copied)) return false;
        inum = copied.Inum;
        // The count of now: names may have come since.
        uint met = copied.NamesMet + 1;
        if (met >= source.LinkCount) _ = _files.Remove(key);
        else _files[key] = copied with { NamesMet = met };
        return true;
    }

    /// <summary>Remembers the copy of a file whose first name was met, if it has more of them.</summary>
    /// <param name="source">The file's status.</param>
    /// <param name="inum">Inode number of the copy.</param>
    public void Add(in LinuxFiles.FileStatus source, ulong inum)
    {
        if (source.LinkCount > 1) _files[KeyOf(source)] = new Copied(inum, NamesMet: 1);
    }

    private static (uint, uint, ulong) KeyOf(in LinuxFiles.FileStatus source) =>
        (source.DeviceMajor, source.DeviceMinor, source.Inode);

    private readonly record struct Copied(ulong Inum, uint NamesMet);
}
