// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>
/// Allocates space of one filesystem. What it allocated is never allocated again before bulkfree proved it
/// unreachable, whatever becomes of the change it was for.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_freemap_alloc</c>. Blocks of one kind get separate segments of 4 MiB while there are free ones,
/// small blocks are packed contiguously into granules of 16 KiB, large ones get aligned runs of granules. Every kind
/// continues after its last allocation. When whole runs of 64 KiB become rare, smaller blocks use runs that are broken
/// already, so that large ones can still be allocated. Lock: rank 55; freemap leaves may be read from the device while
/// it is held.
/// </remarks>
public sealed partial class FreemapAllocator
{
    private const int ClassesTotal = 8;

    // More than commits need before anything is reserved.
    private const long FirstCommitsBytes = 64L << 20;

    private const ulong NearSegments = 1024;        // 4 GiB

    private const int PageBytes = 4096;
    private const int GranulesPerRun = Media.AllocationBytesMax / Media.GranuleBytes;
    private const ulong RunMask = (1UL << (GranulesPerRun * 2)) - 1;

    private static readonly byte[] s_zeros = new byte[PageBytes];

    private readonly RankedLock _freemapLock = new(LockRank.Freemap);
    private readonly VolumeSet _volumes;
    private readonly DeviceFence _fence;
    private readonly FreemapTree _tree;
    private readonly ulong _begin;
    private ulong _segmentsTotal;
    private readonly ulong[] _lastSegment = new ulong[ClassesTotal];
    private readonly ulong[] _openedGranule = new ulong[ClassesTotal];
    private ulong _freeBytes;
    private ulong _writtenFreeBytes;                // as of the last write of the freemap

    /// <summary>An allocator over opened volumes; <see cref="Load"/> comes first.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="faults">Receives freemap blocks that cannot be read or written.</param>
    /// <param name="fence">Receives failed writes.</param>
    public FreemapAllocator(VolumeSet volumes, MediaFaultLog faults, DeviceFence fence)
    {
        _volumes = volumes;
        _fence = fence;
        _tree = new FreemapTree(volumes, faults);
        ref readonly VolumeHeaderSector fields = ref volumes.Header.Fields;
        // A header that lets the allocator begin past the end leaves nothing to allocate.
        ulong begin = Math.Min(fields.AllocatorBegin, volumes.TotalBytes) + Media.SegmentBytes - 1;
        _begin = begin & ~(ulong)(Media.SegmentBytes - 1);
        _segmentsTotal = volumes.TotalBytes >> Media.SegmentRadix;
        _freeBytes = _writtenFreeBytes = fields.AllocatorFree;
        Array.Fill(_lastSegment, _begin >> Media.SegmentRadix);
    }

    /// <summary>Reads the freemap's nodes, and a limited number of leaves to know the free space. Those of them that
    /// cannot be read are replaced (<see cref="TakeLost"/>).</summary>
    /// <returns>None; Io, Check or Corrupt, which were logged.</returns>
    public Hammer2Error Load()
    {
        using (_freemapLock.EnterScope())
        {
            Hammer2Error error = _tree.Load();
            if (error != Hammer2Error.None) return error;
            // A small filesystem is counted exactly.
            long wanted = _tree.KeepsLeaves ? long.MaxValue : FirstCommitsBytes;
            _ = _tree.CountUntil(new FreeSpace(wanted, wanted), replaces: true);
            Publish();
            return error;
        }
    }

    /// <summary>Allocates a block of 2^<paramref name="radix"/> bytes.</summary>
    /// <param name="type">The type of block: inode, indirect, data or directory entry.</param>
    /// <param name="radix">10 to 16.</param>
    /// <param name="block">Where it is.</param>
    /// <returns>None; NoSpace; the error of reading a freemap leaf, when no other leaf had space; Io when the device
    /// cannot write there.</returns>
    public Hammer2Error Allocate(BlockrefType type, int radix, out DataOffset block)
    {
        Invariant.Holds(radix is >= Media.AllocationRadixMin and <= Media.AllocationRadixMax);
        using (_freemapLock.EnterScope())
        {
            Hammer2Error error = Search(type, radix, out block);
            if (error == Hammer2Error.None)
            {
                Track(block);
                error = ClearRestOfPage(type, block);
            }
            Publish();
            return error;
        }
    }

    /// <summary>True when the freemap was changed since the last <see cref="Write"/>.</summary>
    public bool IsDirty
    {
        get
        {
            using (_freemapLock.EnterScope()) return _tree.IsDirty;
        }
    }

    /// <summary>Writes the freemap as it is now. Blocks that are allocated meanwhile wait.</summary>
    /// <param name="tid">mirror_tid of the commit.</param>
    /// <param name="blockset">Receives the header's four references.</param>
    /// <param name="freeBytes">Receives the matching count of free bytes.</param>
    public Hammer2Error Write(ulong tid, Span<Blockref> blockset, out ulong freeBytes)
    {
        using (_freemapLock.EnterScope())
        {
            freeBytes = _writtenFreeBytes = _freeBytes;
            Publish();
            return _tree.Write(tid, blockset);
        }
    }

