// SPDX-License-Identifier: BSD-3-Clause
using System.Numerics;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>A sealed block with all that is needed to encode it.</summary>
/// <param name="File">The file; knows how well its blocks compressed so far.</param>
/// <param name="Key">First byte of the block in the file.</param>
/// <param name="Block">The block.</param>
/// <param name="LogicalBytes">How much of it the file needs: a power of two, 1 KiB to 64 KiB.</param>
/// <param name="CompressionPolicy">The file's, as its inode has it.</param>
/// <param name="Check">The file's check method.</param>
internal readonly record struct SealedBlock(
    DirtyInode File, ulong Key, DirtyBlock Block, int LogicalBytes, byte CompressionPolicy, CheckMethod Check)
{
    /// <summary>A block of a file as its inode is now, or was when it was frozen.</summary>
    /// <param name="file">The file.</param>
    /// <param name="meta">Its meta part; its size is past <paramref name="key"/>.</param>
    /// <param name="key">First byte of the block.</param>
    /// <param name="block">The block.</param>
    public static SealedBlock Of(DirtyInode file, in InodeMeta meta, ulong key, DirtyBlock block) => new(
        file, key, block, LogicalBytesOf(meta.Size - key), meta.CompressionPolicy, meta.Check);

    // Of a block that this many bytes of the file follow from its start on.
    private static int LogicalBytesOf(ulong toEnd)
    {
        if (toEnd >= Media.FileBlockBytes) return Media.FileBlockBytes;
        return (int)Math.Max(BitOperations.RoundUpToPowerOf2((uint)toEnd), Media.AllocationBytesMin);
    }
}
