// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>
/// The node ids of objects in snapshots, which are their inode numbers as well: the top bit, 19 bits with the number
/// of the snapshot in this mount, and the inode number in the snapshot. So no object of a snapshot has the number of
/// one of the mounted PFS or of another snapshot, and an id keeps its meaning as long as the mount lasts.
/// </summary>
internal static class SnapshotNodes
{
    /// <summary>The most snapshots that a mount can show in its lifetime; two numbers above are those of
    /// <see cref="HiddenNodes"/>.</summary>
    public const int SnapshotsMax = (1 << 19) - 3;

    /// <summary>The greatest inode number that can be shown.</summary>
    public const ulong InumMax = (1UL << InumBits) - 1;

    private const int InumBits = 44;
    private const ulong TopBit = 1UL << 63;

    /// <summary>True for the node id of an object in a snapshot.</summary>
    public static bool IsOf(ulong node) => node > (TopBit | InumMax);

    /// <summary>The node id of an object.</summary>
    /// <param name="snapshot">Number of the snapshot, from 1 on.</param>
    /// <param name="inum">Its inode number there.</param>
    /// <returns>0 when the inode number is too great.</returns>
    public static ulong Of(int snapshot, ulong inum) =>
        inum > InumMax ? 0 : TopBit | ((ulong)snapshot << InumBits) | inum;

    /// <summary>The number of the snapshot of a node.</summary>
    public static int SnapshotOf(ulong node) => (int)((node & ~TopBit) >> InumBits);

    /// <summary>The inode number of a node in its snapshot.</summary>
    public static ulong InumOf(ulong node) => node & InumMax;
}
