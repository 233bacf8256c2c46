// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Walks everything below the super-root: each block is read, verified and checked once, even when snapshots share it;
/// names and inodes are collected for each PFS.
/// </summary>
internal sealed partial class TopologyCheck
{
    // The super-root, a PFS root and a file, each with the maximum number of levels of indirect blocks.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly FsckContext _context;
    private readonly byte[]?[] _buffers = new byte[DepthMax + 1][];
    private readonly BlockSet _superRootSeen = new();
    private readonly PfsRootRules _pfses;
    private readonly InodeRules _inodes;
    private readonly AttributeRules _attributes;
    private readonly EntryRules _entries;
    private readonly DataCheck _data;
    private readonly Dictionary<Blockref, IndexPart> _parts = new(BlockrefComparer.Instance);
    private readonly Dictionary<ulong, List<(byte[] Blockset, string? Label)>> _checkedRoots = [];

    public TopologyCheck(FsckContext context)
    {
        _context = context;
        _pfses = new PfsRootRules(context);
        _inodes = new InodeRules(context);
        _attributes = new AttributeRules(context);
        _entries = new EntryRules(context);
        _data = new DataCheck(context);
    }

    public void Run()
    {
        ReadOnlySpan<Blockref> roots = _context.Volumes.Header.SuperRootBlockset;
        var position = new FsckPosition
        {
            ParentType = BlockrefType.VolumeRoot,
            Parent = new Blockref { MirrorTid = _context.Header.MirrorTid, ModifyTid = ulong.MaxValue },
        };
        int used = 0;
        foreach (ref readonly Blockref root in roots)
            if (!root.IsEmpty) used++;
        if (used != 1)
        {
            _context.Add(FsckSeverity.Error, FsckCode.HeaderField,
                $"the header has {used} references to a super-root, not one");
        }
        VisitTable(position, roots);
        _pfses.Finish();
    }

    private void VisitTable(in FsckPosition position, ReadOnlySpan<Blockref> table)
    {
        var rules = new TableRules(_context, position);
        for (int slot = 0; slot < table.Length; slot++)
        {
            ref readonly Blockref reference = ref table[slot];
            switch (rules.Check(reference, slot))
            {
                case SlotResult.Use:
                    Visit(position, reference);
                    break;
                case SlotResult.Lost:
                    Lose(position, reference);
                    break;
            }
        }
        rules.Finish();
    }

    private void Lose(in FsckPosition position, in Blockref reference)
    {
        _context.IsReachabilityPartial = true;
        position.Lose(reference);
    }

    private void Visit(in FsckPosition position, in Blockref reference)
    {
        switch (reference.Type)
        {
            case BlockrefType.Data:
                VisitData(position, reference);
                break;
            case BlockrefType.Dirent:
                VisitEntry(position, reference);
                break;
            case BlockrefType.Indirect:
                if (PartOwner(position, reference) is { } pfs) VisitPart(position, reference, pfs);
                else FollowIndirect(position, reference);
                break;
            case BlockrefType.Inode when position.Depth == 0:
                VisitSuperRoot(position, reference);
                break;
            case BlockrefType.Inode when position.IsUnderSuperRoot:
                VisitPfs(position, reference);
                break;
            default:
                VisitInode(position, reference);
                break;
        }
    }

    private void VisitData(in FsckPosition position, in Blockref reference)
    {
        if (_context.IsRepeating) return;
        if (reference.Key >= RoundUp(position.OwnerSize))
        {
            _context.Add(FsckSeverity.Warning, FsckCode.DataBeyondEnd, position, reference,
                $"file data at 0x{reference.Key:x} of a file of {position.OwnerSize} bytes");
        }
        LedgerResult answer = Enlist(position, reference);
        if (answer == LedgerResult.New) _context.Report.DataBlocks++;
        if (_context.Options.ReadsData) _data.Check(position, reference);
    }

    private static ulong RoundUp(ulong size) => size > ulong.MaxValue - Media.FileBlockBytes
        ? ulong.MaxValue
        : (size + Media.FileBlockBytes - 1) & ~(ulong)(Media.FileBlockBytes - 1);

    private void VisitEntry(in FsckPosition position, in Blockref reference)
    {
        ReadOnlySpan<byte> block = default;
        if (reference.Data.Radix != 0 && !TryEnter(position, reference, out block))
        {
            Lose(position, reference);
            return;
        }
        if (position.Pfs is not { } pfs) return;
        pfs.Add(new EntryFact(reference.Dirent.Inum, position.OwnerInum, reference.Key, reference.Dirent.Type));
        if (_context.IsRepeating) return;
        _context.Report.Entries++;
        _entries.Check(position, reference, block);
    }

