// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>Writes inode blocks with what is below them.</summary>
public static class InodeWriter
{
    /// <summary>Writes an inode that refers to its content.</summary>
    /// <param name="writer">Where new blocks go.</param>
    /// <param name="mirrorTid">The commit.</param>
    /// <param name="meta">Without the direct-data flag.</param>
    /// <param name="name">The label of a PFS root, the number in hexadecimal for others.</param>
    /// <param name="tree">Its references, edited.</param>
    /// <param name="reference">Has methods, key, flags and modify_tid; gets the rest.</param>
    public static Hammer2Error Write(
        BlockWriter writer, ulong mirrorTid, in InodeMeta meta, ReadOnlySpan<byte> name, TreeEditor tree,
        ref Blockref reference) => Write(writer, mirrorTid, meta, name, tree, ref reference, out _);

    /// <summary>The same, and gives the inode as readers will see it; null after an error.</summary>
    public static Hammer2Error Write(
        BlockWriter writer, ulong mirrorTid, in InodeMeta meta, ReadOnlySpan<byte> name, TreeEditor tree,
        ref Blockref reference, out Chain? written)
    {
        Invariant.Holds(!meta.HasDirectData);
        written = null;
        byte[] block = new byte[Media.InodeBytes];
        Hammer2Error error = tree.Write(writer, mirrorTid, Fill(block, meta, name).Blockset, ref reference);
        return error == Hammer2Error.None ? Finish(writer, mirrorTid, block, ref reference, out written) : error;
    }

    /// <summary>Writes an inode that holds its content, at most 512 bytes.</summary>
    public static Hammer2Error Write(
        BlockWriter writer, ulong mirrorTid, in InodeMeta meta, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> content, ref Blockref reference)
    {
        Invariant.Holds(meta.HasDirectData);
        byte[] block = new byte[Media.InodeBytes];
        content.CopyTo(Fill(block, meta, name).EmbeddedData);
        reference.Subtree = default;
        reference.LeafCount = 0;
        return Finish(writer, mirrorTid, block, ref reference, out _);
    }

    private static InodeBlock Fill(byte[] block, in InodeMeta meta, ReadOnlySpan<byte> name)
    {
        var inode = new InodeBlock(block);
        inode.Meta = meta;
        inode.Meta.NameBytes = (ushort)name.Length;
        name.CopyTo(inode.NameArea);
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
