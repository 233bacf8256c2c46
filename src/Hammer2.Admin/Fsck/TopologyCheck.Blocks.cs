// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

internal sealed partial class TopologyCheck
{
    /// <summary>True when the very block was met before, in this or another PFS.</summary>
    private bool IsKnown(in Blockref reference) =>
        _context.Ledger.Has(reference.Data.Bytes, reference.Data.SizeBytes);

    /// <summary>
    /// Reads the block of a reference that leads to names, inodes or references, after judging its place. False
    /// when nothing below it can be used; why was reported.
    /// </summary>
    private bool TryEnter(scoped in FsckPlace place, scoped in Blockref reference, out ReadOnlySpan<byte> block)
    {
        block = default;
        if (place.Depth >= DepthMax)
        {
            _context.Add(FsckSeverity.Error, FsckCode.Depth, place, reference,
                $"blocks are nested more than {DepthMax} deep");
            return false;
        }
        LedgerAnswer answer = Enlist(place, reference);
        Span<byte> stored = (_buffers[place.Depth] ??= new byte[Media.AllocationBytesMax])
            .AsSpan(0, reference.Data.SizeBytes);
        if (!_context.TryRead(place, reference, stored)) return false;
        if (answer is not LedgerAnswer.New and not LedgerAnswer.Known) return false;
        BlockSet seen = place.Pfs?.Seen ?? _superRootSeen;
        if (!seen.Add(reference.Data.Bytes))
        {
            _context.Add(FsckSeverity.Error, FsckCode.SharedWithin, place, reference,
                $"another reference of the same PFS leads to the block of {FsckContext.Describe(reference)} too");
            return false;
        }
        block = stored;
        return true;
    }

    /// <summary>Puts a block among those in use, unless it lies where none may.</summary>
    private LedgerAnswer Enlist(in FsckPlace place, in Blockref reference)
    {
        ulong address = reference.Data.Bytes;
        int size = reference.Data.SizeBytes;
        if (PlaceFault(address, size) is { } fault)
        {
            _context.Add(FsckSeverity.Error, FsckCode.ReferencePlace, place, reference,
                $"{FsckContext.Describe(reference)} lies {fault}");
            if (!_context.Volumes.TryFindVolume(address, size, out _)) return LedgerAnswer.Known;
        }
        bool isData = reference.Type == BlockrefType.Data;
        bool isRecorded = reference.MirrorTid <= _context.Header.FreemapTid;
        LedgerAnswer answer = _context.Ledger.Add(address, size, isData, isRecorded);
        if (answer is LedgerAnswer.Overlap or LedgerAnswer.OtherKind)
        {
            _context.Add(FsckSeverity.Error, FsckCode.Overlap, place, reference, answer == LedgerAnswer.Overlap
                ? $"the block of {FsckContext.Describe(reference)} lies over another one"
                : $"the block of {FsckContext.Describe(reference)} is another kind of block elsewhere");
        }
        return answer;
    }

    private string? PlaceFault(ulong address, int size)
    {
        ref readonly VolumeHeaderSector header = ref _context.Header;
        if (!_context.Volumes.TryFindVolume(address, size, out Volume? volume)) return "outside all volumes";
        if (FreemapGeometry.IsReserved(address)) return "in space kept for headers and freemap";
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
