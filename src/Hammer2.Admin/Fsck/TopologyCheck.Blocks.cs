// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

internal sealed partial class TopologyCheck
{
    /// <summary>True when the same block was found before, in this or another PFS.</summary>
    private bool IsKnown(in Blockref reference) =>
        _context.Ledger.Has(reference.Data.Bytes, reference.Data.SizeBytes);

    /// <summary>
    /// Reads the block of a reference to a name, inode or indirect block, after checking its offset. False when the
    /// block cannot be used; the reason was reported.
    /// </summary>
    private bool TryEnter(scoped in FsckPosition position, scoped in Blockref reference, out ReadOnlySpan<byte> block)
    {
        block = default;
        if (position.Depth >= DepthMax)
        {
            _context.Add(FsckSeverity.Error, FsckCode.Depth, position, reference,
                $"blocks are nested more than {DepthMax} deep");
            return false;
        }
        LedgerResult answer = Enlist(position, reference);
        Span<byte> stored = (_buffers[position.Depth] ??= new byte[Media.AllocationBytesMax])
            .AsSpan(0, reference.Data.SizeBytes);
        if (!_context.TryRead(position, reference, stored)) return false;
        if (answer is not LedgerResult.New and not LedgerResult.Known) return false;
        BlockSet seen = position.Pfs?.Seen ?? _superRootSeen;
        if (!seen.Add(reference.Data.Bytes))
        {
            _context.Add(FsckSeverity.Error, FsckCode.SharedWithin, position, reference,
                $"another reference of the same PFS refers to the block of {FsckContext.Describe(reference)} too");
            return false;
        }
        block = stored;
        return true;
    }

    /// <summary>Adds a block to the blocks in use, unless its offset is invalid.</summary>
    private LedgerResult Enlist(in FsckPosition position, in Blockref reference)
    {
        ulong address = reference.Data.Bytes;
        int size = reference.Data.SizeBytes;
        if (OffsetFault(address, size) is { } fault)
        {
            _context.Add(FsckSeverity.Error, FsckCode.ReferencePlace, position, reference,
                $"{FsckContext.Describe(reference)} is {fault}");
            if (!_context.Volumes.TryFindVolume(address, size, out _)) return LedgerResult.Known;
        }
        bool isData = reference.Type == BlockrefType.Data;
        bool isRecorded = reference.MirrorTid <= _context.Header.FreemapTid;
        LedgerResult answer = _context.Ledger.Add(address, size, isData, isRecorded);
        if (answer is LedgerResult.Overlap or LedgerResult.OtherKind)
        {
            _context.Add(FsckSeverity.Error, FsckCode.Overlap, position, reference, answer == LedgerResult.Overlap
                ? $"the block of {FsckContext.Describe(reference)} overlaps another one"
                : $"the block of {FsckContext.Describe(reference)} is also used as another type of block");
        }
        return answer;
    }

    private string? OffsetFault(ulong address, int size)
    {
        ref readonly VolumeHeaderSector header = ref _context.Header;
        if (!_context.Volumes.TryFindVolume(address, size, out Volume? volume)) return "outside all volumes";
        if (FreemapGeometry.IsReserved(address)) return "in space reserved for headers and freemap";
        if (volume.Index == 0 && Meets(address, size, header.BootBegin, header.BootEnd)) return "in the boot area";
        if (volume.Index == 0 && Meets(address, size, header.AuxBegin, header.AuxEnd)) return "in the aux area";
        ulong inGranule = address & (Media.GranuleBytes - 1);
        if (size >= Media.GranuleBytes ? (address & (ulong)(size - 1)) != 0 : inGranule + (ulong)size > Media.GranuleBytes)
            return "across granules, which no allocator does";
        return null;
    }

    private static bool Meets(ulong address, int size, ulong begin, ulong end) =>
        address < end && address + (ulong)size > begin;
}
