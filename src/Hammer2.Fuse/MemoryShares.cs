// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>The shares of the memory limit of a daemon (<c>-o memory=</c>).</summary>
/// <param name="CacheBytes">Bytes for caches of metadata and of file blocks.</param>
/// <param name="DirtyBytes">Bytes for dirty inodes and blocks.</param>
/// <param name="CollectBytes">Heap size, garbage included, above which garbage is collected.</param>
/// <remarks>The rest is for garbage and buffers: the daemon's resident memory stays below the limit plus 64
/// MiB.</remarks>
internal readonly record struct MemoryShares(long CacheBytes, long DirtyBytes, long CollectBytes)
{
    /// <summary>Divides the memory.</summary>
    /// <param name="bytes">The bound.</param>
    /// <param name="isReadOnly">True when nothing is dirty until a remount makes a mount writable: less is left for
    /// garbage then.</param>
    public static MemoryShares Of(long bytes, bool isReadOnly) =>
        isReadOnly
        ? new(bytes / 4 * 3, bytes / 8, bytes / 8 * 7)
        : new(bytes / 16 * 7, bytes / 4, bytes / 4 * 3);
}
