// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Admin.Recovery;

/// <summary>A set of inode numbers. They are given in ascending order, so that a bitmap for each 4096 numbers of which
/// one is in the set needs little more than a bit for each inode.</summary>
internal sealed class InumSet
{
    private const int ChunkRadix = 12;
    private const int WordBits = 64;

    private readonly Dictionary<ulong, ulong[]> _chunks = [];

    /// <summary>Adds a number.</summary>
    public void Add(ulong inum)
    {
        if (!_chunks.TryGetValue(inum >> ChunkRadix, out ulong[]? words))
            _chunks.Add(inum >> ChunkRadix, words = new ulong[(1 << ChunkRadix) / WordBits]);
        words[WordOf(inum)] |= 1UL << (int)(inum % WordBits);
    }

    /// <summary>True when the number is in the set.</summary>
    public bool Contains(ulong inum) => _chunks.TryGetValue(inum >> ChunkRadix, out ulong[]? words)
        && (words[WordOf(inum)] & (1UL << (int)(inum % WordBits))) != 0;

    private static int WordOf(ulong inum) => (int)(inum & ((1 << ChunkRadix) - 1)) / WordBits;
}
