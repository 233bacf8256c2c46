// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The rules of a single record of extended attributes; collects what is compared
/// after all inodes and entries were found.</summary>
internal sealed class AttributeRules(FsckContext context)
{
    /// <summary>Checks the record of an inode below a PFS root, if it has one.</summary>
    public void CheckInode(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> afterName = InodeBlock.ReadAfterName(block);
        if (!AttributeRecord.IsPresent(afterName)) return;
        ulong inum = reference.Key;
        PfsScope pfs = position.Pfs!;
        bool isGood = AttributeRecord.TryRead(afterName, inum, out AttributeRecord record)
            && (record.File != 0 || AttributeList.TryOpen(record.List, out _));
        if (isGood && record.File == 0) return;
        pfs.Attributes.Owners.Add(
            isGood ? new AttributeOwner(inum, record.File, record.FileListBytes, record.FileListCode)
            : new AttributeOwner(inum, 0, 0, 0));
        if (isGood) return;
        context.Add(FsckSeverity.Warning, FsckCode.AttributeRecord, position, reference,
            $"the extended attributes in inode 0x{inum:x} cannot be read, or belong to another inode");
        context.Plan.Add(new RepairAction(RepairKind.ClearAttributes, pfs.Key, inum));
    }

    /// <summary>Collects an entry that has to do with extended attributes.</summary>
    public static void Collect(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> name)
    {
        AttributeFacts facts = position.Pfs!.Attributes;
        if (position.OwnerInum == Media.PfsRootInum)
        {
            if (facts.Directory == 0 && name.SequenceEqual(AttributeFile.DirectoryName))
                facts.Directory = reference.Dirent.Inum;
        }
        else if (position.IsPrivate && AttributeFile.TryReadName(name, out ulong owner))
            facts.Entries.Add(new AttributeEntry(owner, reference.Dirent.Inum, position.OwnerInum, reference.Key));
    }
}
