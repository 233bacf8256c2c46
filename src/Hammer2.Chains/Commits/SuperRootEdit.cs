// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>The super-root of one commit: the roots of PFSs that it creates, updates and removes.</summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class SuperRootEdit
{
    private readonly Chain _committed;
    private readonly int _slot;
    private readonly TreeEditor _tree;

    private SuperRootEdit(MediaReader device, Chain committed, int slot)
    {
        _committed = committed;
        _slot = slot;
        _tree = new TreeEditor(
            device, TreeShape.OfInode(ObjectType.Directory, committed.Reference.Methods.Check), committed.Table);
    }

    /// <summary>Begins with the super-root of the last commit.</summary>
    /// <returns>None; Corrupt when the volume header leads to none; what loading it met.</returns>
    public static Hammer2Error Open(MediaReader device, out SuperRootEdit? edit)
    {
        edit = null;
        ReadOnlySpan<Blockref> blockset = device.Header.SuperRootBlockset;
        int slot = new BlockTable(blockset).FindFirst(Media.SuperRootInum);
        if (slot < 0) return Hammer2Error.Corrupt;
        Hammer2Error error = device.LoadForChange(blockset[slot], out Chain? committed);
        if (error == Hammer2Error.None) edit = new SuperRootEdit(device, committed!, slot);
        return error;
    }

    /// <summary>Inserts the root of a PFS; it replaces one with the same key.</summary>
    public Hammer2Error Put(in Blockref root) => _tree.Put(root);

    /// <summary>Removes the root of a PFS.</summary>
    /// <returns>None; NoEntry; what a block on the way met.</returns>
    public Hammer2Error Remove(ulong key) => _tree.Remove(key);

    /// <summary>Writes the new super-root. Nothing leads to it yet.</summary>
    /// <param name="writer">Where new blocks go.</param>
    /// <param name="mirrorTid">The commit.</param>
    /// <param name="blockset">The volume header's references, of which the super-root's is replaced.</param>
    public Hammer2Error Write(BlockWriter writer, ulong mirrorTid, Span<Blockref> blockset)
    {
        Blockref reference = _committed.Reference;
        Hammer2Error error = InodeWriter.Write(
            writer, mirrorTid, _committed.Meta, _committed.InodeName, _tree, ref reference);
        if (error == Hammer2Error.None) blockset[_slot] = reference;
        return error;
    }
}
