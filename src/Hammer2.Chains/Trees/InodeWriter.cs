// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>Writes inode blocks and the trees below them.</summary>
public static class InodeWriter
{
    /// <summary>Writes an inode with a tree of blocks.</summary>
    /// <param name="writer">Writes new blocks.</param>
    /// <param name="mirrorTid">mirror_tid of the commit.</param>
    /// <param name="meta">The meta part, without the direct-data flag.</param>
    /// <param name="name">The label of a PFS root, or the inode number in hexadecimal.</param>
    /// <param name="tree">The edited tree, of which the top table becomes a part of the inode.</param>
    /// <param name="reference">Has methods, key, flags and modify_tid; receives the rest.</param>
    public static Hammer2Error Write(
        BlockWriter writer, ulong mirrorTid, in InodeMeta meta, InodeName name, TreeEditor tree,
        ref Blockref reference) => Write(writer, mirrorTid, meta, name, tree, ref reference, out _);

    /// <summary>As above, and returns the chain in the cache; null after an error.</summary>
    public static Hammer2Error Write(
        BlockWriter writer, ulong mirrorTid, in InodeMeta meta, InodeName name, TreeEditor tree,
        ref Blockref reference, out Chain? written)
    {
        Invariant.Holds(!meta.HasDirectData);
        written = null;
        byte[] block = tree.TakeInode();
        Hammer2Error error = tree.Write(writer, mirrorTid, Fill(block, meta, name).Blockset, ref reference);
        return error == Hammer2Error.None ? Finish(writer, mirrorTid, block, ref reference, out written) : error;
    }

    /// <summary>Writes an inode with embedded data of at most 512 bytes.</summary>
    public static Hammer2Error Write(
        BlockWriter writer, ulong mirrorTid, in InodeMeta meta, InodeName name,
        ReadOnlySpan<byte> content, ref Blockref reference)
    {
        Invariant.Holds(meta.HasDirectData);
        byte[] block = new byte[Media.InodeBytes];
        content.CopyTo(Fill(block, meta, name).EmbeddedData);
        reference.Subtree = default;
        reference.LeafCount = 0;
        return Finish(writer, mirrorTid, block, ref reference, out _);
    }

    private static InodeBlock Fill(byte[] block, in InodeMeta meta, InodeName name)
    {
        var inode = new InodeBlock(block);
        inode.Meta = meta;
        inode.Meta.NameBytes = (ushort)name.Name.Length;
        name.Name.CopyTo(inode.NameArea);
        name.After.CopyTo(inode.NameArea[name.Name.Length..]);
        return inode;
    }

    private static Hammer2Error Finish(
        BlockWriter writer, ulong mirrorTid, byte[] block, ref Blockref reference, out Chain? written)
    {
        written = null;
        reference.Type = BlockrefType.Inode;
        reference.MirrorTid = mirrorTid;
        Hammer2Error error = writer.Write(ref reference, block);
        if (error == Hammer2Error.None) written = writer.Remember(ChainKind.Inode, reference, block);
        return error;
    }
}
