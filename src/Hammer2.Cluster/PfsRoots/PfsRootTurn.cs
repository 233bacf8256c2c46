// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Where a <see cref="PfsRootEdit"/> is applied: one device, within its turn.</summary>
/// <param name="Device">The device, opened for writing.</param>
/// <param name="Slot">The slot of the node in its cluster; 0 without one.</param>
internal readonly record struct PfsRootTurn(MediaDevice Device, int Slot)
{
    /// <summary>The root of the PFS that the commit is of, as the commit writes it; null when it is of none.</summary>
    public Chain? Source { get; init; }

    /// <summary>Number of the commit.</summary>
    public ulong Tid { get; init; }

    /// <summary>Id of the commit that a snapshot is one of; null for that of the source.</summary>
    public ulong? CommitId { get; init; }

    /// <summary>True when inodes without a link are in use in the source.</summary>
    public bool HasOrphans { get; init; }

    /// <summary>Receives the root that the edit gives to the source in place of that one; null where there is no
    /// source.</summary>
    public RootExchange? Exchange { get; init; }

    private MediaCommitter Committer => Device.Committer!;

    /// <summary>Finds a key for a new label.</summary>
    /// <returns>None; Exists when a PFS has the label; NoSpace when every key of its hash is taken; the fault of a
    /// block on the way.</returns>
    public Hammer2Error FindFreeKey(ReadOnlySpan<byte> label, out ulong key)
    {
        Hammer2Error error = PfsRootKeys.Find(Device, label, out _, out key);
        if (error == Hammer2Error.None) return Hammer2Error.Exists;
        return error == Hammer2Error.NoEntry ? Hammer2Error.None : error;
    }

    /// <summary>Finds the root of a PFS, where this node has it.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="clusterId">Its cluster.</param>
    /// <param name="root">Null when the node has no PFS with this label, or another one.</param>
    /// <returns>None; the fault of a block on the way.</returns>
    public Hammer2Error FindOwn(ReadOnlySpan<byte> label, MediaUuid clusterId, out Chain? root)
    {
        Hammer2Error error = PfsRootKeys.Find(Device, label, out root, out _);
        if (error is Hammer2Error.NoEntry or Hammer2Error.NoSpace) error = Hammer2Error.None;
        if (error != Hammer2Error.None || root?.Meta.PfsClusterId != clusterId) root = null;
        return error;
    }

    /// <summary>Writes a root again with another label or other holds; everything else of it stays as it is.</summary>
    /// <param name="root">The root.</param>
    /// <param name="label">Label and holds.</param>
    /// <param name="key">Its key from now on.</param>
    /// <returns>None; what writing met.</returns>
    public Hammer2Error Rewrite(Chain root, InodeName label, ulong key) => Rewrite(root, label, key, out _);

    /// <summary>As above, and returns the chain of the root in the cache; null after an error.</summary>
    public Hammer2Error Rewrite(Chain root, InodeName label, ulong key, out Chain? written)
    {
        InodeMeta meta = root.Meta;
        meta.NameKey = key;
        Blockref reference = root.Reference;
        reference.Key = key;
        // The stamp covers the check code, which the name changes: one that was valid stays so.
        bool isStamped = CommitStamp.Judge(root.Reference) == StampState.Valid;
        PfsRootTurn stamping = this with { HasOrphans = CommitStamp.MayHaveOrphans(root.Reference) };
        return stamping.Put(meta, label, root.Table, ref reference, isStamped, out written);
    }

    /// <summary>Writes a root inode, and enters it below the super-root.</summary>
    /// <param name="meta">Its meta part.</param>
    /// <param name="label">Its label, and its holds.</param>
    /// <param name="table">The references of its tree, which is shared if there is one.</param>
    /// <param name="reference">Has key, methods and modify_tid.</param>
    /// <param name="isStamped">True to stamp it as a commit of this driver.</param>
    /// <returns>None; what writing met.</returns>
    public Hammer2Error Put(
        in InodeMeta meta, InodeName label, ReadOnlySpan<Blockref> table, ref Blockref reference,
        bool isStamped) => Put(meta, label, table, ref reference, isStamped, out _);

    /// <summary>As above, and returns the chain of the root in the cache; null after an error.</summary>
    public Hammer2Error Put(
        in InodeMeta meta, InodeName label, ReadOnlySpan<Blockref> table, ref Blockref reference,
        bool isStamped, out Chain? root)
    {
        TreeShape shape = TreeShape.OfInode(ObjectType.Directory, reference.Methods.Check);
        var tree = new TreeEditor(Device, shape, table);
        reference.Flags |= BlockrefFlags.PfsRoot;
        reference.UpdateTid = 0;
        Hammer2Error error = InodeWriter.Write(
            Committer.Writer, Committer.MirrorTid, meta, label, tree, ref reference, out root);
        if (error != Hammer2Error.None) return error;
        if (isStamped) reference.UpdateTid = CommitStamp.Compute(reference, HasOrphans);
        root = Committer.Writer.RememberAs(root!, reference);
        return Committer.PutPfsRoot(reference);
    }

    /// <summary>Removes a root from below the super-root.</summary>
    /// <returns>None; NoEntry; what reading the super-root met.</returns>
    public Hammer2Error Remove(ulong key) => Committer.RemovePfsRoot(key);
}