    /// <summary>Makes the filesystem larger; all of the new space is free.</summary>
    /// <param name="from">Where the new space begins: the present end, or before it when what follows goes to another
    /// volume.</param>
    /// <param name="totalBytes">The new size of the filesystem, more than before.</param>
    /// <param name="takeEffect">Gives the volumes their new places.</param>
    /// <param name="gainedBytes">What can be allocated more than before.</param>
    /// <returns>None; the fault of a freemap leaf that could not be read, or Busy when space after
    /// <paramref name="from"/> is in use: nothing was changed then.</returns>
    public Hammer2Error Extend(ulong from, ulong totalBytes, Action takeEffect, out ulong gainedBytes)
    {
        using (_freemapLock.EnterScope())
        {
            Hammer2Error error = _tree.Extend(from, totalBytes, takeEffect, out FreeSpace gained);
            gainedBytes = (ulong)gained.Bytes;
            if (error != Hammer2Error.None) return error;
            _segmentsTotal = totalBytes >> Media.SegmentRadix;
            _freeBytes += gainedBytes;
            _writtenFreeBytes += gainedBytes;
            Publish();
            return Hammer2Error.None;
        }
    }

    // The first block in a page that it does not fill: the rest of the page is free, and none of it is
    // allocated before this is done. Else the page cache would have to read the page from the device before the block,
    // in the middle of a commit. Only in granules that were wholly free when this allocator began with them: of others
    // the media's word for what is free is good enough to allocate it, not to overwrite it unasked.
    private Hammer2Error ClearRestOfPage(BlockrefType type, in DataOffset block)
    {
        if (block.SizeBytes >= Media.GranuleBytes) return Hammer2Error.None;
        ulong granule = block.Bytes & ~(ulong)(Media.GranuleBytes - 1);
        ref ulong opened = ref _openedGranule[(int)type];
        if (block.Bytes == granule) opened = granule;
        ulong end = block.Bytes + (uint)block.SizeBytes;
        ulong page = end & ~(ulong)(PageBytes - 1);
        bool isFirstInPage = page != end && page >= block.Bytes;
        if (!isFirstInPage || opened != granule) return Hammer2Error.None;
        if (!_fence.TryBeginWrite()) return _fence.Error;
        Hammer2Error error = _fence.Judge(_volumes.Write(page, s_zeros));
        _fence.EndWrite();
        return error;
    }

    private Hammer2Error Search(BlockrefType type, int radix, out DataOffset block)
    {
        if (TryContinue(type, radix, out block)) return Hammer2Error.None;
        // Large blocks cannot use broken runs, and whole ones are used up first. Kinds are kept apart as long as that
        // costs no scarce run: blocks freed together form whole runs again.
        bool isSmaller = radix < Media.AllocationRadixMax;
        ReadOnlySpan<Fit> order = !isSmaller || !PrefersFragments ? [Fit.Kind, Fit.Any]
            : AreRunsScarce ? [Fit.FragmentOfKind, Fit.Fragment, Fit.Kind, Fit.Any]
            : [Fit.FragmentOfKind, Fit.Kind, Fit.Fragment, Fit.Any];
        Hammer2Error error = Hammer2Error.NoSpace;
        foreach (Fit fit in order)
        {
            error = Search(type, radix, fit, out block);
            if (error == Hammer2Error.None) break;
        }
        return error;
    }

