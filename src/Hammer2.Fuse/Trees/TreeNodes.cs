// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Trees;

/// <summary>
/// The node ids of objects of the mounted PFS: the inode number, and above it 15 bits with the number of its tree in
/// this mount. A rollback shows another tree, in which an inode number may stand for another object or for an earlier
/// state of one; node ids differ, so that no request about the one is taken for one about the other.
/// </summary>
/// <remarks>The first tree has number 0, so that node ids are inode numbers, of any length, until the first rollback.
/// The root directory is node 1 in every tree, as the protocol wants it.</remarks>
internal static class TreeNodes
{
    /// <summary>The most trees that a mount can show in its lifetime.</summary>
    public const int TreesMax = 1 << 15;

    /// <summary>The greatest inode number that a tree after the first can show.</summary>
    public const ulong InumMax = (1UL << InumBits) - 1;

    private const int InumBits = 48;
    private const ulong RootNode = 1;

    /// <summary>The node id of an object.</summary>
    /// <param name="tree">Number of the tree.</param>
    /// <param name="inum">Its inode number; 0 for none.</param>
    /// <returns>0 for none, and for a number that is too great.</returns>
    public static ulong Of(int tree, ulong inum)
    {
        if (tree == 0 || inum is 0 or RootNode) return inum;
        return inum > InumMax ? 0 : ((ulong)tree << InumBits) | inum;
    }

    /// <summary>True when a node id is of a tree.</summary>
    public static bool IsOf(int tree, ulong node) =>
        node == RootNode || tree == 0 || node >> InumBits == (ulong)tree;

    /// <summary>The inode number of a node of a tree.</summary>
    public static ulong InumOf(int tree, ulong node) => tree == 0 ? node : node & InumMax;
}