    private void FollowIndirect(in FsckPosition position, in Blockref reference)
    {
        bool isKnown = IsKnown(reference);
        if (!TryEnter(position, reference, out ReadOnlySpan<byte> block))
        {
            Lose(position, reference);
            return;
        }
        if (!isKnown) _context.Report.Indirects++;
        // The blocks of a file contain no names: a block that was checked once need not be checked again.
        bool holdsNames = position.IsUnderSuperRoot || position.OwnerType == ObjectType.Directory;
        if (isKnown && !holdsNames) return;
        ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block);
        FsckPosition below = position with
        {
            ParentType = BlockrefType.Indirect,
            Parent = reference,
            Depth = position.Depth + 1,
        };
        VisitTable(below, table);
    }

    private void VisitSuperRoot(in FsckPosition position, in Blockref reference)
    {
        if (!TryEnter(position, reference, out ReadOnlySpan<byte> block))
        {
            _context.IsReachabilityPartial = true;
            return;
        }
        _pfses.CheckSuperRoot(position, reference, block);
        if (InodeBlock.ReadMeta(block).HasDirectData) return;
        FsckPosition below = position with
        {
            OwnerType = ObjectType.Directory,
            ParentType = BlockrefType.Inode,
            Parent = reference,
            Depth = 1,
            IsUnderSuperRoot = true,
        };
        VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]));
    }

    private void VisitPfs(in FsckPosition position, in Blockref reference)
    {
        var pfs = new PfsScope(reference);
        FsckPosition inside = position with { Pfs = pfs };
        if (!TryEnter(inside, reference, out ReadOnlySpan<byte> block))
        {
            Lose(inside, reference);
            return;
        }
        _context.Report.Pfses++;
        pfs.Meta = InodeBlock.ReadMeta(block);
        _pfses.Check(inside, reference, block);
        if (pfs.Meta.HasDirectData) return;
        ReadOnlySpan<byte> blockset = block[InodeBlock.UnionOffset..];
        bool isRepeat = WasChecked(blockset, pfs);
        FsckPosition below = inside with
        {
            OwnerInum = Media.PfsRootInum,
            OwnerType = ObjectType.Directory,
            ParentType = BlockrefType.Inode,
            Parent = reference,
            Depth = position.Depth + 1,
            IsUnderSuperRoot = false,
        };
        if (isRepeat) return;
        VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(blockset));
        pfs.ReleaseSeen();
        byte[] table = blockset.ToArray();
        pfs.WalkAgain = selection => WalkAgain(below, table, selection);
        JudgeNames(pfs);
        if (pfs.Key == _context.KeptPfsKey) _context.KeptScope = pfs;
        else pfs.Release();
    }

    /// <summary>True for an unchanged snapshot of a checked PFS: it has the same findings.</summary>
    private bool WasChecked(ReadOnlySpan<byte> blockset, PfsScope pfs)
    {
        if (BlockCodec.IsAllZero(blockset)) return false;
        ulong hash = CheckCode.Hash64(blockset);
        if (!_checkedRoots.TryGetValue(hash, out List<(byte[] Blockset, string? Label)>? same))
            _checkedRoots.Add(hash, same = []);
        foreach ((byte[] known, _) in same)
            if (blockset.SequenceEqual(known)) return true;
        same.Add((blockset.ToArray(), pfs.Label));
        return false;
    }

    private void VisitInode(in FsckPosition position, in Blockref reference)
    {
        if (position.Pfs!.Skips(reference.Key))
        {
            _ = position.Pfs.Seen.Add(reference.Data.Bytes);
            return;
        }
        bool isKnown = IsKnown(reference);
        if (!TryEnter(position, reference, out ReadOnlySpan<byte> block))
        {
            Lose(position, reference);
            return;
        }
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        if (!_context.IsRepeating) _context.Report.Inodes++;
        if (!_inodes.Check(position, reference, block))
        {
            Lose(position, reference);
            return;
        }
        if (!_context.IsRepeating) _attributes.CheckInode(position, reference, block);
        position.Pfs!.Add(new InodeFact(meta.Inum, meta.ParentInum, meta.LinkCount, meta.Type));
        if (meta.HasDirectData || (isKnown && meta.Type != ObjectType.Directory)) return;
        FsckPosition below = position with
        {
            OwnerInum = meta.Inum,
            OwnerType = meta.Type,
            OwnerSize = meta.Size,
            IsPrivate = AttributeFile.IsTrusted(meta, ObjectType.Directory),
            ParentType = BlockrefType.Inode,
            Parent = reference,
            Depth = position.Depth + 1,
        };
        VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]));
    }
}