    // Searches from the segment of the last allocation of this kind to the end, then from the start.
    private Hammer2Error Search(BlockrefType type, int radix, Fit fit, out DataOffset block)
    {
        Hammer2Error worst = Hammer2Error.NoSpace;
        ulong first = Math.Min(_begin >> Media.SegmentRadix, _segmentsTotal);
        ulong start = Math.Max(_lastSegment[(int)type], first);
        ulong count = _segmentsTotal - first;
        // A search among the segments of one kind may fail repeatedly, for each block.
        ulong looked = fit == Fit.FragmentOfKind ? Math.Min(count, NearSegments) : count;
        block = default;
        for (ulong step = 0; step < looked; step++)
        {
            ulong segment = start + step;
            if (segment >= _segmentsTotal) segment -= count;
            ulong address = segment << Media.SegmentRadix;

            // On intact media its entry is marked as well; headers and the freemap itself are here.
            if (FreemapGeometry.IsReserved(address)) continue;
            // A leaf whose free space is known to be 0 need not be read again.
            Hammer2Error error = Hammer2Error.None;
            if (!_tree.TryGetCounted(address, out FreemapLeaf? leaf)) error = _tree.GetLeaf(address, out leaf);
            bool isFull = error != Hammer2Error.None || IsFull(leaf!, radix, fit);
            if (!isFull) error = _tree.GetLeaf(address, out leaf);
            if (isFull || error != Hammer2Error.None)
            {
                if (error != Hammer2Error.None) worst = error;
                ulong nextLeaf = (segment | (FreemapGeometry.EntriesTotal - 1)) + 1;
                step += Math.Min(nextLeaf, _segmentsTotal) - segment - 1;
                continue;
            }
            ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(address)];
            if (!TryTake(leaf, ref entry, address, type, radix, fit, out int offset)) continue;
            _lastSegment[(int)type] = segment;
            block = new DataOffset(address + (uint)offset, radix);
            _tree.MarkDirty(leaf);
            return Hammer2Error.None;
        }
        return worst;
    }

    // Space in partly used granules, into which small blocks can be packed, does not count as free.
    private static bool IsFull(FreemapLeaf leaf, int radix, Fit fit) => fit switch
    {
        Fit.Fragment => leaf.Free.FragmentBytes == 0,
        Fit.FragmentOfKind => leaf.Free.FragmentBytes == 0 && radix >= Media.GranuleRadix,
        _ => leaf.Free.Bytes == 0 && radix >= Media.GranuleRadix,
    };

    private bool TryTake(
        FreemapLeaf leaf, ref FreemapEntry entry, ulong segment, BlockrefType type, int radix, Fit fit,
        out int offset)
    {
        ushort wanted = (ushort)(((int)type << 8) | Media.BufferRadix);
        bool isOfKind = entry.Class == 0 || entry.Class == wanted;
        offset = 0;
        if (!isOfKind && fit is Fit.Kind or Fit.FragmentOfKind) return false;
        int size = 1 << radix;
        // Blocks of different kinds share a granule only when no other space is left.
        bool mayPack = radix < Media.GranuleRadix && (isOfKind || fit == Fit.Any);
        if (mayPack && TryPack(ref entry, segment, type, size, fit == Fit.Any, out offset)) return true;
        if (entry.AvailableBytes < size && entry.AvailableBytes < Media.GranuleBytes) return false;
        int run = Math.Max(1, size / Media.GranuleBytes);
        bool isFragment = fit is Fit.Fragment or Fit.FragmentOfKind;
        if (isFragment && FreeSpace.Of(entry).FragmentBytes < size) return false;
        if (!TryFindRun(entry, run, isFragment, out int granule)) return false;
        Occupy(leaf, ref entry, granule, run);
        if (entry.Class == 0) entry.Class = wanted;
        offset = granule * Media.GranuleBytes;
        if (radix >= Media.GranuleRadix) return true;
        entry.LinearOffset = offset + size;
        KeepPacking(type, segment + (uint)(offset + size));
        return true;
    }

    // Aligned free granules; when isFragment, only beside granules in use in the same 64 KiB.
    private static bool TryFindRun(in FreemapEntry entry, int run, bool isFragment, out int granule)
    {
        ulong mask = run == FreemapEntry.GranulesPerWord ? ulong.MaxValue : (1UL << (run * 2)) - 1;
        ReadOnlySpan<ulong> words = entry.WordsRead;
        for (int word = 0; word < words.Length; word++)
        {
            if (words[word] == ulong.MaxValue) continue;
            for (int at = 0; at < FreemapEntry.GranulesPerWord; at += run)
            {
                if ((words[word] & (mask << (at * 2))) != 0) continue;
                int wholeRun = at / GranulesPerRun * GranulesPerRun;
                if (isFragment && ((words[word] >> (wholeRun * 2)) & RunMask) == 0) continue;
                granule = (word * FreemapEntry.GranulesPerWord) + at;
                return true;
            }
        }
        granule = 0;
        return false;
    }

    // Granules that are free become allocated; all sums follow.
    private void Occupy(FreemapLeaf leaf, ref FreemapEntry entry, int granule, int count)
    {
        FreeSpace before = FreeSpace.Of(entry);
        for (int i = 0; i < count; i++) entry.SetState(granule + i, GranuleState.Allocated);
        Settle(leaf, ref entry, before);
    }

    private void Settle(FreemapLeaf leaf, ref FreemapEntry entry, FreeSpace before)
    {
        FreeSpace after = FreeSpace.Of(entry);
        entry.AvailableBytes = (uint)after.Bytes;
        FreeSpace change = after - before;
        _tree.Adjust(leaf, change);
        long free = (long)_freeBytes + change.Bytes;
        _freeBytes = (ulong)Math.Max(free, 0);
    }

    /// <summary>Where a block may be allocated.</summary>
    private enum Fit
    {
        /// <summary>In broken runs of segments of its kind, near its last block.</summary>
        FragmentOfKind,

        /// <summary>In broken runs of any segment.</summary>
        Fragment,

        /// <summary>In segments of its kind.</summary>
        Kind,

        /// <summary>Anywhere.</summary>
        Any,
    }
}
