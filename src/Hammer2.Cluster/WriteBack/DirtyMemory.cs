// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Cluster.WriteBack;

/// <summary>What the dirty inodes and blocks of all PFSs of a process use of its memory, and the bounds of
/// that.</summary>
/// <remarks>Thread-safe, without a lock.</remarks>
public sealed class DirtyMemory
{
    /// <summary>Bytes that a dirty inode is counted as, with its frozen image, its entries and its blocks'
    /// descriptions. Measured: 3.5 KiB for empty files in one directory.</summary>
    public const int BytesPerInode = 4096;

    private const long OpenBytesDefault = 64L << 20;
    private const int InodesDefault = 32768;

    private int _inodes;
    private long _openBytes;

    /// <summary>Most dirty inodes, those that a commit is writing included.</summary>
    public int InodesMax { get; init; } = InodesDefault;

    /// <summary>Most bytes of open blocks.</summary>
    public long OpenBytesMax { get; init; } = OpenBytesDefault;

    /// <summary>Dirty inodes at present.</summary>
    public int Inodes => Volatile.Read(ref _inodes);

    /// <summary>True when open blocks have to be sealed.</summary>
    public bool HasTooManyOpen => Volatile.Read(ref _openBytes) > OpenBytesMax;

    /// <summary>Bounds for a process that may use so much memory for dirty data.</summary>
    /// <param name="bytes">Half of it is for inodes, at least 256 of them.</param>
    public static DirtyMemory OfBytes(long bytes) => new()
    {
        InodesMax = (int)Math.Clamp(bytes / 2 / BytesPerInode, 256, 1 << 20),
        OpenBytesMax = Math.Min(bytes / 4, OpenBytesDefault),
    };

    internal void AddInodes(int count) => _ = Interlocked.Add(ref _inodes, count);

    internal void AddOpen(long bytes) => _ = Interlocked.Add(ref _openBytes, bytes);
}
