// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>
/// The freemap of one filesystem in memory: its nodes wholly, its leaves as they are needed. Leaves are
/// changed in place here; on media a changed block goes to the next of its eight locations.
/// </summary>
/// <remarks>
/// Upstream: the chains below <c>hmp->fchain</c>. Not thread-safe: <see cref="FreemapAllocator"/> holds its
/// lock (rank 55) around every call.
/// </remarks>
internal sealed partial class FreemapTree
{
    private readonly VolumeSet _volumes;
    private readonly MediaFaultLog _faults;
    private readonly ulong _allocatorBegin;
    private ulong _totalBytes;
    private readonly FreemapNode _root = new(FreemapNode.RootSlots);
    private readonly SortedDictionary<ulong, FreemapLeaf> _leaves = [];
    private readonly byte[] _nodeBlock = new byte[FreemapGeometry.BlockBytes];      // of the node being written
    private int _unseen;

    /// <summary>An empty tree over the volumes; <see cref="Load"/> fills it.</summary>
    public FreemapTree(VolumeSet volumes, MediaFaultLog faults)
    {
        _volumes = volumes;
        _faults = faults;
        _allocatorBegin = volumes.Header.Fields.AllocatorBegin;
        _totalBytes = volumes.TotalBytes;
    }

    /// <summary>True when a block was changed since the last <see cref="Write"/>.</summary>
    public bool IsDirty => _root.IsDirty;

    /// <summary>Reads the nodes from the header's references downward. Leaves are read when needed.</summary>
    /// <returns>None; Io, Check or Corrupt, which were logged with the location.</returns>
    /// <remarks>The leaves below a lost node of the lowest level are replaced, as <see cref="Replace"/>.</remarks>
    public Hammer2Error Load()
    {
        ReadOnlySpan<Blockref> blockset = _volumes.Header.FreemapBlockset;
        if (MediaValidator.Table(blockset, BlockrefType.FreemapRoot) is { } fault)
        {
            _faults.Report(default, Hammer2Error.Corrupt, $"the volume header's freemap references: {fault}");
            return Hammer2Error.Corrupt;
        }
        Hammer2Error error = LoadChildren(_root, blockset);
        if (error != Hammer2Error.None) return error;
        foreach (Blockref lost in Lost) _root.MarkPathDirty(lost.Key);
        CountUntouched();
        return error;
    }

    /// <summary>The leaves that exist, by key.</summary>
    public IEnumerable<FreemapLeaf> Leaves => _leaves.Values;

    /// <summary>Known free space: in leaves that were read, and in GiB without a leaf.</summary>
    public FreeSpace Known { get; private set; }

    /// <summary>True when every leaf was read.</summary>
    public bool IsAllKnown => _unseen == 0;

    /// <summary>Reads further leaves until this much is known to be free.</summary>
    /// <param name="wanted">So much.</param>
    /// <param name="replaces">True to replace leaves that cannot be read, as <see cref="Replace"/>.</param>
    /// <returns>None; the OR-ed faults of leaves that could not be read, whose space does not count.</returns>
    public Hammer2Error CountUntil(FreeSpace wanted, bool replaces = false)
    {
        if (IsAllKnown) return Hammer2Error.None;
        Hammer2Error errors = Hammer2Error.None;
        foreach (FreemapLeaf leaf in _leaves.Values)
        {
            if (Known.Bytes >= wanted.Bytes && Known.RunBytes >= wanted.RunBytes) break;
            if (leaf.IsCounted) continue;
            Hammer2Error error = GetLeaf(leaf.Reference.Key, out _);
            errors |= error;
            if (error == Hammer2Error.None) Leave(leaf);
            else if (replaces) Replace(leaf);
        }
        return errors;
    }

    /// <summary>Drops the entries of a leaf that equal those on media, unless there are few leaves: what is in memory
    /// is not lost when its place on media becomes unreadable.</summary>
    public void Leave(FreemapLeaf leaf)
    {
        if (!KeepsLeaves) leaf.Detach();
    }

    /// <summary>Discards (TRIM) a range of the device.</summary>
    public Hammer2Error Discard(ulong address, long bytes) => _volumes.Discard(address, bytes);

    /// <summary>Updates the counts of a leaf whose entries changed.</summary>
    public void Adjust(FreemapLeaf leaf, FreeSpace change)
    {
        leaf.Free += change;
        Known += change;
    }

    private void CountUntouched()
    {
        foreach (FreemapLeaf leaf in _leaves.Values)
            if (!leaf.IsCounted) _unseen++;
        for (ulong zone = 0; zone < _totalBytes; zone += Media.ZoneBytes)
        {
            if (HasLeaf(zone)) continue;
            Known += UntouchedIn(zone, Math.Min(zone + Media.ZoneBytes, _totalBytes), _totalBytes);
        }
    }

