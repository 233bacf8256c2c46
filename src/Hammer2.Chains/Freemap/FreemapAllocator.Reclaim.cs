// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Numerics;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

// Marking what is in use, and freeing what is not.
public sealed partial class FreemapAllocator
{
    private const ulong LowBits = 0x5555_5555_5555_5555;

    private HashSet<ulong>? _tracked;

    /// <summary>
    /// Ensures that a block in use is marked as allocated: after a crash, or when it gets a second owner.
    /// </summary>
    /// <returns>True when the freemap had to be changed; error: the error of reading the leaf.</returns>
    /// <remarks>
    /// Upstream: <c>hammer2_freemap_adjust</c> for recovery, which only checks granules 0 to 15 of each 32, and does
    /// not change the offset of the next small block. A granule that is marked already may have got more small blocks
    /// since the freemap was written: those must not be overwritten either.
    /// </remarks>
    public Hammer2Error MarkAllocated(in DataOffset block, out bool isChanged)
    {
        isChanged = false;
        using (_freemapLock.EnterScope())
        {
            // Blocks of newfs below the first segment are not in the freemap.
            if (block.Bytes < _begin || FreemapGeometry.IsReserved(block.Bytes)) return Hammer2Error.None;
            Hammer2Error error = _tree.GetLeaf(block.Bytes, out FreemapLeaf? leaf);
            if (error != Hammer2Error.None) return error;
            ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(block.Bytes)];
            int within = (int)(block.Bytes & (Media.SegmentBytes - 1));
            int first = within / Media.GranuleBytes;
            int last = (within + block.SizeBytes - 1) / Media.GranuleBytes;
            if (last >= FreemapEntry.GranulesTotal) return Hammer2Error.Corrupt;
            FreeSpace before = FreeSpace.Of(entry);
            for (int granule = first; granule <= last; granule++)
            {
                if (entry.StateOf(granule) == GranuleState.Allocated) continue;
                entry.SetState(granule, GranuleState.Allocated);
                isChanged = true;
            }
            int linear = entry.LinearOffset;
            bool isOver = linear % Media.GranuleBytes != 0 && linear / Media.GranuleBytes >= first
                && linear / Media.GranuleBytes <= last && linear < within + block.SizeBytes;
            if (isChanged || isOver) entry.LinearOffset = 0;
            isChanged |= isOver;
            if (isChanged) Settle(leaf, ref entry, before);
            if (isChanged) _tree.MarkDirty(leaf);
            Track(block);
            Publish();
            return Hammer2Error.None;
        }
    }

    /// <summary>From now on notes what is allocated, which a pass leaves alone: no commit
    /// may have it yet. What was noted before is forgotten.</summary>
    public void StartTracking()
    {
        using (_freemapLock.EnterScope()) _tracked = [];
    }

    /// <summary>Ends tracking.</summary>
    public void StopTracking()
    {
        using (_freemapLock.EnterScope()) _tracked = null;
    }

    /// <summary>
    /// Compares the freemap with all blocks reachable from a commit, in a window of the address space: allocated
    /// granules that are not reachable are staged, granules staged before and still not reachable are freed, reachable
    /// granules that are not marked are marked.
    /// </summary>
    /// <param name="reached">The reachable granules of the window.</param>
    /// <param name="counts">Counts to add to.</param>
    /// <param name="freed">Gets the addresses of granules that became free; null when they are not wanted.</param>
    /// <remarks>Upstream: <c>h2_bulkfree_sync</c>. The lock is held for one GiB at a time. A leaf that cannot be read
    /// is replaced by one in which all was allocated.</remarks>
    public void Reclaim(ReachedGranules reached, ref BulkfreeCounts counts, List<ulong>? freed)
    {
        Invariant.Holds(_tracked is not null);
        var keys = new List<ulong>();
        using (_freemapLock.EnterScope())
        {
            foreach (FreemapLeaf leaf in _tree.Leaves)
                if (reached.Covers(leaf.Reference.Key)) keys.Add(leaf.Reference.Key);
        }
        foreach (ulong key in keys)
        {
            using (_freemapLock.EnterScope())
            {
                // What the pass proves unreachable is free, also if the lost leaf said otherwise.
                if (_tree.GetLeaf(key, out FreemapLeaf? leaf) != Hammer2Error.None) _tree.Replace(leaf!);
                Reclaim(leaf!, reached, ref counts, freed);
                Publish();
            }
        }
    }

    /// <summary>Discards (TRIM) a granule, if it is still free.</summary>
    public Hammer2Error Discard(ulong address, int count)
    {
        using (_freemapLock.EnterScope())
        {
            Hammer2Error error = _tree.GetLeaf(address, out FreemapLeaf? leaf);
            if (error != Hammer2Error.None) return error;
            ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(address)];
            int first = FreemapGeometry.GranuleOf(address);
            // It must not be allocated while it is being discarded: the lock stays held.
            for (int granule = first; granule < first + count; granule++)
                if (entry.StateOf(granule) != GranuleState.Free) return Hammer2Error.None;
            return DiscardUnlessFenced(address, (long)count * Media.GranuleBytes);
        }
    }

    private Hammer2Error DiscardUnlessFenced(ulong address, long bytes)
    {
        if (!_fence.TryBeginWrite()) return _fence.Error;
        Hammer2Error error = _tree.Discard(address, bytes);
        _fence.EndWrite();
        return error;
    }

    /// <summary>Discards (TRIM) free granules of a part of the address space. GiBs in which nothing was ever allocated
    /// have no leaf, and are left as they are.</summary>
    /// <param name="first">First byte of the part.</param>
    /// <param name="last">Last byte of it.</param>
    /// <param name="leastBytes">Runs that are shorter than this are left.</param>
    /// <param name="isCancelled">Asked for each GiB; true ends it.</param>
    /// <param name="discardedBytes">Length of what the device was told.</param>
    /// <returns>None; Interrupted; the fault of a leaf; what a discard met.</returns>
    /// <remarks>The lock is held for one segment at a time. Runs end with their segment of 4 MiB.</remarks>
    public Hammer2Error DiscardFree(
        ulong first, ulong last, long leastBytes, Func<bool> isCancelled, out long discardedBytes)
    {
        discardedBytes = 0;
        var keys = new List<ulong>();
        using (_freemapLock.EnterScope())
        {
            foreach (FreemapLeaf leaf in _tree.Leaves) keys.Add(leaf.Reference.Key);
        }
        foreach (ulong key in keys)
        {
            if (isCancelled()) return Hammer2Error.Interrupted;
            for (int index = 0; index < FreemapGeometry.EntriesTotal; index++)
            {
                ulong address = key + ((ulong)index << Media.SegmentRadix);
                if ((address >> Media.SegmentRadix) >= _segmentsTotal) break;
                if (FreemapGeometry.IsReserved(address) || address < _begin) continue;
                Hammer2Error error = DiscardSegment(address, first, last, leastBytes, ref discardedBytes);
                if (error != Hammer2Error.None) return error;
            }
        }
        return Hammer2Error.None;
    }

    private Hammer2Error DiscardSegment(
        ulong address, ulong first, ulong last, long leastBytes, ref long discardedBytes)
    {
        using (_freemapLock.EnterScope())
        {
            Hammer2Error error = _tree.GetLeaf(address, out FreemapLeaf? leaf);
            if (error != Hammer2Error.None) return error;
            ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(address)];
            for (int granule = 0; granule < FreemapEntry.GranulesTotal; granule++)
            {
                int start = granule;
                while (granule < FreemapEntry.GranulesTotal && entry.StateOf(granule) == GranuleState.Free
                    && IsWithin(address, granule, first, last)) granule++;
                long bytes = (long)(granule - start) * Media.GranuleBytes;
                if (bytes == 0 || bytes < leastBytes) continue;
                error = DiscardUnlessFenced(address + ((ulong)start * Media.GranuleBytes), bytes);
                if (error != Hammer2Error.None) return error;
                discardedBytes += bytes;
            }
            return Hammer2Error.None;
        }
    }

    private static bool IsWithin(ulong address, int granule, ulong first, ulong last)
    {
        ulong start = address + ((ulong)granule * Media.GranuleBytes);
        return start >= first && start + Media.GranuleBytes - 1 <= last;
    }

    /// <summary>Corrects the header's count of free bytes once every leaf was read.</summary>
    public void CorrectTotal()
    {
        using (_freemapLock.EnterScope())
        {
            if (_tree.IsAllKnown)
            {
                ulong unwritten = Unwritten();
                _freeBytes = (ulong)_tree.Known.Bytes;
                _writtenFreeBytes = _freeBytes + unwritten;
            }
            Publish();
        }
    }

    private void Reclaim(
        FreemapLeaf leaf, ReachedGranules reached, ref BulkfreeCounts counts, List<ulong>? freed)
    {
        bool wasDirty = leaf.IsDirty;
        bool isChanged = false;
        for (int index = 0; index < FreemapGeometry.EntriesTotal; index++)
        {
            ulong address = leaf.Reference.Key + ((ulong)index << Media.SegmentRadix);
            if (FreemapGeometry.IsReserved(address) || address < _begin) continue;
            if ((address >> Media.SegmentRadix) >= _segmentsTotal) break;
            isChanged |= Reclaim(leaf, ref leaf.Entries[index], address, reached, ref counts, freed);
        }
        if (isChanged)
        {
            _tree.MarkDirty(leaf);
            leaf.Reference.FreemapBigMask = uint.MaxValue;
        }
        // A pass over a big filesystem does not keep all freemap leaves in memory.
        else if (!wasDirty) _tree.Leave(leaf);
    }

    private bool Reclaim(
        FreemapLeaf leaf, ref FreemapEntry entry, ulong address, ReachedGranules reached,
        ref BulkfreeCounts counts, List<ulong>? freed)
    {
        FreeSpace before = FreeSpace.Of(entry);
        bool isChanged = false, isRepaired = false;
        for (int at = 0; at < FreemapEntry.WordsTotal; at++)
        {
            ref ulong word = ref entry.Words[at];
            ulong wordAddress = address + ((ulong)at * FreemapEntry.GranulesPerWord * Media.GranuleBytes);
            ulong used = Spread(reached.WordOf(wordAddress));
            ulong low = word & LowBits, high = (word >> 1) & LowBits;
            // What was allocated meanwhile stays as it is: it may have been freed, too.
            ulong unused = LowBits & ~used & ~Spread(TrackedIn(wordAddress));
            ulong staged = low & high & unused, freedBits = high & ~low & unused;
            ulong missing = used & ~(low | high);
            ulong next = ((low & ~staged) | used) | (((high & ~freedBits) | used) << 1);
            if (next == word) continue;
            word = next;
            isChanged = true;
            isRepaired |= missing != 0;
            counts.StagedGranules += BitOperations.PopCount(staged);
            counts.FreedGranules += BitOperations.PopCount(freedBits);
            counts.MissingGranules += BitOperations.PopCount(missing);
            if (freed is null) continue;
            for (ulong left = freedBits; left != 0; left &= left - 1)
                freed.Add(wordAddress + ((ulong)BitOperations.TrailingZeroCount(left) / 2 * Media.GranuleBytes));
        }
        if (!isChanged) return false;
        Settle(leaf, ref entry, before);
        // The contents of a granule whose owner changed are unknown: no more blocks are packed into it.
        int linear = entry.LinearOffset / Media.GranuleBytes;
        bool isPacked = !isRepaired && linear < FreemapEntry.GranulesTotal
            && entry.StateOf(linear) == GranuleState.Allocated;
        if (!isPacked) entry.LinearOffset = 0;
        StopPacking(entry, address, isRepaired);
        if (entry.AvailableBytes == Media.SegmentBytes) entry.Class = 0;
        return true;
    }

    // Expands one bit per granule to the low bit of two.
    private static ulong Spread(uint bits)
    {
        ulong wide = bits;
        wide = (wide | (wide << 16)) & 0x0000_FFFF_0000_FFFF;
        wide = (wide | (wide << 8)) & 0x00FF_00FF_00FF_00FF;
        wide = (wide | (wide << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
        wide = (wide | (wide << 2)) & 0x3333_3333_3333_3333;
        return (wide | (wide << 1)) & LowBits;
    }

    private uint TrackedIn(ulong address)
    {
        if (_tracked is not { Count: > 0 } tracked) return 0;
        uint bits = 0;
        ulong first = address >> Media.GranuleRadix;
        for (int i = 0; i < FreemapEntry.GranulesPerWord; i++)
            if (tracked.Contains(first + (ulong)i)) bits |= 1u << i;
        return bits;
    }

    private void Track(in DataOffset block)
    {
        if (_tracked is null) return;
        ulong last = (block.Bytes + (ulong)block.SizeBytes - 1) >> Media.GranuleRadix;
        for (ulong granule = block.Bytes >> Media.GranuleRadix; granule <= last; granule++)
            _ = _tracked.Add(granule);
    }
}
