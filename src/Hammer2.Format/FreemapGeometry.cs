// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>
/// The offsets of freemap blocks, and which bits of the freemap describe an address. Pure arithmetic: an address is a
/// byte offset in the filesystem's address space, which is also the freemap's key.
/// </summary>
/// <remarks>
/// A block of level n covers 2^(22 + 8n) bytes. Freemap blocks are never allocated: each has eight fixed offsets in the
/// first 4 MiB of the space it covers, which are written in rotation. Upstream: the comment over
/// <c>HAMMER2_FREEMAP_LEVEL0_RADIX</c>, hammer2_disk.h.
/// </remarks>
public static class FreemapGeometry
{
    /// <summary>Bytes of a node or leaf.</summary>
    public const int BlockBytes = 1 << BlockRadix;

    /// <summary>log2 of <see cref="BlockBytes"/>.</summary>
    public const int BlockRadix = 15;

    /// <summary>Entries of a leaf, references of a node.</summary>
    public const int EntriesTotal = BlockBytes / FreemapEntry.SizeBytes;

    /// <summary>The level of leaves; nodes are above it.</summary>
    public const int LevelLeaf = 1;

    /// <summary>The highest level that is a block. Above it are the four references in the header.</summary>
    public const int LevelMax = 5;

    /// <summary>Number of offsets (sets) to which each block is written in rotation.</summary>
    public const int SetsTotal = 8;

    private const int LevelBits = 8;
    private const int SlotBytes = Media.BufferBytes;

    /// <summary>Key bits of a reference to a block of <paramref name="level"/>, 1 to 5.</summary>
    public static int KeyBitsOf(int level) => Media.SegmentRadix + (LevelBits * level);

    /// <summary>Finds the level, 1 to 5, of a reference with <paramref name="keyBits"/>; false when no level has that
    /// number of key bits.</summary>
    public static bool TryGetLevel(int keyBits, out int level)
    {
        (level, int odd) = Math.DivRem(keyBits - Media.SegmentRadix, LevelBits);
        return odd == 0 && level is >= LevelLeaf and <= LevelMax;
    }

    /// <summary>The lowest address that the block of <paramref name="level"/> over
    /// <paramref name="address"/> covers.</summary>
    public static ulong KeyOf(ulong address, int level) => address & ~((1UL << KeyBitsOf(level)) - 1);

    /// <summary>The offset of the block of <paramref name="level"/> over <paramref name="address"/> in set
    /// <paramref name="setIndex"/>, 0 to 7.</summary>
    public static ulong OffsetOf(ulong address, int level, int setIndex) =>
        KeyOf(address, level) + ((ulong)SlotBytes * (ulong)(1 + (setIndex * LevelMax) + level - LevelLeaf));

    /// <summary>
    /// Finds which set <paramref name="offset"/> belongs to. False when it is not one of the eight offsets of the block
    /// of <paramref name="level"/> over <paramref name="key"/>.
    /// </summary>
    public static bool TryGetSet(ulong offset, ulong key, int level, out int setIndex)
    {
        for (setIndex = 0; setIndex < SetsTotal; setIndex++)
        {
            if (OffsetOf(key, level, setIndex) == offset) return true;
        }

        return false;
    }

    /// <summary>The set that is written after <paramref name="setIndex"/>.</summary>
    public static int NextSet(int setIndex) => (setIndex + 1) % SetsTotal;

    /// <summary>True in the first 4 MiB of each GiB, where headers and the freemap live.</summary>
    public static bool IsReserved(ulong address) =>
        (address & ((ulong)Media.ZoneBytes - 1)) < Media.ZoneReservedBytes;

    /// <summary>The index of the entry that describes <paramref name="address"/> in its leaf, 0 to 255.</summary>
    public static int EntryOf(ulong address) => (int)((address >> Media.SegmentRadix) & (EntriesTotal - 1));

    /// <summary>The index of the granule that contains <paramref name="address"/> in its entry, 0 to 255.</summary>
    public static int GranuleOf(ulong address) =>
        (int)((address >> Media.GranuleRadix) & (FreemapEntry.GranulesTotal - 1));

    /// <summary>
    /// True when the 4 MiB around <paramref name="address"/> may hold allocated blocks: not in a
    /// reserved range, wholly at or above <paramref name="allocatorBegin"/> and below
    /// <paramref name="totalBytes"/>. Entries of other segments are all allocated.
    /// </summary>
    public static bool IsAllocatable(ulong address, ulong allocatorBegin, ulong totalBytes)
    {
        ulong segment = address & ~(ulong)(Media.SegmentBytes - 1);
        return !IsReserved(segment) && segment >= allocatorBegin && segment < totalBytes;
    }

    /// <summary>Number of leaves of a filesystem of <paramref name="totalBytes"/> when all exist.</summary>
    public static ulong LeavesTotal(ulong totalBytes) =>
        (totalBytes >> Media.ZoneRadix) + ((totalBytes & ((ulong)Media.ZoneBytes - 1)) == 0 ? 0UL : 1UL);
}
