// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>Compares the freemap with the reachable blocks in both directions, and its totals with the
/// header.</summary>
internal sealed class FreemapCheck
{
    // 1 PiB; the zones of a larger filesystem are not checked one by one.
    private const ulong ZonesMax = 1 << 20;

    private readonly FsckContext _context;
    private readonly HashSet<ulong> _leaves = [];
    private readonly HashSet<ulong> _lostZones = [];
    private readonly ulong _totalBytes;
    private ulong _freeBytes;
    private ulong _leakedBytes;
    private ulong _stagedBytes;
    private ulong _grownBytes;
    private bool _isPartial;

    public FreemapCheck(FsckContext context)
    {
        _context = context;
        _totalBytes = context.Volumes.TotalBytes;
    }

    /// <summary>True when blocks may have been written after the freemap was last committed.</summary>
    private bool Lags => _context.Header.FreemapTid < _context.Header.MirrorTid;

    public void Run()
    {
        var position = new FsckPosition
        {
            ParentType = BlockrefType.FreemapRoot,
            Parent = new Blockref { MirrorTid = _context.Header.FreemapTid },
        };
        VisitTable(position, _context.Volumes.Header.FreemapBlockset);
        CheckMissing();
        CheckTotals();
        Remark();
    }

    private void VisitTable(in FsckPosition position, ReadOnlySpan<Blockref> table)
    {
        bool hasLast = false;
        ulong last = 0;
        for (int slot = 0; slot < table.Length; slot++)
        {
            ref readonly Blockref reference = ref table[slot];
            if (reference.IsEmpty)
            {
                if (!BlockCodec.IsAllZero(MemoryMarshal.AsBytes(new ReadOnlySpan<Blockref>(in reference))))
                {
                    _context.Add(FsckSeverity.Warning, FsckCode.SlotNotZero, position, position.Parent,
                        $"unused freemap slot {slot} is not all zero");
                    _context.Plan.HasBadFreemap = true;
                }
                continue;
            }
            if (MediaValidator.Reference(reference, position.ParentType) is { } fault)
            {
                _context.Add(FsckSeverity.Error, FsckCode.ReferenceField, position, reference,
                    $"freemap slot {slot}: {fault}");
                Lose(reference);
                continue;
            }
            if (hasLast && reference.Key <= last)
            {
                _context.Add(FsckSeverity.Error, FsckCode.KeyOrder, position, reference,
                    $"freemap slot {slot}: key 0x{reference.Key:x} is not above 0x{last:x} before it");
            }
            (hasLast, last) = (true, Math.Max(last, reference.KeyEnd));
            CheckTid(position, reference);
            Visit(position, reference);
        }
    }

    private void CheckTid(in FsckPosition position, in Blockref reference)
    {
        if (reference.MirrorTid <= position.Parent.MirrorTid) return;
        _context.Add(FsckSeverity.Warning, FsckCode.MirrorTid, position, reference,
            $"mirror_tid 0x{reference.MirrorTid:x} of {FsckContext.Describe(reference)} is above "
                + $"0x{position.Parent.MirrorTid:x} of its parent");
        _context.Plan.HasBadFreemap = true;
    }

    private void Visit(in FsckPosition position, in Blockref reference)
    {
        byte[] block = new byte[FreemapGeometry.BlockBytes]; // at most six levels, and each block is read once
        if (!_context.TryRead(position, reference, block))
        {
            Lose(reference);
            return;
        }
        if (MediaValidator.Freemap(reference, block) is { } fault)
        {
            _context.Add(FsckSeverity.Error, FsckCode.FreemapField, position, reference, fault.ToString());
            _context.Plan.HasBadFreemap = true;
            if (reference.Type == BlockrefType.FreemapNode)
            {
                Lose(reference);
                return;
            }
        }
        _context.Report.FreemapBlocks++;
        if (reference.Type == BlockrefType.FreemapNode)
        {
            FsckPosition below = position with
            {
                ParentType = BlockrefType.FreemapNode,
                Parent = reference,
                Depth = position.Depth + 1,
            };
            VisitTable(below, MemoryMarshal.Cast<byte, Blockref>(block));
            return;
        }
        ulong zone = reference.Key >> Media.ZoneRadix;
        if (!_leaves.Add(zone)) return; // reported already, as a key out of order
        ulong segment = reference.Key >> Media.SegmentRadix;
        foreach (ref readonly FreemapEntry entry in MemoryMarshal.Cast<byte, FreemapEntry>(block))
            new SegmentCheck(this, reference, segment++).Check(entry);
    }

