// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

// Packs small blocks of one kind contiguously into granules.
public sealed partial class FreemapAllocator
{
    // Where the next small block of each kind goes, 0 where its granule is not known. An entry of the freemap has one
    // such offset for all kinds in its segment: it follows whichever kind began a granule last. A granule is here only
    // as long as it stays allocated, so that nothing else can be at the address.
    private readonly ulong[] _nextSmall = new ulong[ClassesTotal];

    // In the granule that this kind started. Otherwise a kind whose granules are among those of another kind would
    // start a new one with each block.
    private bool TryContinue(BlockrefType type, int radix, out DataOffset block)
    {
        block = default;
        ulong address = _nextSmall[(int)type];
        int size = 1 << radix;
        if (radix >= Media.GranuleRadix || address == 0 || OffsetInGranule(address) + size > Media.GranuleBytes)
            return false;
        if (_tree.GetLeaf(address, out FreemapLeaf? leaf) != Hammer2Error.None) return false;
        ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(address)];
        Invariant.Holds(entry.StateOf(FreemapGeometry.GranuleOf(address)) == GranuleState.Allocated);
        if (entry.LinearOffset == OffsetInSegment(address))
        {
            entry.LinearOffset += size;
            _tree.MarkDirty(leaf);
        }
        KeepPacking(type, address + (uint)size);
        block = new DataOffset(address, radix);
        return true;
    }

    // After the last small block of a segment, while the granule has space. A granule that bulkfree staged is not used.
    private bool TryPack(
        ref FreemapEntry entry, ulong segment, BlockrefType type, int size, bool mayTakeOver, out int offset)
    {
        offset = entry.LinearOffset;
        int within = offset % Media.GranuleBytes;
        if (offset is <= 0 or >= Media.SegmentBytes || within == 0 || within % Media.AllocationBytesMin != 0)
            return false;
        if (within + size > Media.GranuleBytes) return false;
        if (entry.StateOf(offset / Media.GranuleBytes) != GranuleState.Allocated) return false;
        int owner = Array.IndexOf(_nextSmall, segment + (uint)offset);
        if (owner >= 0 && owner != (int)type && !mayTakeOver) return false;
        if (owner >= 0) _nextSmall[owner] = 0;
        entry.LinearOffset = offset + size;
        KeepPacking(type, segment + (uint)(offset + size));
        return true;
    }

    // The address after the end of a granule is in another one, which this kind does not own.
    private void KeepPacking(BlockrefType type, ulong next) =>
        _nextSmall[(int)type] = OffsetInGranule(next) == 0 ? 0 : next;

    // True when the granule is empty without the block. Only the last small block of a granule is known.
    private bool TryUnpack(ref FreemapEntry entry, in DataOffset block)
    {
        ulong end = block.Bytes + (uint)block.SizeBytes;
        int offset = OffsetInSegment(block.Bytes);
        int owner = Array.IndexOf(_nextSmall, end);
        bool isLinear = entry.LinearOffset == offset + block.SizeBytes;
        if (owner < 0 && !isLinear) return false;
        bool isFirst = OffsetInGranule(block.Bytes) == 0;
        if (isLinear) entry.LinearOffset = isFirst ? 0 : offset;
        if (owner >= 0) _nextSmall[owner] = isFirst ? 0 : block.Bytes;
        return isFirst;
    }

    // The contents of granules whose owner changed are unknown.
    private void StopPacking(in FreemapEntry entry, ulong segment, bool isRepaired)
    {
        for (int kind = 0; kind < ClassesTotal; kind++)
        {
            ulong address = _nextSmall[kind];
            if (address < segment || address - segment >= Media.SegmentBytes) continue;
            if (isRepaired || entry.StateOf(FreemapGeometry.GranuleOf(address)) != GranuleState.Allocated)
                _nextSmall[kind] = 0;
        }
    }

    private static int OffsetInGranule(ulong address) => (int)(address % Media.GranuleBytes);

    private static int OffsetInSegment(ulong address) => (int)(address % Media.SegmentBytes);
}
