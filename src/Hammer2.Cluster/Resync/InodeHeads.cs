// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Compares the fields of inodes of two nodes. A pure function.</summary>
internal static class InodeHeads
{
    /// <summary>True when meta part and name area are the same, byte for byte.</summary>
    public static bool IsSame(Chain left, Chain right) =>
        MetaOf(left).SequenceEqual(MetaOf(right)) && left.InodeName.SequenceEqual(right.InodeName)
        && left.AfterInodeName.SequenceEqual(right.AfterInodeName);

    private static ReadOnlySpan<byte> MetaOf(Chain inode) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<InodeMeta>(in inode.Meta));
}