    // The space of whole segments without a leaf.
    private FreeSpace UntouchedIn(ulong first, ulong end, ulong totalBytes)
    {
        var free = default(FreeSpace);
        for (ulong address = first; address + Media.SegmentBytes <= end; address += Media.SegmentBytes)
        {
            if (FreemapGeometry.IsAllocatable(address, _allocatorBegin, totalBytes))
                free += new FreeSpace(Media.SegmentBytes, Media.SegmentBytes);
        }
        return free;
    }

    /// <summary>Makes the filesystem larger; all of the new space is free.</summary>
    /// <param name="from">Where the new space begins: the present end, or before it when what follows goes to another
    /// volume.</param>
    /// <param name="totalBytes">The new size of the filesystem, a multiple of a segment, more than before.</param>
    /// <param name="takeEffect">Gives the volumes their new places, after everything that is needed was read.</param>
    /// <param name="gained">What can be allocated more than before.</param>
    /// <returns>None; the fault of a leaf that could not be read, or Busy when space after <paramref name="from"/> is
    /// not free: nothing was changed then.</returns>
    /// <remarks>The leaf over the old end marks what was past it as allocated. Upstream's growfs leaves that so, and
    /// its bulkfree frees it later.</remarks>
    public Hammer2Error Extend(ulong from, ulong totalBytes, Action takeEffect, out FreeSpace gained)
    {
        gained = default;
        ulong first = FreemapGeometry.KeyOf(from, FreemapGeometry.LevelLeaf);
        for (ulong zone = first; zone < totalBytes; zone += Media.ZoneBytes)
        {
            if (!HasLeaf(zone)) continue;
            Hammer2Error error = GetLeaf(zone, out FreemapLeaf? leaf);
            if (error == Hammer2Error.None && !IsFree(leaf!, from)) error = Hammer2Error.Busy;
            if (error != Hammer2Error.None) return error;
        }
        takeEffect();
        for (ulong zone = first; zone < totalBytes; zone += Media.ZoneBytes)
        {
            ulong begin = Math.Max(zone, from), end = Math.Min(zone + Media.ZoneBytes, totalBytes);
            if (_leaves.TryGetValue(zone, out FreemapLeaf? leaf)) gained += Free(leaf, begin, end, totalBytes);
            else
            {
                ulong endBefore = Math.Clamp(_totalBytes, begin, end);
                FreeSpace untouched = UntouchedIn(begin, end, totalBytes) - UntouchedIn(begin, endBefore, _totalBytes);
                Known += untouched;
                gained += untouched;
            }
        }
        // Blocks of the freemap in space that goes to another volume are written anew there.
        if (from < _totalBytes) _root.MarkPathDirty(from);
        _totalBytes = totalBytes;
        return Hammer2Error.None;
    }

    // Whether nothing is in use between an address and the end.
    private bool IsFree(FreemapLeaf leaf, ulong from)
    {
        ulong end = Math.Min(leaf.Reference.Key + Media.ZoneBytes, _totalBytes);
        for (ulong address = Math.Max(leaf.Reference.Key, from); address < end; address += Media.SegmentBytes)
        {
            if (!FreemapGeometry.IsAllocatable(address, _allocatorBegin, _totalBytes)) continue;
            ref FreemapEntry entry = ref leaf.Entries[FreemapGeometry.EntryOf(address)];
            if (entry.Count(GranuleState.Free) != FreemapEntry.GranulesTotal) return false;
        }
        return true;
    }

    private FreeSpace Free(FreemapLeaf leaf, ulong begin, ulong end, ulong totalBytes)
    {
        var change = default(FreeSpace);
        for (ulong address = begin; address < end; address += Media.SegmentBytes)
        {
            if (!FreemapGeometry.IsAllocatable(address, _allocatorBegin, totalBytes)) continue;
            ref FreemapEntry entry = ref leaf.Entries[FreemapGeometry.EntryOf(address)];
            FreeSpace before = FreeSpace.Of(entry);
            leaf.Reference.FreemapAvailable += Media.SegmentBytes - (ulong)entry.AvailableBytes;
            entry = default;
            entry.AvailableBytes = Media.SegmentBytes;
            change += FreeSpace.Of(entry) - before;
        }
        leaf.Reference.FreemapBigMask = uint.MaxValue;
        Adjust(leaf, change);
        MarkDirty(leaf);
        return change;
    }

    /// <summary>
    /// The leaf of an address: read, or created if there never was an allocation in its GiB.
    /// </summary>
    public Hammer2Error GetLeaf(ulong address, out FreemapLeaf? leaf)
    {
        ulong key = FreemapGeometry.KeyOf(address, FreemapGeometry.LevelLeaf);
        if (!_leaves.TryGetValue(key, out leaf))
        {
            leaf = FreemapLeaf.Create(key, _allocatorBegin, _totalBytes);
            _root.Insert(leaf);
            _leaves.Add(key, leaf);
        }
        if (leaf.IsLoaded) return Hammer2Error.None;
        byte[] block = new byte[FreemapGeometry.BlockBytes];
        Hammer2Error error = ReadBlock(leaf.Reference, block);
        if (error != Hammer2Error.None) return error;
        bool isFirst = !leaf.IsCounted;
        leaf.Attach(block);
        if (!isFirst) return error;
        _unseen--;
        Known += leaf.Free;
        return error;
    }

