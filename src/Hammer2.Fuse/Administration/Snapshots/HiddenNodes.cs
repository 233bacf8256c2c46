// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>The node ids of the hidden directories that each directory of the mounted PFS has: those of two snapshots
/// that are none, and the inode number of the directory.</summary>
internal static class HiddenNodes
{
    private const int Top = SnapshotNodes.SnapshotsMax + 1;
    private const int List = SnapshotNodes.SnapshotsMax + 2;

    /// <summary>True for both.</summary>
    public static bool IsOf(ulong node) => IsTop(node) || IsList(node);

    /// <summary>The directory <c>.hammer2</c> of a directory.</summary>
    /// <param name="inum">Its inode number, at most <see cref="SnapshotNodes.InumMax"/>.</param>
    public static ulong TopOf(ulong inum) => SnapshotNodes.Of(Top, inum);

    /// <summary>True for such a directory.</summary>
    public static bool IsTop(ulong node) => SnapshotNodes.IsOf(node) && SnapshotNodes.SnapshotOf(node) == Top;

    /// <summary>The directory <c>snapshots</c> in it.</summary>
    /// <param name="inum">As above.</param>
    public static ulong ListOf(ulong inum) => SnapshotNodes.Of(List, inum);

    /// <summary>True for such a directory.</summary>
    public static bool IsList(ulong node) => SnapshotNodes.IsOf(node) && SnapshotNodes.SnapshotOf(node) == List;
}
