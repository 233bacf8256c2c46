// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Admin.Fsck;

/// <summary>The rules of the super-root and of PFS roots, each by itself and compared with each other.</summary>
internal sealed class PfsRootRules
{
    private readonly FsckContext _context;
    private readonly InodeRules _inodes;
    private readonly List<(PfsScope Pfs, string Label)> _roots = [];

    public PfsRootRules(FsckContext context)
    {
        _context = context;
        _inodes = new InodeRules(context);
    }

    public void CheckSuperRoot(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        if (meta.Inum != Media.SuperRootInum) Wrong(position, reference, FsckSeverity.Error, "inode number", meta.Inum);
        if (meta.Type != ObjectType.Directory) Wrong(position, reference, FsckSeverity.Error, "type", (ulong)meta.Type);
        if (meta.HasDirectData)
            Wrong(position, reference, FsckSeverity.Error, "operation flags", (ulong)meta.OperationFlags);
        if (meta.PfsType != PfsType.SuperRoot) Wrong(position, reference, FsckSeverity.Error, "PFS type", meta.PfsRole);
        _inodes.CheckCommon(position, reference, meta);
    }

    public void Check(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        int length = Math.Min((int)meta.NameBytes, InodeBlock.NameAreaBytes);
        ReadOnlySpan<byte> name = block.Slice(InodeBlock.NameOffset, length);
        PfsScope pfs = position.Pfs!;
        pfs.Label = ByteText.Decode(name);
        _roots.Add((pfs, Convert.ToHexString(name)));
        if (meta.Inum != Media.PfsRootInum) Wrong(position, reference, FsckSeverity.Error, "inode number", meta.Inum);
        if (meta.Type != ObjectType.Directory) Wrong(position, reference, FsckSeverity.Error, "type", (ulong)meta.Type);
        if ((meta.OperationFlags & OperationFlags.PfsRoot) == 0)
            Wrong(position, reference, FsckSeverity.Error, "operation flags, which do not make it a PFS "
                + "root,", (ulong)meta.OperationFlags);
        if ((reference.Flags & BlockrefFlags.PfsRoot) == 0)
        {
            Wrong(position, reference, FsckSeverity.Warning, "flags of the reference, which do not mark a PFS root,",
                (ulong)reference.Flags);
            _context.Plan.Add(new RepairAction(
                RepairKind.Touch, pfs.Key, Media.PfsRootInum, Media.PfsRootInum, 0, BlockrefType.Inode));
        }
        if (!IsKnownRole(meta.PfsType) || meta.PfsTypeNext is not (PfsType.None or PfsType.Master or PfsType.Slave))
            Wrong(position, reference, FsckSeverity.Warning, "PFS type", meta.PfsRole);
        if (meta.PfsMasters > Media.NodesMax)
            Wrong(position, reference, FsckSeverity.Warning, "number of masters", meta.PfsMasters);
        if (meta.NameKey != reference.Key)
            Wrong(position, reference, FsckSeverity.Warning, "name key, which differs from its key,", meta.NameKey);
        if (name.IsEmpty || name.Length > Media.NameBytesMax
            || (reference.Key & ~Media.EntryCollisionMask) != DirectoryHash.Compute(name))
        {
            _context.Add(FsckSeverity.Warning, FsckCode.PfsRoot, position, reference,
                $"label {NamePrinter.Quote(name)} does not hash to the key 0x{reference.Key:x}");
        }
        _inodes.CheckCommon(position, reference, meta);
    }

    /// <summary>Compares the PFSs with each other.</summary>
    public void Finish()
    {
        var labels = new Dictionary<string, PfsScope>();
        var nodes = new Dictionary<MediaUuid, PfsScope>();
        var clusters = new Dictionary<MediaUuid, PfsScope>();
        foreach ((PfsScope pfs, string label) in _roots)
        {
            Twice(labels, label, pfs, "label");
            Twice(nodes, pfs.Meta.PfsNodeId, pfs, "node id");
            Twice(clusters, pfs.Meta.PfsClusterId, pfs, "cluster id");
        }
    }

    private void Twice<TKey>(Dictionary<TKey, PfsScope> known, TKey key, PfsScope pfs, string what)
        where TKey : notnull
    {
        if (known.TryAdd(key, pfs)) return;
        _context.Add(FsckSeverity.Warning, FsckCode.PfsTwice, pfs, Media.PfsRootInum,
            $"it has the same {what} as the PFS "
                + $"{NamePrinter.Quote(ByteText.Encode(known[key].Label))}", pfs.Key);
    }

    private static bool IsKnownRole(PfsType type) => type is PfsType.Cache or PfsType.Slave or PfsType.SoftSlave
        or PfsType.SoftMaster or PfsType.Master;

    private void Wrong(in FsckPosition position, in Blockref reference, FsckSeverity severity, string field, ulong found) =>
        _context.Add(severity, FsckCode.PfsRoot, position, reference,
            $"{(position.Pfs is null ? "super-root" : "PFS root")}: {field} is 0x{found:x}");
}
