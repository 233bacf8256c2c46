// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>The most space that an operation can need in the commit of its group.</summary>
/// <remarks>
/// Copy-on-write rewrites, for each changed leaf, the block of references that it is in, and above that blocks whose
/// number grows by one for each 64 of those at worst, beside one path to the root. So a leaf is charged its own block
/// of references and half of another, which covers splits and its part of the levels above. A path is charged for the
/// first leaf of an inode in a group, and in the index of inodes for the first inode that an operation adds to a group:
/// the others are in the same commit, because they depend on it. A large sparse file has longer paths.
/// </remarks>
internal static class SpaceCost
{
    /// <summary>For one more changed leaf of an inode.</summary>
    public const long LeafBytes = 24 << 10;

    /// <summary>For the first changed leaf of an inode in a group.</summary>
    public const long FirstLeafBytes = LeafBytes + PathBytes;

    // The blocks of references above a block of file data: each level covers 128 times as much, and the inode has four
    // references. The path of a leaf has three of them, and one that a split adds.
    private const int LevelsOfPath = 3;
    private const int LevelsMax = 7;
    private const int LevelBits = 7;
    private const int TopBits = 18;

    /// <summary>For a changed inode that depends on another one: its block, and its leaf in the index.</summary>
    public const long DependentInodeBytes = LeafBytes + (1 << 10);

    /// <summary>For a changed inode.</summary>
    public const long InodeBytes = DependentInodeBytes + PathBytes;

    // Three blocks of references of 16 KiB, of which half of one is in the charge of the leaf, the PFS root and the
    // super-root.
    private const long PathBytes = 42 << 10;

    // References to file data need at most this part of it.
    private const int DataPerReferences = 64;

    /// <summary>For the first changed block of a file in a group.</summary>
    /// <param name="end">Size of the file with this block in it, in bytes: blocks of a large sparse file may be further
    /// below the inode than those of any other tree.</param>
    public static long FirstBlockBytes(ulong end) =>
        FirstLeafBytes + (Math.Max(0, LevelsOf(end) - LevelsOfPath) * (long)Media.IndirectBytesNominal);

    /// <summary>For the first truncation of a file in a group, which rewrites the blocks of references across the new
    /// end.</summary>
    /// <param name="size">Size of the file before, in bytes.</param>
    public static long TruncationBytes(ulong size) => LevelsOf(size) == 0 ? 0 : FirstBlockBytes(size);

    /// <summary>The most that an operation can need.</summary>
    /// <param name="dataBytes">Of file data, in whole blocks.</param>
    /// <param name="leaves">Inodes, entries and blocks of file data that it changes.</param>
    public static long OfOperation(long dataBytes, int leaves)
    {
        long metadata = leaves * Math.Max(InodeBytes, FirstLeafBytes);
        if (dataBytes == 0) return metadata;
        const long Deepest = (LevelsMax - LevelsOfPath) * (long)Media.IndirectBytesNominal;
        // One block more, for a file whose content was embedded in its inode until now.
        return metadata + Deepest + dataBytes + Media.FileBlockBytes + (dataBytes / DataPerReferences);
    }

    private static int LevelsOf(ulong size)
    {
        int bits = 64 - System.Numerics.BitOperations.LeadingZeroCount(size == 0 ? 0 : size - 1);
        return Math.Min((Math.Max(bits - TopBits, 0) + LevelBits - 1) / LevelBits, LevelsMax);
    }
}
