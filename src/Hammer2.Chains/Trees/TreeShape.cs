// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>The owner of a tree, which determines how its tables grow.</summary>
/// <param name="TopSlots">References in the top table: those of an inode or of the volume header.</param>
/// <param name="FirstIndirectBytes">Size of an indirect block right under the top: 4 KiB under a directory,
/// 16 KiB under a file and under the volume header.</param>
/// <param name="Check">Check method of indirect blocks.</param>
public readonly record struct TreeShape(int TopSlots, int FirstIndirectBytes, CheckMethod Check)
{
    /// <summary>Returns the shape of the tree below an inode.</summary>
    /// <param name="type">The type of the inode.</param>
    /// <param name="check">Check method of the reference to the inode; metadata gets a check code even if the file's
    /// data has none.</param>
    public static TreeShape OfInode(ObjectType type, CheckMethod check) => new(
        Media.BlocksetCount,
        type == ObjectType.Directory ? Media.IndirectBytesMin : Media.IndirectBytesNominal,
        check == CheckMethod.None ? CheckMethod.XxHash64 : check);
}
