// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>
/// Goes through everything below the super-root: each block is read, compared with its check code and judged once,
/// however many snapshots share it; names and inodes are gathered for each PFS.
/// </summary>
internal sealed partial class TopologyCheck
{
    // The super-root, a PFS root and a file, each with as many levels of indirect blocks as are followed.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly FsckContext _context;
    private readonly byte[]?[] _buffers = new byte[DepthMax + 1][];
    private readonly BlockSet _superRootSeen = new();
    private readonly PfsRules _pfses;
    private readonly InodeRules _inodes;
    private readonly EntryRules _entries;
    private readonly DataCheck _data;
    private readonly Dictionary<ulong, List<(byte[] Blockset, string? Label)>> _checkedRoots = [];

    public TopologyCheck(FsckContext context)
    {
        _context = context;
        _pfses = new PfsRules(context);
        _inodes = new InodeRules(context);
        _entries = new EntryRules(context);
        _data = new DataCheck(context);
    }

    public void Run()
    {
        ReadOnlySpan<Blockref> roots = _context.Volumes.Header.SuperRootBlockset;
        var place = new FsckPlace
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
        VisitTable(place, roots);
        _pfses.Finish();
    }

    private void VisitTable(in FsckPlace place, ReadOnlySpan<Blockref> table)
    {
        var rules = new TableRules(_context, place);
        for (int slot = 0; slot < table.Length; slot++)
        {
            ref readonly Blockref reference = ref table[slot];
            switch (rules.Judge(reference, slot))
            {
                case SlotAnswer.Use:
                    Visit(place, reference);
                    break;
                case SlotAnswer.Lost:
                    Lose(place, reference);
                    break;
            }
        }
        rules.Finish();
    }

    private void Lose(in FsckPlace place, in Blockref reference)
    {
        _context.IsReachabilityPartial = true;
        place.Pfs?.Lose(place, reference);
    }

    private void Visit(in FsckPlace place, in Blockref reference)
    {
        switch (reference.Type)
        {
            case BlockrefType.Data:
                VisitData(place, reference);
                break;
            case BlockrefType.Dirent:
                VisitEntry(place, reference);
                break;
            case BlockrefType.Indirect:
                VisitIndirect(place, reference);
                break;
            case BlockrefType.Inode when place.Depth == 0:
                VisitSuperRoot(place, reference);
                break;
            case BlockrefType.Inode when place.IsUnderSuperRoot:
                VisitPfs(place, reference);
                break;
            default:
                VisitInode(place, reference);
                break;
        }
    }

    private void VisitData(in FsckPlace place, in Blockref reference)
    {
        if (reference.Key >= RoundUp(place.OwnerSize))
        {
            _context.Add(FsckSeverity.Warning, FsckCode.DataBeyondEnd, place, reference,
                $"file data at 0x{reference.Key:x} of a file of {place.OwnerSize} bytes");
        }
        LedgerAnswer answer = Enlist(place, reference);
        if (answer == LedgerAnswer.New) _context.Report.DataBlocks++;
        if (_context.Options.ReadsData) _data.Check(place, reference);
    }

    private static ulong RoundUp(ulong size) => size > ulong.MaxValue - Media.FileBlockBytes
        ? ulong.MaxValue
        : (size + Media.FileBlockBytes - 1) & ~(ulong)(Media.FileBlockBytes - 1);

    private void VisitEntry(in FsckPlace place, in Blockref reference)
    {
        ReadOnlySpan<byte> block = default;
        if (reference.Data.Radix != 0 && !TryEnter(place, reference, out block))
        {
            Lose(place, reference);
            return;
        }
        if (place.Pfs is not { } pfs) return;
        _context.Report.Entries++;
        pfs.Entries.Add(new EntryFact(
            reference.Dirent.Inum, place.OwnerInum, reference.Key, reference.Dirent.Type));
        _entries.Judge(place, reference, block);
    }

    private void VisitIndirect(in FsckPlace place, in Blockref reference)
    {
        bool isKnown = IsKnown(reference);
        if (!TryEnter(place, reference, out ReadOnlySpan<byte> block))
        {
            Lose(place, reference);
            return;
        }
        if (!isKnown) _context.Report.Indirects++;
        // A file's blocks hold no names: what was looked at once need not be looked at again.
        bool holdsNames = place.IsUnderSuperRoot || place.OwnerType == ObjectType.Directory;
        if (isKnown && !holdsNames) return;
        ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block);
        FsckPlace below = place with
        {
            ParentType = BlockrefType.Indirect,
            Parent = reference,
            Depth = place.Depth + 1,
        };
        VisitTable(below, table);
    }

    private void VisitSuperRoot(in FsckPlace place, in Blockref reference)
    {
        if (!TryEnter(place, reference, out ReadOnlySpan<byte> block))
        {
            _context.IsReachabilityPartial = true;
            return;
        }
        _pfses.JudgeSuperRoot(place, reference, block);
        if (InodeBlock.ReadMeta(block).HasDirectData) return;
        FsckPlace below = place with
        {
            OwnerType = ObjectType.Directory,
            ParentType = BlockrefType.Inode,
            Parent = reference,
            Depth = 1,
            IsUnderSuperRoot = true,
        };
        VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]));
    }

    private void VisitPfs(in FsckPlace place, in Blockref reference)
    {
        var pfs = new PfsScope(reference);
        FsckPlace inside = place with { Pfs = pfs };
        if (!TryEnter(inside, reference, out ReadOnlySpan<byte> block))
        {
            Lose(inside, reference);
            return;
        }
        _context.Report.Pfses++;
        pfs.Meta = InodeBlock.ReadMeta(block);
        _pfses.Judge(inside, reference, block);
        if (pfs.Meta.HasDirectData) return;
        ReadOnlySpan<byte> blockset = block[InodeBlock.UnionOffset..];
        bool isRepeat = WasChecked(blockset, pfs);
        FsckPlace below = inside with
        {
            OwnerInum = Media.PfsRootInum,
            OwnerType = ObjectType.Directory,
            ParentType = BlockrefType.Inode,
            Parent = reference,
            Depth = place.Depth + 1,
            IsUnderSuperRoot = false,
        };
        if (isRepeat) return;
        VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(blockset));
        new NamespaceCheck(_context, pfs).Run();
        if (pfs.Key == _context.KeptPfsKey) _context.KeptScope = pfs;
        else pfs.Release();
    }

    /// <summary>A snapshot that nothing was changed in since has the findings of its origin and no others.</summary>
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

    private void VisitInode(in FsckPlace place, in Blockref reference)
    {
        bool isKnown = IsKnown(reference);
        if (!TryEnter(place, reference, out ReadOnlySpan<byte> block))
        {
            Lose(place, reference);
            return;
        }
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        _context.Report.Inodes++;
        if (!_inodes.Judge(place, reference, block))
        {
            Lose(place, reference);
            return;
        }
        place.Pfs!.Inodes.Add(new InodeFact(meta.Inum, meta.ParentInum, meta.LinkCount, meta.Type));
        if (meta.HasDirectData || (isKnown && meta.Type != ObjectType.Directory)) return;
        FsckPlace below = place with
        {
            OwnerInum = meta.Inum,
            OwnerType = meta.Type,
            OwnerSize = meta.Size,
            ParentType = BlockrefType.Inode,
            Parent = reference,
            Depth = place.Depth + 1,
        };
        VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]));
    }
}