    /// <summary>The leaf of an address if its free space is known. Its entries may not be in memory.</summary>
    public bool TryGetCounted(ulong address, out FreemapLeaf? leaf) =>
        _leaves.TryGetValue(FreemapGeometry.KeyOf(address, FreemapGeometry.LevelLeaf), out leaf) && leaf.IsCounted;

    /// <summary>True when a leaf of the address exists, on media or in memory.</summary>
    public bool HasLeaf(ulong address) =>
        _leaves.ContainsKey(FreemapGeometry.KeyOf(address, FreemapGeometry.LevelLeaf));

    /// <summary>Marks a leaf and the nodes above it as changed.</summary>
    public void MarkDirty(FreemapLeaf leaf)
    {
        if (leaf.IsDirty) return;
        leaf.IsDirty = true;
        _root.MarkPathDirty(leaf.Reference.Key);
    }

    /// <summary>Writes all changed blocks to their next locations and returns the references for the
    /// header.</summary>
    /// <param name="tid">mirror_tid of the commit.</param>
    /// <param name="blockset">Receives the four references.</param>
    public Hammer2Error Write(ulong tid, Span<Blockref> blockset)
    {
        Hammer2Error error = WriteChildren(_root, tid);
        if (error != Hammer2Error.None) return error;
        _root.IsDirty = false;
        _root.StoreReferences(blockset);
        return Hammer2Error.None;
    }

    private Hammer2Error LoadChildren(FreemapNode node, ReadOnlySpan<Blockref> table)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty) continue;
            if (reference.Type == BlockrefType.FreemapLeaf)
            {
                var leaf = new FreemapLeaf(reference);
                if (!_leaves.TryAdd(reference.Key, leaf)) return Twice(reference);
                node.Children.Add(reference.Key, leaf);
                continue;
            }
            var child = new FreemapNode(FreemapGeometry.EntriesTotal) { Reference = reference };
            node.Children.Add(reference.Key, child);
            byte[] block = new byte[FreemapGeometry.BlockBytes];
            Hammer2Error error = ReadBlock(reference, block);
            if (error != Hammer2Error.None && TryReplaceBelow(child)) continue;
            if (error != Hammer2Error.None) return TooMuchLost(reference, error);
            error = LoadChildren(child, MemoryMarshal.Cast<byte, Blockref>(block.AsSpan()));
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error Twice(in Blockref reference)
    {
        _faults.Report(reference, Hammer2Error.Corrupt, "the freemap has a second leaf for the same space");
        return Hammer2Error.Corrupt;
    }

    private Hammer2Error TooMuchLost(in Blockref reference, Hammer2Error error)
    {
        _faults.Report(reference, error, "a node high up in the freemap cannot be read; `hammer2 fsck --repair` makes "
            + "the freemap anew");
        return error;
    }

    private Hammer2Error ReadBlock(in Blockref reference, byte[] block)
    {
        Hammer2Error error = _volumes.Read(reference.Data.Bytes, block);
        // Read once more: a commit may depend on it.
        if (error == Hammer2Error.Io) error = _volumes.Read(reference.Data.Bytes, block);
        string reason = "the device could not read it";
        if (error == Hammer2Error.None && !CheckCode.Verify(reference, block))
            (error, reason) = (Hammer2Error.Check, "the check code of the freemap block does not match");
        if (error == Hammer2Error.None && MediaValidator.Freemap(reference, block) is { } fault)
            (error, reason) = (Hammer2Error.Corrupt, fault.ToString());
        if (error != Hammer2Error.None) _faults.Report(reference, error, reason);
        return error;
    }

    private Hammer2Error WriteChildren(FreemapNode node, ulong tid)
    {
        foreach (FreemapBlock child in node.Children.Values)
        {
            if (!child.IsDirty) continue;
            Hammer2Error error = Hammer2Error.None;
            byte[] block;
            if (child is FreemapNode below)
            {
                error = WriteChildren(below, tid);
                if (error != Hammer2Error.None) return error;
                block = _nodeBlock;
                below.StoreReferences(MemoryMarshal.Cast<byte, Blockref>(block.AsSpan()));
            }
            else block = ((FreemapLeaf)child).Block;
            child.MoveToNextLocation(tid, block);
            error = _volumes.Write(child.Reference.Data.Bytes, block);
            if (error != Hammer2Error.None)
            {
                _faults.Report(child.Reference, error, "the device could not write the freemap block");
                return error;
            }
            child.IsDirty = false;
        }
        return Hammer2Error.None;
    }
}
