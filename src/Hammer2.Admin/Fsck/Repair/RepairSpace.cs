// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>
/// Allocates space for repairs: granules without reachable blocks that are free in the committed freemap, so that
/// blocks of older headers are not overwritten.
/// </summary>
internal sealed class RepairSpace
{
    private readonly RepairFreemap _freemap;
    private readonly BlockLedger _ledger;
    private readonly Dictionary<BlockrefType, (ulong Next, int LeftBytes)> _open = [];
    private ulong _segment;
    private int _granule;

    public RepairSpace(RepairFreemap freemap, BlockLedger ledger)
    {
        _freemap = freemap;
        _ledger = ledger;
    }

    /// <summary>Allocates space for a block; small blocks of one type share granules.</summary>
    public bool TryAllocate(int sizeBytes, BlockrefType type, out ulong address)
    {
        address = 0;
        if (sizeBytes < Media.GranuleBytes && _open.TryGetValue(type, out (ulong Next, int LeftBytes) open)
            && open.LeftBytes >= sizeBytes)
        {
            address = open.Next;
            _open[type] = (open.Next + (ulong)sizeBytes, open.LeftBytes - sizeBytes);
        }
        else
        {
            int granules = Math.Max(1, sizeBytes / Media.GranuleBytes);
            if (!TryAllocateGranules(granules, out address)) return false;
            if (sizeBytes < Media.GranuleBytes)
                _open[type] = (address + (ulong)sizeBytes, Media.GranuleBytes - sizeBytes);
        }
        _ = _ledger.Add(address, sizeBytes, isData: false, isRecorded: true);
        _freemap.Classify(address, type);
        return true;
    }

    private bool TryAllocateGranules(int granules, out ulong address)
    {
        address = 0;
        for (; _segment < _freemap.SegmentsTotal; _segment++, _granule = 0)
        {
            if (!_freemap.MayAllocate(_segment)) continue;
            _granule = (_granule + granules - 1) / granules * granules;
            for (; _granule + granules <= FreemapEntry.GranulesTotal; _granule += granules)
            {
                if (!IsFree(granules)) continue;
                address = (_segment << Media.SegmentRadix) + ((ulong)_granule << Media.GranuleRadix);
                _granule += granules;
                return true;
            }
        }
        return false;
    }

    private bool IsFree(int granules)
    {
        for (int granule = _granule; granule < _granule + granules; granule++)
            if (_ledger.IsUsed(_segment, granule) || !_freemap.IsFree(_segment, granule)) return false;
        return true;
    }
}
