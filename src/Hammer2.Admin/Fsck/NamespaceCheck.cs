// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Compares the directory entries of a PFS with its inodes, in both directions. Runs after both were collected. Entries
/// and inodes in unreadable blocks are not reported as missing: the damage itself was reported.
/// </summary>
internal sealed class NamespaceCheck
{
    private readonly FsckContext _context;
    private readonly PfsScope _pfs;
    private readonly Dictionary<ulong, long> _subdirectories = [];
    private readonly HashSet<ulong> _orphans = [];
    private long _strayParents;

    public NamespaceCheck(FsckContext context, PfsScope pfs)
    {
        _context = context;
        _pfs = pfs;
    }

    public void Run()
    {
        Span<InodeFact> inodes = CollectionsMarshal.AsSpan(_pfs.Inodes);
        Span<EntryFact> entries = CollectionsMarshal.AsSpan(_pfs.Entries);
        inodes.Sort(static (left, right) => left.Inum.CompareTo(right.Inum));
        entries.Sort(static (left, right) => left.Inum != right.Inum
            ? left.Inum.CompareTo(right.Inum)
            : left.Directory != right.Directory
                ? left.Directory.CompareTo(right.Directory)
                : left.Key.CompareTo(right.Key));
        CountSubdirectories(entries);
        Merge(inodes, entries);
        CheckCycles(inodes, entries);
        CheckRoot(inodes);
        new AttributeCheck(_context, _pfs, _orphans).Run();
        Remark();
        new PathNamer(_context, _pfs).NameFindings();
    }

    private void CountSubdirectories(ReadOnlySpan<EntryFact> entries)
    {
        foreach (ref readonly EntryFact entry in entries)
        {
            if (entry.Type != ObjectType.Directory) continue;
            _subdirectories[entry.Directory] = _subdirectories.GetValueOrDefault(entry.Directory) + 1;
        }
    }

    private void Merge(ReadOnlySpan<InodeFact> inodes, ReadOnlySpan<EntryFact> entries)
    {
        int entry = 0;
        for (int inode = 0; inode < inodes.Length; inode++)
        {
            ref readonly InodeFact fact = ref inodes[inode];
            while (entry < entries.Length && entries[entry].Inum < fact.Inum) CheckMissing(entries[entry++]);
            int first = entry;
            while (entry < entries.Length && entries[entry].Inum == fact.Inum) entry++;
            CheckInode(fact, entries[first..entry]);
        }
        while (entry < entries.Length) CheckMissing(entries[entry++]);
    }

    private void CheckMissing(in EntryFact entry)
    {
        if (_pfs.MayBeLost(entry.Inum)) return;
        _context.Add(FsckSeverity.Error, FsckCode.EntryInode, _pfs, entry.Directory,
            $"entry 0x{entry.Key:x} of directory 0x{entry.Directory:x} refers to inode 0x{entry.Inum:x}, "
                + "which does not exist",
            entry.Key);
        Plan(RepairKind.RemoveEntry, entry.Directory, entry.Key);
    }

    private void CheckInode(in InodeFact inode, ReadOnlySpan<EntryFact> entries)
    {
        foreach (ref readonly EntryFact entry in entries)
        {
            if (entry.Type == inode.Type) continue;
            _context.Add(FsckSeverity.Warning, FsckCode.EntryType, _pfs, entry.Directory,
                $"entry 0x{entry.Key:x} gives inode 0x{inode.Inum:x} the type {entry.Type}, it is "
                    + $"{inode.Type}", entry.Key);
            Plan(RepairKind.SetEntryType, entry.Directory, entry.Key, (ulong)inode.Type);
        }
        if (inode.Type == ObjectType.Directory) CheckDirectory(inode, entries);
        if (entries.Length == 0)
        {
            CheckUnlinked(inode);
            return;
        }
        CheckParent(inode, entries);
        if (inode.Type == ObjectType.Directory || (ulong)entries.Length == inode.LinkCount) return;
        if (_pfs.IsEntriesPartial && (ulong)entries.Length < inode.LinkCount) return;
        _context.Add(FsckSeverity.Warning, FsckCode.LinkCount, _pfs, inode.Inum,
            $"inode 0x{inode.Inum:x} has {inode.LinkCount} links, {entries.Length} entries refer to it");
        if (!_pfs.IsEntriesPartial) Plan(RepairKind.SetLinkCount, inode.Inum, 0, (ulong)entries.Length);
    }

    private void CheckUnlinked(in InodeFact inode)
    {
        if (inode.LinkCount == 0)
        {
            _context.Add(FsckSeverity.Note, FsckCode.InodeUnlinked, _pfs, inode.Inum,
                $"inode 0x{inode.Inum:x} is an orphan: it has no links and no entry, and was open when it was removed");
            if (_pfs.IsEntriesPartial) return;
            Plan(RepairKind.RemoveInode, inode.Inum);
            _ = _orphans.Add(inode.Inum);
        }
        else if (!_pfs.IsEntriesPartial)
        {
            _context.Add(FsckSeverity.Warning, FsckCode.InodeLost, _pfs, inode.Inum,
                $"inode 0x{inode.Inum:x} ({inode.Type}) has {inode.LinkCount} links but no entry refers to it");
            Plan(RepairKind.Reconnect, inode.Inum);
        }
    }

