// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>What to do with a slot of a table.</summary>
internal enum SlotAnswer
{
    /// <summary>It holds nothing.</summary>
    Empty,

    /// <summary>It holds a reference that can be followed.</summary>
    Use,

    /// <summary>It holds something that cannot be followed; what is behind it is lost.</summary>
    Lost,
}

/// <summary>The rules of one table of references: each slot, their order, and their sum in the reference above.</summary>
internal ref struct TableRules
{
    private readonly FsckContext _context;
    private readonly FsckPlace _place;
    private bool _hasLast;
    private ulong _last;
    private ulong _dataCount;
    private ulong _inodeCount;
    private ulong _leafCount;
    private bool _isIncomplete;

    public TableRules(FsckContext context, in FsckPlace place)
    {
        _context = context;
        _place = place;
    }

    /// <summary>Judges the next slot.</summary>
    public SlotAnswer Judge(in Blockref reference, int slot)
    {
        if (reference.IsEmpty)
        {
            if (!BlockCodec.IsAllZero(MemoryMarshal.AsBytes(new ReadOnlySpan<Blockref>(in reference))))
            {
                Add(FsckSeverity.Warning, FsckCode.SlotNotZero, _place.Parent,
                    $"unused slot {slot} is not all zero");
                _context.Plan.TouchParent(_place);
            }
            return SlotAnswer.Empty;
        }
        Sum(reference);
        if (MediaValidator.Reference(reference, _place.ParentType) is { } fault)
        {
            Add(FsckSeverity.Error, FsckCode.ReferenceField, reference, $"slot {slot}: {fault}");
            return Lost();
        }
        JudgeOrder(reference, slot);
        JudgeTids(reference);
        if (KindFault(reference) is not { } kind) return SlotAnswer.Use;
        Add(FsckSeverity.Error, FsckCode.ReferenceKind, reference,
            $"slot {slot}: {FsckContext.Describe(reference)} {kind}");
        return Lost();
    }

    /// <summary>Compares the sums with what the reference above says.</summary>
    public readonly void Finish()
    {
        if (_isIncomplete || _place.Depth == 0 || _place.ParentType == BlockrefType.VolumeRoot) return;
        // What newfs made is not counted in the super-root, nor in indirect blocks that took it over.
        if (_place.IsUnderSuperRoot) return;
        SubtreeStatistics found = _place.Parent.Subtree;
        if (found.DataCount != _dataCount) Mismatch("bytes", found.DataCount, _dataCount);
        if (found.InodeCount != _inodeCount) Mismatch("inodes", found.InodeCount, _inodeCount);
        bool isPfsRoot = _place.OwnerInum == Media.PfsRootInum && _place.ParentType == BlockrefType.Inode;
        ushort leaves = (ushort)Math.Min(_leafCount, ushort.MaxValue);
        // A snapshot starts at zero, and a count that was full once cannot be trusted again.
        if (!isPfsRoot && _place.Parent.LeafCount != leaves && _place.Parent.LeafCount != ushort.MaxValue)
            Mismatch("leaves", _place.Parent.LeafCount, leaves);
    }

    private SlotAnswer Lost()
    {
        _isIncomplete = true;
        return SlotAnswer.Lost;
    }

    private void Sum(in Blockref reference)
    {
        _dataCount += (ulong)reference.Data.SizeBytes;
        if (reference.Type == BlockrefType.Inode) _inodeCount++;
        if (reference.Type is BlockrefType.Inode or BlockrefType.Indirect)
        {
            _dataCount += reference.Subtree.DataCount;
            _inodeCount += reference.Subtree.InodeCount;
        }
        _leafCount += reference.Type == BlockrefType.Indirect ? reference.LeafCount : 1UL;
    }

    private void JudgeOrder(in Blockref reference, int slot)
    {
        if (_hasLast && reference.Key <= _last)
        {
            Add(FsckSeverity.Error, FsckCode.KeyOrder, reference,
                $"slot {slot}: key 0x{reference.Key:x} is not above 0x{_last:x} before it");
            _context.Plan.TouchParent(_place);
        }
        (_hasLast, _last) = (true, Math.Max(_last, reference.KeyEnd));
        Blockref parent = _place.Parent;
        if (_place.ParentType != BlockrefType.Indirect) return;
        if (reference.Key >= parent.Key && reference.KeyEnd <= parent.KeyEnd) return;
        Add(FsckSeverity.Warning, FsckCode.KeyOutside, reference,
            $"slot {slot}: keys 0x{reference.Key:x} to 0x{reference.KeyEnd:x} in a block of 0x{parent.Key:x} to "
                + $"0x{parent.KeyEnd:x}");
    }

    private readonly void JudgeTids(in Blockref reference)
    {
        ulong newest = _context.Header.MirrorTid;
        if (reference.MirrorTid > newest)
        {
            Add(FsckSeverity.Error, FsckCode.MirrorTid, reference,
                $"mirror_tid 0x{reference.MirrorTid:x} of {FsckContext.Describe(reference)} is above the header's 0x{newest:x}");
        }
        else if (reference.MirrorTid > _place.Parent.MirrorTid)
        {
            Add(FsckSeverity.Warning, FsckCode.MirrorTid, reference,
                $"mirror_tid 0x{reference.MirrorTid:x} of {FsckContext.Describe(reference)} is above its parent's "
                    + $"0x{_place.Parent.MirrorTid:x}");
            _context.Plan.TouchParent(_place);
        }
        if (_place.Pfs is { } pfs && reference.ModifyTid > _place.Parent.ModifyTid) pfs.ModifyTidsAbove++;
    }

    /// <summary>What an object may not have, by what it is.</summary>
    private readonly string? KindFault(in Blockref reference)
    {
        if (_place.ParentType == BlockrefType.VolumeRoot)
            return reference.Key == 0 ? null : "is not the super-root, whose key is 0";
        bool isHidden = (reference.Key & Media.EntryKeyBit) == 0;
        if (_place.IsUnderSuperRoot)
        {
            return reference.Type is BlockrefType.Indirect || (reference.Type is BlockrefType.Inode && !isHidden)
                ? null
                : "cannot be below the super-root";
        }
        bool isAllowed = _place.OwnerType switch
        {
            ObjectType.Directory when _place.OwnerInum == Media.PfsRootInum =>
                reference.Type is BlockrefType.Dirent or BlockrefType.Indirect
                || (reference.Type is BlockrefType.Inode && isHidden),
            ObjectType.Directory =>
                reference.Type is BlockrefType.Dirent || (reference.Type is BlockrefType.Indirect
                    && reference.KeyEnd > long.MaxValue),
            ObjectType.RegularFile or ObjectType.SoftLink => reference.Type is BlockrefType.Data or BlockrefType.Indirect,
            _ => false,
        };
        return isAllowed ? null : $"cannot be below an object of type {_place.OwnerType}";
    }

    private readonly void Mismatch(string what, ulong found, ulong expected)
    {
        Blockref parent = _place.Parent;
        _context.Add(FsckSeverity.Warning, FsckCode.Statistics, _place, parent,
            $"{FsckContext.Describe(parent)} counts {found} {what} below it, found are {expected}", _place.OwnerInum);
        _context.Plan.TouchParent(_place);
    }

    private readonly void Add(FsckSeverity severity, FsckCode code, in Blockref reference, string text) =>
        _context.Add(severity, code, _place, reference, text);
}
