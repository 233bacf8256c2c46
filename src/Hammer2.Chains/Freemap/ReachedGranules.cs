// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>One bit for each granule of a window of the address space: 8 KiB per GiB.</summary>
public sealed class ReachedGranules
{
    private const int ZoneWords = (int)(Media.ZoneBytes / Media.GranuleBytes / 32);

    private readonly ulong _first;
    private readonly ulong _end;
    private readonly uint[] _words;

    /// <summary>An empty window of whole GiB.</summary>
    /// <param name="firstZone">The first GiB.</param>
    /// <param name="zones">Number of GiB.</param>
    public ReachedGranules(ulong firstZone, int zones)
    {
        _first = firstZone << Media.ZoneRadix;
        _end = (firstZone + (ulong)zones) << Media.ZoneRadix;
        _words = new uint[zones * ZoneWords];
    }

    /// <summary>True when an address is in the window.</summary>
    public bool Covers(ulong address) => address >= _first && address < _end;

    /// <summary>Marks all granules of a block.</summary>
    /// <returns>How many were not marked before.</returns>
    public int Mark(in DataOffset block)
    {
        if (!Covers(block.Bytes)) return 0;
        int marked = 0;
        ulong last = (block.Bytes + (ulong)block.SizeBytes - 1 - _first) >> Media.GranuleRadix;
        for (ulong granule = (block.Bytes - _first) >> Media.GranuleRadix; granule <= last; granule++)
        {
            if (granule / 32 >= (ulong)_words.Length) break;
            uint bit = 1u << (int)(granule % 32);
            ref uint word = ref _words[granule / 32];
            if ((word & bit) == 0) marked++;
            word |= bit;
        }
        return marked;
    }

    /// <summary>The 32 granules starting at an address, which is a multiple of 512 KiB.</summary>
    public uint WordOf(ulong address) => _words[(address - _first) / (32 * Media.GranuleBytes)];
}
