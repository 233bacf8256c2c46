// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Compares the directory entries of a PFS with its inodes, in both directions, after both were walked: one by one
/// where <see cref="LinkSums"/> tells that something differs. Entries and inodes in unreadable blocks are not reported
/// as missing: the damage itself was reported.
/// </summary>
internal sealed class NamespaceCheck
{
    private readonly FsckContext _context;
    private readonly PfsScope _pfs;
    private readonly HashSet<ulong> _orphans = [];

    public NamespaceCheck(FsckContext context, PfsScope pfs)
    {
        _context = context;
        _pfs = pfs;
    }

    public void Run()
    {
        _pfs.Directories.Sort();
        if (_pfs.HasSkipped && (_pfs.Links.Total != 0 || _pfs.Links.UnlinkedTotal > 0)) _pfs.SumAgain();
        if (!_pfs.HasSkipped)
            for (int group = _pfs.Links.NextOpen(0); group < LinkSums.GroupsTotal;) group = CompareFrom(group);
        CheckLinksOfDirectories();
        foreach (ulong inum in _pfs.Directories.FindCycles())
        {
            _context.Add(FsckSeverity.Error, FsckCode.DirectoryCycle, _pfs, inum,
                $"directory 0x{inum:x} is its own ancestor: it is not reachable from the root");
        }
        CheckRoot();
        new AttributeCheck(_context, _pfs, _orphans).Run();
        Remark();
        new PathNamer(_context, _pfs).NameFindings();
    }

    /// <summary>Compares the inodes of some open groups with their entries.</summary>
    /// <param name="first">The first of them.</param>
    /// <returns>The first open group that is left.</returns>
    private int CompareFrom(int first)
    {
        LinkSums links = _pfs.Links;
        int end = first;
        long factsPerGroup = (links.FactsTotal / LinkSums.GroupsTotal) + 1;
        for (long facts = 0; end < LinkSums.GroupsTotal && facts < _context.Options.FactsMax; facts += factsPerGroup)
            end = links.NextOpen(end + 1);
        var selection = new FactSelection(inum =>
        {
            int group = LinkSums.GroupOf(inum);
            return group >= first && group < end && links.IsOpen(group);
        });
        _ = _pfs.WalkAgain!(selection);
        Merge(selection.Inodes, selection.Entries);
        return end;
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
        int index = _pfs.Directories.IndexOf(inode.Inum);
        ref DirectoryFact directory = ref _pfs.Directories.All[index];
        directory.Parent = 0;
        foreach (ref readonly EntryFact entry in entries)
        {
            if (entry.Type != ObjectType.Directory) continue;
            directory.Parent = entry.Directory;
            break;
        }
    }

    private void CheckLinksOfDirectories()
    {
        if (_pfs.IsEntriesPartial) return;
        int[] children = _pfs.Directories.CountChildren();
        for (int index = 0; index < children.Length; index++)
        {
            DirectoryFact directory = _pfs.Directories.All[index];
            ulong wanted = 2 + (ulong)children[index];
            if (directory.Parent == 0 || directory.LinkCount == 1 || directory.LinkCount == wanted) continue;
            _context.Add(FsckSeverity.Note, FsckCode.DirectoryLinkCount, _pfs, directory.Inum,
                $"directory 0x{directory.Inum:x} has {directory.LinkCount} links; 1 and {wanted} are the conventions");
        }
    }

    private void CheckParent(in InodeFact inode, ReadOnlySpan<EntryFact> entries)
    {
        foreach (ref readonly EntryFact entry in entries)
            if (entry.Directory == inode.ParentInum) return;
        // Another object has a stale one when the first of several names was removed.
        if (inode.Type != ObjectType.Directory) return;
        _context.Add(FsckSeverity.Warning, FsckCode.ParentInum, _pfs, inode.Inum,
            $"directory 0x{inode.Inum:x} names 0x{inode.ParentInum:x} as its parent, its entry is in 0x{entries[0].Directory:x}");
        if (entries.Length == 1) Plan(RepairKind.SetParent, inode.Inum, 0, entries[0].Directory);
    }

    private void CheckRoot()
    {
        ulong highest = _pfs.HighestInum;
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
        if (_pfs.ModifyTidsAbove > 0)
        {
            _context.Add(FsckSeverity.Note, FsckCode.ModifyTid, _pfs, 0,
                $"{_pfs.ModifyTidsAbove} references have a greater modify_tid than their parents, as "
                    + "upstream's removal of indirect blocks causes");
        }
        if (_pfs.IsEntriesPartial || !_pfs.LostInodes.IsEmpty)
        {
            _context.Add(FsckSeverity.Note, FsckCode.NotJudged, _pfs, 0,
                "not all names and inodes could be compared, because some of them cannot be read");
        }
    }
}
