// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>
/// The freemap during a repair: the readable part of it, changed to agree with the reachable blocks. No allocated space
/// is freed here; only bulkfree does that, after two passes.
/// </summary>
internal sealed class RepairFreemap
{
    private const int SegmentsPerLeaf = FreemapGeometry.EntriesTotal;

    private readonly VolumeSet _volumes;
    private readonly SortedDictionary<ulong, Leaf> _leaves = [];
    private readonly Dictionary<(ulong Key, int Level), Blockref> _nodes = [];
    private readonly Dictionary<ulong, BlockrefType> _classes = [];
    private readonly HashSet<ulong> _lostZones = [];

    private RepairFreemap(VolumeSet volumes) => _volumes = volumes;

    /// <summary>Number of 4 MiB segments in all volumes.</summary>
    public ulong SegmentsTotal => (_volumes.TotalBytes + Media.SegmentBytes - 1) >> Media.SegmentRadix;

    private ulong AllocatorBegin => _volumes.Header.Fields.AllocatorBegin;

    /// <summary>Reads the blocks of the freemap that can be read.</summary>
    public static RepairFreemap Open(VolumeSet volumes)
    {
        var freemap = new RepairFreemap(volumes);
        freemap.Read(volumes.Header.FreemapBlockset, BlockrefType.FreemapRoot);
        return freemap;
    }

    /// <summary>True when blocks can be allocated in a segment.</summary>
    public bool MayAllocate(ulong segment) => IsAllocatable(segment) && !_lostZones.Contains(segment / SegmentsPerLeaf);

    /// <summary>True when a granule is free in the committed freemap. Space without a leaf was never used.</summary>
    public bool IsFree(ulong segment, int granule) =>
        !_leaves.TryGetValue(segment / SegmentsPerLeaf, out Leaf? leaf)
        || leaf.Entries[(int)(segment % SegmentsPerLeaf)].StateOf(granule) == GranuleState.Free;

    /// <summary>Sets the class of the segment of a new block, unless it has one.</summary>
    public void Classify(ulong address, BlockrefType type) => _classes.TryAdd(address >> Media.SegmentRadix, type);

    /// <summary>Makes the freemap agree with the blocks in use.</summary>
    /// <param name="ledger">All reachable blocks.</param>
    /// <param name="isPartial">True when there may be others: the space of a lost leaf is then marked in use as a
    /// whole.</param>
    /// <returns>The number of free bytes for the header.</returns>
    public ulong Correct(BlockLedger ledger, bool isPartial)
    {
        foreach (ulong segment in ledger.Segments)
            if (IsAllocatable(segment)) _ = LeafOf(segment / SegmentsPerLeaf);
        foreach (ulong zone in _lostZones) _ = LeafOf(zone);
        ulong free = 0;
        ulong zones = FreemapGeometry.LeavesTotal(_volumes.TotalBytes);
        for (ulong zone = 0; zone < zones; zone++)
        {
            bool isKnown = _leaves.TryGetValue(zone, out Leaf? leaf);
            for (ulong index = 0; index < SegmentsPerLeaf; index++)
            {
                ulong segment = (zone * SegmentsPerLeaf) + index;
                if (!isKnown)
                {
                    if (IsAllocatable(segment)) free += Media.SegmentBytes;
                    continue;
                }
                ref FreemapEntry entry = ref leaf!.Entries[(int)index];
                Correct(ref entry, segment, ledger, isPartial && _lostZones.Contains(zone));
                free += entry.AvailableBytes;
            }
        }
        return free;
    }

    /// <summary>Writes every changed block to its next offset in rotation and returns the references for the
    /// header.</summary>
    public Hammer2Error Write(ulong mirrorTid, Span<Blockref> blockset)
    {
        var error = Hammer2Error.None;
        var level = new List<Blockref>();
        foreach ((ulong zone, Leaf leaf) in _leaves)
        {
            if (leaf.IsChanged) error |= leaf.Write(_volumes, zone << Media.ZoneRadix, mirrorTid);
            level.Add(leaf.Reference);
        }
        for (int height = FreemapGeometry.LevelLeaf + 1; level.Count > Media.BlocksetCount; height++)
            level = Join(level, height, mirrorTid, ref error);
        blockset.Clear();
        for (int index = 0; index < level.Count; index++) blockset[index] = level[index];
        return error;
    }

    private bool IsAllocatable(ulong segment) =>
        FreemapGeometry.IsAllocatable(segment << Media.SegmentRadix, AllocatorBegin, _volumes.TotalBytes);

