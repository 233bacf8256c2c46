// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>One bit for each granule of a window of the address space: 8 KiB a GiB.</summary>
public sealed class ReachedGranules
{
    private const int ZoneWords = (int)(Media.ZoneBytes / Media.GranuleBytes / 32);

    private readonly ulong _first;
    private readonly ulong _end;
    private readonly uint[] _words;

    /// <summary>An empty window of whole GiB.</summary>
    /// <param name="firstZone">The GiB it begins with.</param>
    /// <param name="zones">How many it covers.</param>
    public ReachedGranules(ulong firstZone, int zones)
    {
        _first = firstZone << Media.ZoneRadix;
        _end = (firstZone + (ulong)zones) << Media.ZoneRadix;
        _words = new uint[zones * ZoneWords];
    }

    /// <summary>True when an address lies in the window.</summary>
    public bool Covers(ulong address) => address >= _first && address < _end;

    /// <summary>Marks all granules that a block touches.</summary>
    public void Mark(in DataOffset block)
    {
        if (!Covers(block.Bytes)) return;
        ulong last = (block.Bytes + (ulong)block.SizeBytes - 1 - _first) >> Media.GranuleRadix;
        for (ulong granule = (block.Bytes - _first) >> Media.GranuleRadix; granule <= last; granule++)
            if (granule / 32 < (ulong)_words.Length) _words[granule / 32] |= 1u << (int)(granule % 32);
    }

    /// <summary>The 32 granules from an address on, which is a multiple of 512 KiB.</summary>
    public uint WordOf(ulong address) => _words[(address - _first) / (32 * Media.GranuleBytes)];
}

/// <summary>What passes of bulkfree did, in granules of 16 KiB.</summary>
public record struct BulkfreeCounts
{
    /// <summary>Allocated, and found without an owner: to be freed by the next pass that agrees.</summary>
    public long StagedGranules { get; set; }

    /// <summary>Of these, by the last pass: what a further pass would free.</summary>
    public long LastStagedGranules { get; set; }

    /// <summary>Made free.</summary>
    public long FreedGranules { get; set; }

    /// <summary>In use and not marked so: damage, which was repaired.</summary>
    public long MissingGranules { get; set; }

    /// <summary>What two parts did together.</summary>
    public static BulkfreeCounts operator +(in BulkfreeCounts left, in BulkfreeCounts right) => new()
    {
        StagedGranules = left.StagedGranules + right.StagedGranules,
        LastStagedGranules = left.LastStagedGranules + right.LastStagedGranules,
        FreedGranules = left.FreedGranules + right.FreedGranules,
        MissingGranules = left.MissingGranules + right.MissingGranules,
    };
}
