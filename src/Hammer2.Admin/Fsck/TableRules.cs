// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The result of checking a slot of a table.</summary>
internal enum SlotResult
{
    /// <summary>The slot is unused.</summary>
    Empty,

    /// <summary>The slot has a reference that can be followed.</summary>
    Use,

    /// <summary>The slot has a reference that cannot be followed; blocks below it are lost.</summary>
    Lost,
}

/// <summary>The rules of one table of references: each slot, the order of slots, and the statistics in the reference
/// above.</summary>
internal ref struct TableRules
{
    private readonly FsckContext _context;
    private readonly FsckPosition _position;
    private bool _hasLast;
    private ulong _last;
    private ulong _dataCount;
    private ulong _inodeCount;
    private ulong _leafCount;
    private bool _isIncomplete;

    public TableRules(FsckContext context, in FsckPosition position)
    {
        _context = context;
        _position = position;
    }

    /// <summary>Checks the next slot.</summary>
    public SlotResult Check(in Blockref reference, int slot)
    {
        if (reference.IsEmpty)
        {
            if (!BlockCodec.IsAllZero(MemoryMarshal.AsBytes(new ReadOnlySpan<Blockref>(in reference))))
            {
                Add(FsckSeverity.Warning, FsckCode.SlotNotZero, _position.Parent,
                    $"unused slot {slot} is not all zero");
                _context.Plan.TouchParent(_position);
            }
            return SlotResult.Empty;
        }
        Sum(reference);
        if (MediaValidator.Reference(reference, _position.ParentType) is { } fault)
        {
            Add(FsckSeverity.Error, FsckCode.ReferenceField, reference, $"slot {slot}: {fault}");
            return Lost();
        }
        CheckOrder(reference, slot);
        CheckTids(reference);
        if (KindFault(reference) is not { } kind) return SlotResult.Use;
        Add(FsckSeverity.Error, FsckCode.ReferenceKind, reference,
            $"slot {slot}: {FsckContext.Describe(reference)} {kind}");
        return Lost();
    }

    /// <summary>Compares the totals with the statistics in the reference above.</summary>
    public readonly void Finish()
    {
        if (_isIncomplete || _position.Depth == 0 || _position.ParentType == BlockrefType.VolumeRoot) return;
        // Blocks made by newfs are not counted in the super-root, nor in indirect blocks that they were moved to.
        if (_position.IsUnderSuperRoot) return;
        SubtreeStatistics found = _position.Parent.Subtree;
        if (found.DataCount != _dataCount) Mismatch("bytes", found.DataCount, _dataCount);
        if (found.InodeCount != _inodeCount) Mismatch("inodes", found.InodeCount, _inodeCount);
        bool isPfsRoot = _position.OwnerInum == Media.PfsRootInum && _position.ParentType == BlockrefType.Inode;
        ushort leaves = (ushort)Math.Min(_leafCount, ushort.MaxValue);
        // A snapshot starts at zero, and a count that was saturated once stays inexact.
        if (!isPfsRoot && _position.Parent.LeafCount != leaves && _position.Parent.LeafCount != ushort.MaxValue)
            Mismatch("leaves", _position.Parent.LeafCount, leaves);
    }

    private SlotResult Lost()
    {
        _isIncomplete = true;
        return SlotResult.Lost;
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

    private void CheckOrder(in Blockref reference, int slot)
    {
        if (_hasLast && reference.Key <= _last)
        {
            Add(FsckSeverity.Error, FsckCode.KeyOrder, reference,
                $"slot {slot}: key 0x{reference.Key:x} is not above 0x{_last:x} before it");
            _context.Plan.TouchParent(_position);
        }
        (_hasLast, _last) = (true, Math.Max(_last, reference.KeyEnd));
        Blockref parent = _position.Parent;
        if (_position.ParentType != BlockrefType.Indirect) return;
        if (reference.Key >= parent.Key && reference.KeyEnd <= parent.KeyEnd) return;
        Add(FsckSeverity.Warning, FsckCode.KeyOutside, reference,
            $"slot {slot}: keys 0x{reference.Key:x} to 0x{reference.KeyEnd:x} in a block of 0x{parent.Key:x} to "
                + $"0x{parent.KeyEnd:x}");
    }

    private readonly void CheckTids(in Blockref reference)
    {
        ulong newest = _context.Header.MirrorTid;
        if (reference.MirrorTid > newest)
        {
            Add(FsckSeverity.Error, FsckCode.MirrorTid, reference,
                $"mirror_tid 0x{reference.MirrorTid:x} of {FsckContext.Describe(reference)} is above the header's 0x{newest:x}");
        }
        else if (reference.MirrorTid > _position.Parent.MirrorTid)
        {
            Add(FsckSeverity.Warning, FsckCode.MirrorTid, reference,
                $"mirror_tid 0x{reference.MirrorTid:x} of {FsckContext.Describe(reference)} is above its parent's "
                    + $"0x{_position.Parent.MirrorTid:x}");
            _context.Plan.TouchParent(_position);
        }
        if (_position.Pfs is { } pfs && reference.ModifyTid > _position.Parent.ModifyTid) pfs.ModifyTidsAbove++;
    }

    /// <summary>The reason why the owner cannot have a reference of this type; null when it can.</summary>
    private readonly string? KindFault(in Blockref reference)
    {
        if (_position.ParentType == BlockrefType.VolumeRoot)
            return reference.Key == 0 ? null : "is not the super-root, whose key is 0";
        bool isHidden = (reference.Key & Media.EntryKeyBit) == 0;
        if (_position.IsUnderSuperRoot)
        {
            return reference.Type is BlockrefType.Indirect || (reference.Type is BlockrefType.Inode && !isHidden)
                ? null
                : "cannot be below the super-root";
        }
        bool isAllowed = _position.OwnerType switch
        {
            ObjectType.Directory when _position.OwnerInum == Media.PfsRootInum =>
                reference.Type is BlockrefType.Dirent or BlockrefType.Indirect
                || (reference.Type is BlockrefType.Inode && isHidden),
            ObjectType.Directory =>
                reference.Type is BlockrefType.Dirent || (reference.Type is BlockrefType.Indirect
                    && reference.KeyEnd > long.MaxValue),
            ObjectType.RegularFile or ObjectType.SoftLink => reference.Type is BlockrefType.Data or BlockrefType.Indirect,
            _ => false,
        };
        return isAllowed ? null : $"cannot be below an object of type {_position.OwnerType}";
    }

    private readonly void Mismatch(string what, ulong found, ulong expected)
    {
        Blockref parent = _position.Parent;
        _context.Add(FsckSeverity.Warning, FsckCode.Statistics, _position, parent,
            $"{FsckContext.Describe(parent)} counts {found} {what} below it, there are {expected}", _position.OwnerInum);
        _context.Plan.TouchParent(_position);
    }

    private readonly void Add(FsckSeverity severity, FsckCode code, in Blockref reference, string text) =>
        _context.Add(severity, code, _position, reference, text);
}