    private void CheckDirectory(in InodeFact inode, ReadOnlySpan<EntryFact> entries)
    {
        if (entries.Length > 1)
        {
            _context.Add(FsckSeverity.Error, FsckCode.DirectoryTwice, _pfs, inode.Inum,
                $"directory 0x{inode.Inum:x} has {entries.Length} entries");
        }
        if (entries.Length == 0 || _pfs.IsEntriesPartial) return;
        long wanted = 2 + _subdirectories.GetValueOrDefault(inode.Inum);
        if (inode.LinkCount is 1 || inode.LinkCount == (ulong)wanted) return;
        _context.Add(FsckSeverity.Note, FsckCode.DirectoryLinkCount, _pfs, inode.Inum,
            $"directory 0x{inode.Inum:x} has {inode.LinkCount} links; 1 and {wanted} are the conventions");
    }

    private void CheckParent(in InodeFact inode, ReadOnlySpan<EntryFact> entries)
    {
        foreach (ref readonly EntryFact entry in entries)
            if (entry.Directory == inode.ParentInum) return;
        if (inode.Type != ObjectType.Directory)
        {
            _strayParents++; // happens when the first of several names is removed
            return;
        }
        _context.Add(FsckSeverity.Warning, FsckCode.ParentInum, _pfs, inode.Inum,
            $"directory 0x{inode.Inum:x} names 0x{inode.ParentInum:x} as its parent, its entry is in 0x{entries[0].Directory:x}");
        if (entries.Length == 1) Plan(RepairKind.SetParent, inode.Inum, 0, entries[0].Directory);
    }

    /// <summary>Follows the parents of each directory; a directory whose chain of parents does not end is part of a
    /// cycle.</summary>
    private void CheckCycles(ReadOnlySpan<InodeFact> inodes, ReadOnlySpan<EntryFact> entries)
    {
        var parents = new Dictionary<ulong, ulong>();
        foreach (ref readonly EntryFact entry in entries)
            if (entry.Type == ObjectType.Directory) _ = parents.TryAdd(entry.Inum, entry.Directory);
        var settled = new HashSet<ulong> { Media.PfsRootInum };
        var climbed = new HashSet<ulong>();
        foreach (ref readonly InodeFact inode in inodes)
        {
            if (inode.Type != ObjectType.Directory) continue;
            climbed.Clear();
            ulong at = inode.Inum;
            while (!settled.Contains(at) && climbed.Add(at) && parents.TryGetValue(at, out ulong parent)) at = parent;
            bool isCircle = !settled.Contains(at) && parents.ContainsKey(at);
            settled.UnionWith(climbed);
            if (!isCircle) continue;
            _context.Add(FsckSeverity.Error, FsckCode.DirectoryCycle, _pfs, at,
                $"directory 0x{at:x} is its own ancestor: it is not reachable from the root");
        }
    }

    private void CheckRoot(ReadOnlySpan<InodeFact> inodes)
    {
        ulong highest = inodes.Length == 0 ? Media.PfsRootInum : inodes[^1].Inum;
        _context.HighestInums[_pfs.Key] = highest;
        if (highest <= Media.PfsRootInum || _pfs.Meta.PfsInum > highest) return;
        _context.Add(FsckSeverity.Warning, FsckCode.NextInum, _pfs, Media.PfsRootInum,
            $"the next inode number is 0x{_pfs.Meta.PfsInum:x}, and 0x{highest:x} is in use");
        Plan(RepairKind.SetNextInum, Media.PfsRootInum, 0, highest + 1);
    }

    private void Plan(RepairKind kind, ulong inum, ulong key = 0, ulong value = 0) =>
        _context.Plan.Add(new RepairAction(kind, _pfs.Key, inum, key, value));

    private void Remark()
    {
        if (_strayParents > 0)
        {
            _context.Add(FsckSeverity.Note, FsckCode.ParentInum, _pfs, 0,
                $"{_strayParents} inodes that have or had several names record a directory as parent that has none "
                    + "of their entries");
        }
        if (_pfs.ModifyTidsAbove > 0)
        {
            _context.Add(FsckSeverity.Note, FsckCode.ModifyTid, _pfs, 0,
                $"{_pfs.ModifyTidsAbove} references have a greater modify_tid than their parents, as "
                    + "upstream's removal of indirect blocks causes");
        }
        if (_pfs.IsEntriesPartial || _pfs.LostInodes.Count > 0)
        {
            _context.Add(FsckSeverity.Note, FsckCode.NotJudged, _pfs, 0,
                "not all names and inodes could be compared, because some of them cannot be read");
        }
    }
}
