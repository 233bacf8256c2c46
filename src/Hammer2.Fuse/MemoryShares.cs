// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>How the memory that a daemon may use (<c>-o memory=</c>) is divided.</summary>
/// <param name="CacheBytes">For metadata and file blocks that were read.</param>
/// <param name="DirtyBytes">For dirty inodes and blocks.</param>
/// <param name="CollectBytes">Objects beyond this, garbage included, are collected.</param>
/// <remarks>What is left is the room of the garbage collector and of buffers: the daemon's resident memory stays below
/// the bound plus 64 MiB.</remarks>
internal readonly record struct MemoryShares(long CacheBytes, long DirtyBytes, long CollectBytes)
{
    /// <summary>Divides the memory.</summary>
    /// <param name="bytes">The bound.</param>
    /// <param name="isReadOnly">True when nothing is ever dirty.</param>
    public static MemoryShares Of(long bytes, bool isReadOnly) =>
        isReadOnly
        ? new(bytes / 4 * 3, 0, bytes / 8 * 7)
        : new(bytes / 16 * 7, bytes / 4, bytes / 4 * 3);
}
