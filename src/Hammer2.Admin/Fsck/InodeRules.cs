// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The rules of a single inode.</summary>
internal sealed class InodeRules
{
    private const uint ModeMask = 0xFFF;
    private const int ConventionNameBytes = 18; // "0x" and sixteen digits

    private readonly FsckContext _context;

    public InodeRules(FsckContext context) => _context = context;

    /// <summary>Checks an inode below a PFS root; false when it is unusable.</summary>
    public bool Check(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        if (meta.Inum != reference.Key || meta.Inum <= Media.PfsRootInum)
        {
            Add(FsckSeverity.Error, FsckCode.InodeField, position, reference,
                $"inode number 0x{meta.Inum:x} under the key 0x{reference.Key:x}");
            return false;
        }
        CheckCommon(position, reference, meta);
        CheckName(position, reference, meta, block);
        CheckPfsFields(position, reference, meta);
        return true;
    }

    /// <summary>The rules that hold for PFS roots as well.</summary>
    public void CheckCommon(in FsckPosition position, in Blockref reference, in InodeMeta meta)
    {
        if (meta.Version != InodeMeta.CurrentVersion) Field(position, reference, FsckSeverity.Error, "version", meta.Version);
        if (!IsKnownType(meta.Type)) Field(position, reference, FsckSeverity.Error, "type", (ulong)meta.Type);
        if ((meta.Mode & ~ModeMask) != 0)
        {
            Field(position, reference, FsckSeverity.Warning, "mode", meta.Mode);
            if (position.Pfs is { } pfs) _context.Plan.Add(new RepairAction(RepairKind.SetMode, pfs.Key, meta.Inum));
        }
        if (meta.Size > long.MaxValue) Field(position, reference, FsckSeverity.Error, "size", meta.Size);
        if (meta.NameBytes > InodeBlock.NameAreaBytes)
            Field(position, reference, FsckSeverity.Warning, "name length", meta.NameBytes);
        if (meta.Compression > CompressionMethod.Zlib)
            Field(position, reference, FsckSeverity.Warning, "compression policy", meta.CompressionPolicy);
        if (!CheckCode.IsKnown(meta.Check))
            Field(position, reference, FsckSeverity.Warning, "check policy", meta.CheckPolicy);
        if (meta is { Type: ObjectType.SoftLink, Size: 0, LinkCount: > 0 })
            Field(position, reference, FsckSeverity.Warning, "size of a symbolic link", 0);
        CheckEmbedded(position, reference, meta);
    }

    private static bool IsKnownType(ObjectType type) => type is ObjectType.Directory or ObjectType.RegularFile
        or ObjectType.Fifo or ObjectType.CharacterDevice or ObjectType.BlockDevice or ObjectType.SoftLink
        or ObjectType.Socket or ObjectType.Whiteout;

    private void CheckEmbedded(in FsckPosition position, in Blockref reference, in InodeMeta meta)
    {
        if (!meta.HasDirectData) return;
        if (meta.Type is not (ObjectType.RegularFile or ObjectType.SoftLink))
        {
            Add(FsckSeverity.Error, FsckCode.InodeEmbedded, position, reference,
                $"an object of type {meta.Type} has embedded data");
        }
        if (meta.Size > Media.EmbeddedBytes)
        {
            Add(FsckSeverity.Error, FsckCode.InodeEmbedded, position, reference,
                $"size {meta.Size} with embedded data, which is at most {Media.EmbeddedBytes} bytes");
        }
        if ((reference.Subtree.DataCount | reference.Subtree.InodeCount) == 0) return;
        Add(FsckSeverity.Warning, FsckCode.Statistics, position, reference,
            $"{FsckContext.Describe(reference)} counts {reference.Subtree.DataCount} bytes below it but has embedded data");
        PlanTouch(position, meta.Inum);
    }

    private void CheckName(in FsckPosition position, in Blockref reference, in InodeMeta meta, ReadOnlySpan<byte> block)
    {
        Span<byte> wanted = stackalloc byte[ConventionNameBytes];
        string text = string.Create(CultureInfo.InvariantCulture, $"0x{meta.Inum:x16}");
        _ = Encoding.ASCII.GetBytes(text, wanted);
        ReadOnlySpan<byte> found = block.Slice(InodeBlock.NameOffset, Math.Min((int)meta.NameBytes, InodeBlock.NameAreaBytes));
        if (meta.NameKey == meta.Inum && found.SequenceEqual(wanted)) return;
        Add(FsckSeverity.Warning, FsckCode.InodeName, position, reference,
            $"the name field of inode 0x{meta.Inum:x} is not {text}; its name key is 0x{meta.NameKey:x}");
        _context.Plan.Add(new RepairAction(RepairKind.SetName, position.Pfs!.Key, meta.Inum));
    }

    private void CheckPfsFields(in FsckPosition position, in Blockref reference, in InodeMeta meta)
    {
        if ((meta.OperationFlags & OperationFlags.PfsRoot) != 0)
            Field(position, reference, FsckSeverity.Error, "operation flags, which make it the root of a "
                + "PFS,", (ulong)meta.OperationFlags);
        if ((reference.Flags & BlockrefFlags.PfsRoot) == 0) return;
        Add(FsckSeverity.Warning, FsckCode.ReferenceField, position, reference,
            $"{FsckContext.Describe(reference)} is marked as the root of a PFS");
        PlanTouch(position, meta.Inum);
    }

    private void PlanTouch(in FsckPosition position, ulong inum)
    {
        if (position.Pfs is not { } pfs) return;
        _context.Plan.Add(new RepairAction(RepairKind.Touch, pfs.Key, inum, inum, 0, BlockrefType.Inode));
    }

    private void Field(in FsckPosition position, in Blockref reference, FsckSeverity severity, string field, ulong value) =>
        Add(severity, FsckCode.InodeField, position, reference,
            $"{FsckContext.Describe(reference)}: {field} is 0x{value:x}");

    private void Add(FsckSeverity severity, FsckCode code, in FsckPosition position, in Blockref reference, string text) =>
        _context.Add(severity, code, position, reference, text);
}
