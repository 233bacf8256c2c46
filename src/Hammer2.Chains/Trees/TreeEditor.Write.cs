// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

public sealed partial class TreeEditor
{
    /// <summary>
    /// Writes the changed indirect blocks, children before parents, and returns the top table.
    /// </summary>
    /// <param name="writer">Writes new blocks.</param>
    /// <param name="mirrorTid">mirror_tid of the commit.</param>
    /// <param name="table">Receives the top table; its length is that of the shape.</param>
    /// <param name="owner">The reference to the block that holds that table: gets the statistics, and a modify_tid
    /// not
    /// below any in the tree.</param>
    /// <returns>None; NoSpace; Io. After an error, blocks written are unreachable and there is no other
    /// effect.</returns>
    public Hammer2Error Write(BlockWriter writer, ulong mirrorTid, Span<Blockref> table, ref Blockref owner)
    {
        Hammer2Error error = WriteBelow(_top, writer, mirrorTid);
        if (error != Hammer2Error.None) return error;
        _top.Store(table);
        Invariant.Holds(MediaValidator.Table(table, BlockrefType.Inode) is null);
        _top.Summarize(ref owner);
        return Hammer2Error.None;
    }

    /// <summary>The block of the inode with the top table, in which all but that table is zero: for an owner that
    /// completes it and writes it. It belongs to the owner once the tree is written; later changes of the tree go to
    /// another block.</summary>
    internal byte[] TakeInode()
    {
        KeepTaken();
        _isTaken = true;
        return _inode;
    }

    // A block that was taken is not changed any more.
    private void KeepTaken()
    {
        if (!_isTaken) return;
        ReadOnlySpan<Blockref> references = _top.References;
        _inode = new byte[Media.InodeBytes];
        _top = TreeNode.Within(_inode, InodeBlock.UnionOffset, _shape.TopSlots);
        _top.Fill(references);
        _isTaken = false;
    }

    private static Hammer2Error WriteBelow(TreeNode node, BlockWriter writer, ulong mirrorTid)
    {
        for (int index = 0; index < node.Count;)
        {
            TreeNode? child = node.Below(index);
            if (child is null || !child.IsDirty)
            {
                index++;
                continue;
            }
            Hammer2Error error = WriteBelow(child, writer, mirrorTid);
            if (error != Hammer2Error.None) return error;
            int kept = Collapse(node, index, child);
            if (kept == 0)
            {
                error = WriteNode(child, writer, mirrorTid);
                if (error != Hammer2Error.None) return error;
                node.At(index) = child.Reference;
                node.SetBelow(index, null);
                kept = 1;
            }
            index += kept < 0 ? 0 : kept;
        }
        return Hammer2Error.None;
    }

    /// <summary>Collapses an indirect block that lost most of its references into the table above; the margin prevents
    /// the next insertion from creating it again.</summary>
    /// <returns>0 when it stays; the count of references that replaced it; -1 when it vanished.</returns>
    private static int Collapse(TreeNode node, int index, TreeNode child)
    {
        int count = child.Count;
        bool fits = node.Count + count - 1 <= node.Slots && count * 4 <= child.Slots * 3;
        if (count > 0 && !fits) return 0;
        node.Absorb(index, child);
        return count == 0 ? -1 : count;
    }

    private static Hammer2Error WriteNode(TreeNode node, BlockWriter writer, ulong mirrorTid)
    {
        byte[] block = node.TakeBlock();
        Invariant.Holds(MediaValidator.Table(node.References, BlockrefType.Indirect) is null);
        ref Blockref reference = ref node.Reference;
        node.Summarize(ref reference);
        reference.MirrorTid = mirrorTid;
        node.IsDirty = false;
        Hammer2Error error = writer.Write(ref reference, block);
        if (error == Hammer2Error.None) _ = writer.Remember(ChainKind.Indirect, reference, block);
        return error;
    }
}