    private void Lose(in Blockref reference)
    {
        _isPartial = true;
        _context.Plan.HasBadFreemap = true;
        ulong first = reference.Key >> Media.ZoneRadix;
        ulong end = Math.Min(reference.KeyEnd < reference.Key ? ulong.MaxValue : reference.KeyEnd, _totalBytes - 1);
        ulong last = Math.Min(end >> Media.ZoneRadix, first + ZonesMax);
        for (ulong zone = first; zone <= last; zone++) _ = _lostZones.Add(zone);
    }

    private void CheckMissing()
    {
        var missing = new SortedSet<ulong>();
        foreach (ulong segment in _context.Ledger.Segments)
        {
            ulong zone = segment >> (Media.ZoneRadix - Media.SegmentRadix);
            bool isAllocatable = FreemapGeometry.IsAllocatable(
                segment << Media.SegmentRadix, _context.Header.AllocatorBegin, _totalBytes);
            if (isAllocatable && !_leaves.Contains(zone) && !_lostZones.Contains(zone)) _ = missing.Add(zone);
        }
        foreach (ulong zone in missing)
        {
            _context.Add(
                Lags ? FsckSeverity.Note : FsckSeverity.Error,
                Lags ? FsckCode.LiveUnrecorded : FsckCode.FreemapMissing,
                $"there are blocks in 0x{zone << Media.ZoneRadix:x}, which no freemap leaf covers",
                zone << Media.ZoneRadix, zone << Media.ZoneRadix);
            _context.Plan.HasBadFreemap |= !Lags;
        }
    }

    private void CheckTotals()
    {
        ulong zones = FreemapGeometry.LeavesTotal(_totalBytes);
        if (_isPartial || zones > ZonesMax) return;
        ulong free = _freeBytes;
        for (ulong zone = 0; zone < zones; zone++)
            if (!_leaves.Contains(zone)) free += UntouchedBytes(zone);
        ulong stored = _context.Header.AllocatorFree;
        // Upstream counts up to 4 MiB after allocator_beg, and growfs 4 MiB of each new GiB, that are never allocated.
        // Space past the old end of a grown filesystem stays marked allocated in a leaf that existed before.
        ulong slack = ((zones + 1) * Media.SegmentBytes) + _grownBytes;
        if (stored >= free && stored - free <= slack) return;
        bool isLag = Lags && stored < free;
        _context.Add(isLag ? FsckSeverity.Note : FsckSeverity.Warning, FsckCode.AllocatorFree,
            $"the header counts {stored} free bytes, the freemap adds up to {free} (allocator_size "
                + $"{_context.Header.AllocatorBytes})");
        _context.Plan.HasBadFreemap |= !isLag;
    }

    private ulong UntouchedBytes(ulong zone)
    {
        ulong first = zone << Media.ZoneRadix;
        ulong end = Math.Min(_totalBytes, first + Media.ZoneBytes);
        ulong bytes = 0;
        for (ulong address = first; address < end; address += Media.SegmentBytes)
            if (FreemapGeometry.IsAllocatable(address, _context.Header.AllocatorBegin, _totalBytes)) bytes += Media.SegmentBytes;
        return bytes;
    }

    private void Remark()
    {
        _context.Report.BytesLeaked = _leakedBytes + _stagedBytes;
        if (_context.IsReachabilityPartial)
        {
            _context.Add(FsckSeverity.Note, FsckCode.NotJudged,
                "space allocated in the freemap could not be compared with all blocks, because some references are lost");
            return;
        }
        if (_leakedBytes + _stagedBytes == 0) return;
        _context.Add(FsckSeverity.Note, FsckCode.Leaked,
            $"{_leakedBytes} bytes are allocated but unreachable and {_stagedBytes} more are staged; bulkfree frees them");
    }

