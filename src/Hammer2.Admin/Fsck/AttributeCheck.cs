// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>Compares the files with extended attributes of a PFS with the inodes that they belong to, in both
/// directions. Runs after both were walked; what damage hides is not judged.</summary>
internal sealed class AttributeCheck
{
    private readonly FsckContext _context;
    private readonly PfsScope _pfs;
    private readonly IReadOnlySet<ulong> _orphans;
    private readonly AttributeFileReader _reader;
    private readonly Dictionary<ulong, AttributeOwner> _owners = [];
    private readonly HashSet<ulong> _judged = [];

    /// <param name="context">The check.</param>
    /// <param name="pfs">The PFS.</param>
    /// <param name="orphans">Inodes that a repair removes.</param>
    public AttributeCheck(FsckContext context, PfsScope pfs, IReadOnlySet<ulong> orphans)
    {
        (_context, _pfs, _orphans) = (context, pfs, orphans);
        _reader = new AttributeFileReader(context.Volumes, pfs.Root);
    }

    /// <summary>Adds the findings.</summary>
    public void Run()
    {
        AttributeFacts facts = _pfs.Attributes;
        if (facts.Owners.Count == 0 && facts.Entries.Count == 0) return;
        if (facts.Directory != 0 && HasInode(facts.Directory) && !_reader.IsUsable(facts.Directory))
        {
            _context.Add(FsckSeverity.Note, FsckCode.NotJudged, _pfs, facts.Directory,
                "the directory of extended attributes is not root's with mode 0700: they are not judged");
            return;
        }
        foreach (AttributeOwner owner in facts.Owners) _owners[owner.Inum] = owner;
        foreach (AttributeEntry entry in facts.Entries)
            if (entry.Directory == facts.Directory && HasInode(entry.File)) Judge(entry);
        foreach (AttributeOwner owner in facts.Owners) JudgeMissing(owner);
    }

    private void Judge(in AttributeEntry entry)
    {
        if (entry.Owner == Media.PfsRootInum)
        {
            if (IsContent(entry, default)) return;
            _context.Add(FsckSeverity.Warning, FsckCode.AttributeFile, _pfs, Media.PfsRootInum,
                $"the extended attributes of the root directory in inode 0x{entry.File:x} cannot be read", entry.Key);
            PlanRemoval(entry);
            return;
        }
        bool isNamed = _owners.TryGetValue(entry.Owner, out AttributeOwner owner) && owner.File == entry.File;
        if (isNamed) _ = _judged.Add(entry.Owner);
        bool isKept = HasInode(entry.Owner) && !_orphans.Contains(entry.Owner);
        if (!isNamed || !isKept)
        {
            if (_pfs.MayBeLost(entry.Owner)) return;
            _context.Add(FsckSeverity.Note, FsckCode.AttributeFile, _pfs, entry.File,
                $"inode 0x{entry.File:x} has the extended attributes of inode 0x{entry.Owner:x}, which "
                    + (isKept ? "has none there" : "does not exist any more"), entry.Key);
            PlanRemoval(entry);
            return;
        }
        if (IsContent(entry, owner)) return;
        Warn(entry.Owner, $"the extended attributes of inode 0x{entry.Owner:x} in inode 0x{entry.File:x} cannot be read");
        PlanRemoval(entry);
    }

    private void JudgeMissing(in AttributeOwner owner)
    {
        bool isHidden = _pfs.IsEntriesPartial || _pfs.MayBeLost(owner.File);
        if (owner.File == 0 || isHidden || _judged.Contains(owner.Inum) || _orphans.Contains(owner.Inum)) return;
        Warn(owner.Inum, $"inode 0x{owner.Inum:x} has its extended attributes in inode 0x{owner.File:x}, "
            + "which is not where they belong");
    }

    private void Warn(ulong inum, string text)
    {
        _context.Add(FsckSeverity.Warning, FsckCode.AttributeRecord, _pfs, inum, text);
        _context.Plan.Add(new RepairAction(RepairKind.ClearAttributes, _pfs.Key, inum));
    }

    private void PlanRemoval(in AttributeEntry entry) => _context.Plan.Add(new RepairAction(
        RepairKind.RemoveAttributeFile, _pfs.Key, entry.Directory, entry.Key, entry.File));

    // What cannot be read was reported with its block.
    private bool IsContent(in AttributeEntry entry, in AttributeOwner owner) =>
        !_context.Options.ReadsData || _reader.Read(entry, owner) != false;

    private bool HasInode(ulong inum) => inum > Media.PfsRootInum && _reader.HasInode(inum);
}