    private void Read(ReadOnlySpan<Blockref> table, BlockrefType owner)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty) continue;
            if (MediaValidator.Reference(reference, owner) is not null)
            {
                Lose(reference);
                continue;
            }
            byte[] block = new byte[FreemapGeometry.BlockBytes];
            bool isGood = new KeyReader(_volumes).TryRead(reference, block);
            if (reference.Type == BlockrefType.FreemapNode)
            {
                if (FreemapGeometry.TryGetLevel(reference.KeyBits, out int level))
                    _nodes[(reference.Key, level)] = reference;
                if (isGood) Read(MemoryMarshal.Cast<byte, Blockref>(block), BlockrefType.FreemapNode);
                else Lose(reference);
                continue;
            }
            if (reference.Key >= _volumes.TotalBytes) continue;
            if (!isGood) Lose(reference);
            _ = _leaves.TryAdd(reference.Key >> Media.ZoneRadix, new Leaf(reference, isGood ? block : null));
        }
    }

    private void Lose(in Blockref reference)
    {
        ulong end = Math.Min(reference.KeyEnd < reference.Key ? ulong.MaxValue : reference.KeyEnd, _volumes.TotalBytes - 1);
        for (ulong zone = reference.Key >> Media.ZoneRadix; zone <= end >> Media.ZoneRadix; zone++) _ = _lostZones.Add(zone);
    }

    private Leaf LeafOf(ulong zone)
    {
        if (!_leaves.TryGetValue(zone, out Leaf? leaf)) _leaves.Add(zone, leaf = new Leaf(NewReference(zone), null));
        return leaf;
    }

    private Blockref NewReference(ulong zone)
    {
        ulong available = 0;
        for (ulong index = 0; index < SegmentsPerLeaf; index++)
            if (IsAllocatable((zone * SegmentsPerLeaf) + index)) available += Media.SegmentBytes;
        Blockref reference = NewReference(zone << Media.ZoneRadix, FreemapGeometry.LevelLeaf, BlockrefType.FreemapLeaf);
        reference.FreemapAvailable = available;
        reference.FreemapBigMask = uint.MaxValue;
        return reference;
    }

    private static Blockref NewReference(ulong key, int level, BlockrefType type) => new()
    {
        Type = type,
        Methods = new BlockMethods(CheckMethod.Freemap, CompressionMethod.None),
        Key = key,
        KeyBits = (byte)FreemapGeometry.KeyBitsOf(level),
    };

    private void Correct(ref FreemapEntry entry, ulong segment, BlockLedger ledger, bool isUnknown)
    {
        bool isChanged = false;
        if (!IsAllocatable(segment))
        {
            isChanged = entry.Count(GranuleState.Allocated) != FreemapEntry.GranulesTotal;
            for (int granule = 0; granule < FreemapEntry.GranulesTotal; granule++)
                entry.SetState(granule, GranuleState.Allocated);
        }
        else
        {
            for (int granule = 0; granule < FreemapEntry.GranulesTotal; granule++)
            {
                GranuleState state = entry.StateOf(granule);
                bool isUsed = isUnknown || ledger.IsUsed(segment, granule);
                GranuleState wanted = isUsed || state == GranuleState.Reserved ? GranuleState.Allocated : state;
                if (wanted == state) continue;
                entry.SetState(granule, wanted);
                isChanged = true;
            }
            if (entry.Class == 0 && _classes.TryGetValue(segment, out BlockrefType type))
                entry.Class = (ushort)(((int)type << 8) | Media.BufferRadix);
        }
        entry.AvailableBytes = (uint)(entry.Count(GranuleState.Free) * Media.GranuleBytes);
        if (isChanged || !IsLinearSound(entry, segment, ledger)) entry.LinearOffset = FreemapEntry.LinearOffsetNone;
    }

    private static bool IsLinearSound(in FreemapEntry entry, ulong segment, BlockLedger ledger)
    {
        int linear = entry.LinearOffset;
        if (linear is < 0 or > FreemapEntry.LinearOffsetNone) return false;
        if (linear % Media.GranuleBytes == 0) return true;
        uint above = ledger.UnitsOf(segment, linear / Media.GranuleBytes)
            >> (linear % Media.GranuleBytes / Media.AllocationBytesMin);
        return above == 0;
    }

    private List<Blockref> Join(List<Blockref> below, int height, ulong mirrorTid, ref Hammer2Error error)
    {
        var joined = new List<Blockref>();
        for (int index = 0; index < below.Count;)
        {
            ulong key = FreemapGeometry.KeyOf(below[index].Key, height);
            byte[] block = new byte[FreemapGeometry.BlockBytes];
            Span<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block.AsSpan());
            for (int slot = 0; index < below.Count && FreemapGeometry.KeyOf(below[index].Key, height) == key; slot++)
                table[slot] = below[index++];
            int set = 0;
            Blockref reference = NewReference(key, height, BlockrefType.FreemapNode);
            if (_nodes.TryGetValue((key, height), out Blockref old)
                && FreemapGeometry.TryGetSet(old.Data.Bytes, key, height, out set)) set = FreemapGeometry.NextSet(set);
            reference.Data = new DataOffset(FreemapGeometry.OffsetOf(key, height, set), FreemapGeometry.BlockRadix);
            reference.MirrorTid = mirrorTid;
            reference.ModifyTid = old.ModifyTid;
            CheckCode.Store(ref reference, block);
            error |= _volumes.Write(reference.Data.Bytes, block);
            joined.Add(reference);
        }
        return joined;
    }

    /// <summary>The freemap of one GiB.</summary>
    private sealed class Leaf
    {
        private readonly byte[] _block;
        private readonly byte[]? _original;

        public Leaf(in Blockref reference, byte[]? block)
        {
            Reference = reference;
            _original = block;
            _block = block is null ? new byte[FreemapGeometry.BlockBytes] : (byte[])block.Clone();
        }

        public Blockref Reference { get; private set; }

        public Span<FreemapEntry> Entries => MemoryMarshal.Cast<byte, FreemapEntry>(_block.AsSpan());

        public bool IsChanged => _original is null || !_block.AsSpan().SequenceEqual(_original);

        public Hammer2Error Write(VolumeSet volumes, ulong key, ulong mirrorTid)
        {
            Blockref reference = Reference;
            const int level = FreemapGeometry.LevelLeaf;
            int set = FreemapGeometry.TryGetSet(reference.Data.Bytes, key, level, out int old)
                ? FreemapGeometry.NextSet(old)
                : 0;
            reference.Data = new DataOffset(FreemapGeometry.OffsetOf(key, level, set), FreemapGeometry.BlockRadix);
            reference.MirrorTid = mirrorTid;
            reference.FreemapBigMask = uint.MaxValue;
            CheckCode.Store(ref reference, _block);
            Reference = reference;
            return volumes.Write(reference.Data.Bytes, _block);
        }
    }
}