    /// <summary>The rules of one entry, which covers 4 MiB.</summary>
    private readonly ref struct SegmentCheck
    {
        private readonly FreemapCheck _check;
        private readonly Blockref _leaf;
        private readonly ulong _segment;

        public SegmentCheck(FreemapCheck check, in Blockref leaf, ulong segment)
        {
            _check = check;
            _leaf = leaf;
            _segment = segment;
        }

        private FsckContext Context => _check._context;

        private ulong Address => _segment << Media.SegmentRadix;

        public void Check(in FreemapEntry entry)
        {
            int free = entry.Count(GranuleState.Free);
            uint available = (uint)(free * Media.GranuleBytes);
            if (entry.AvailableBytes != available)
            {
                Add(FsckSeverity.Warning, FsckCode.FreemapAvailable,
                    $"{entry.AvailableBytes} bytes are counted as free, the bitmap has {available}");
            }
            if (!FreemapGeometry.IsAllocatable(Address, Context.Header.AllocatorBegin, _check._totalBytes))
            {
                CheckStatic(entry);
                return;
            }
            _check._freeBytes += available;
            CheckGranules(entry);
            CheckLinear(entry);
            int kind = entry.Class >> 8;
            if (entry.Class == 0 || kind is >= (int)BlockrefType.Inode and <= (int)BlockrefType.Dirent) return;
            Add(FsckSeverity.Note, FsckCode.FreemapClass, $"class 0x{entry.Class:x} does not exist");
        }

        private void CheckStatic(in FreemapEntry entry)
        {
            if (entry.Count(GranuleState.Allocated) == FreemapEntry.GranulesTotal) return;
            Add(FsckSeverity.Error, FsckCode.FreemapStatic, "space that is never allocated is not marked in use");
        }

        private void CheckGranules(in FreemapEntry entry)
        {
            int live = 0, unrecorded = 0, staged = 0, odd = 0, used = 0;
            int first = -1;
            bool isKnown = !Context.IsReachabilityPartial;
            for (int granule = 0; granule < FreemapEntry.GranulesTotal; granule++)
            {
                GranuleState state = entry.StateOf(granule);
                bool isUsed = Context.Ledger.IsUsed(_segment, granule);
                if (state == GranuleState.Reserved) odd++;
                if (isUsed && (state is GranuleState.Free or GranuleState.Reserved))
                {
                    if (!Context.Ledger.IsRecorded(_segment, granule)) unrecorded++;
                    else if (live++ == 0) first = granule;
                }
                if (isUsed && state == GranuleState.PossiblyFree) staged++;
                if (isUsed) used++;
                if (isUsed || !isKnown) continue;
                if (state == GranuleState.Allocated) _check._leakedBytes += Media.GranuleBytes;
                if (state == GranuleState.PossiblyFree) _check._stagedBytes += Media.GranuleBytes;
            }
            bool isAllAllocated = entry.Count(GranuleState.Allocated) == FreemapEntry.GranulesTotal;
            if (used == 0 && entry.Class == 0 && isAllAllocated) _check._grownBytes += Media.SegmentBytes;
            if (live > 0)
            {
                Add(FsckSeverity.Error, FsckCode.LiveMarkedFree,
                    $"{live} granules of 16 KiB in use are marked free, the first at "
                        + $"0x{Address + ((ulong)first << Media.GranuleRadix):x}");
            }
            if (unrecorded > 0)
            {
                Add(FsckSeverity.Note, FsckCode.LiveUnrecorded,
                    $"{unrecorded} granules were written after the freemap; recovery marks them");
            }
            if (staged > 0)
                Add(FsckSeverity.Note, FsckCode.LiveStaged,
                    $"{staged} granules in use are staged; bulkfree marks them in use again");
            if (odd > 0)
                Add(FsckSeverity.Warning, FsckCode.FreemapState,
                    $"{odd} granules are in an undefined state");
        }

        private void CheckLinear(in FreemapEntry entry)
        {
            int linear = entry.LinearOffset;
            if (linear <= 0 || linear >= FreemapEntry.LinearOffsetNone || linear % Media.GranuleBytes == 0) return;
            uint units = Context.Ledger.UnitsOf(_segment, linear / Media.GranuleBytes);
            int highest = units == 0 ? 0 : (BitOperations.Log2(units) + 1) * Media.AllocationBytesMin;
            if (linear % Media.GranuleBytes >= highest) return;
            Add(_check.Lags ? FsckSeverity.Note : FsckSeverity.Error, FsckCode.FreemapLinear,
                $"the next small block goes to offset 0x{linear:x}, where blocks in use reach to "
                    + $"0x{(linear & ~(Media.GranuleBytes - 1)) + highest:x}");
        }

        private void Add(FsckSeverity severity, FsckCode code, string text)
        {
            Context.AddSegment(severity, code, _leaf, Address, text);
            if (severity != FsckSeverity.Note) Context.Plan.HasBadFreemap = true;
        }
    }
}
