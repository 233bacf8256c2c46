// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Tests.Transactions;

/// <summary>Dirty inodes for tests of single types, without a mount.</summary>
internal static class TestInodes
{
    /// <summary>A new inode.</summary>
    /// <param name="inum">Its number.</param>
    /// <param name="isEmbedded">True when its content is in the inode.</param>
    /// <param name="node">The node that is read for it; null where none is asked.</param>
    public static DirtyInode Make(ulong inum, bool isEmbedded = false, PresentNode? node = null)
    {
        var meta = new InodeMeta
        {
            Inum = inum,
            Type = ObjectType.RegularFile,
            OperationFlags = isEmbedded ? OperationFlags.DirectData : default,
            CheckPolicy = (byte)CheckMethod.XxHash64,
        };
        return DirtyInode.Create(meta, new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None), node!);
    }
}
