// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Copies the leaves below a PFS root: inodes with all that is below them, and entries of the root
/// directory.</summary>
internal sealed class IndexLeafCopier : ILeafCopier
{
    private readonly MediaDevice _source;
    private readonly MediaDevice _target;
    private readonly MediaCommitter _committer;
    private readonly ObjectLeafCopier _leaves;
    private readonly UnitBudget _budget;
    private readonly bool _trustsTids;
    private readonly ulong _baseTid;
    private Hammer2Error _sourceFault;

    /// <param name="root">The trees below the PFS roots.</param>
    /// <param name="leaves">Copies data and entries.</param>
    /// <param name="budget">How much may be done.</param>
    public IndexLeafCopier(MergeTrees root, ObjectLeafCopier leaves, UnitBudget budget)
    {
        _source = root.Source;
        _target = root.Target;
        _committer = _target.Committer!;
        _leaves = leaves;
        _budget = budget;
        _trustsTids = root.TrustsTids;
        _baseTid = root.BaseTid;
    }

    /// <inheritdoc/>
    public Hammer2Error SourceFault => _sourceFault | _leaves.SourceFault;

    /// <inheritdoc/>
    public bool HasTargetFault { get; private set; }

    /// <inheritdoc/>
    public Hammer2Error Copy(
        in Blockref source, Blockref? target, LeafRelation relation, ulong within, out LeafCopy copy)
    {
        if (source.Type != BlockrefType.Inode) return _leaves.Copy(source, target, relation, within, out copy);
        copy = default;
        Hammer2Error error = _source.LoadForChange(source, out Chain? inode);
        if (error != Hammer2Error.None)
        {
            _sourceFault |= error;
            return error;
        }
        Chain? old = LoadOld(target, inode!);
        return inode!.Meta.HasDirectData
            ? CopyEmbedded(source, target, inode, old, out copy)
            : CopyTree(source, target, inode, old, within, out copy);
    }

    // One that cannot be read, or has another type, is replaced by a new one.
    private Chain? LoadOld(Blockref? target, Chain inode)
    {
        if (target is not { Type: BlockrefType.Inode } reference) return null;
        if (_target.LoadForChange(reference, out Chain? old) != Hammer2Error.None)
        {
            HasTargetFault = true;
            return null;
        }
        bool isAlike = old!.Meta.Type == inode.Meta.Type && old.Meta.HasDirectData == inode.Meta.HasDirectData;
        return isAlike ? old : null;
    }

    private Hammer2Error CopyEmbedded(
        in Blockref source, Blockref? target, Chain inode, Chain? old, out LeafCopy copy)
    {
        if (old is not null && InodeHeads.IsSame(inode, old) && inode.EmbeddedData.SequenceEqual(old.EmbeddedData)
            && source.Methods == target!.Value.Methods)
        {
            copy = Renumbered(source, target.Value);
            return Hammer2Error.None;
        }
        Blockref leaf = NewReference(source, target);
        Hammer2Error error = InodeWriter.Write(
            _committer.Writer, _committer.MirrorTid, inode.Meta, inode.NameArea, inode.EmbeddedData, ref leaf);
        copy = new LeafCopy(leaf, IsChanged: true);
        return error;
    }

    private Hammer2Error CopyTree(
        in Blockref source, Blockref? target, Chain inode, Chain? old, ulong within, out LeafCopy copy)
    {
        copy = default;
        // One that was begun anew is not what the base says.
        bool isPartial = old is null || target is { UpdateTid: LeafComparison.IncompleteMark };
        var trees = new MergeTrees(_source, inode, _target, old)
        {
            TrustsTids = _trustsTids,
            BaseTid = isPartial ? 0 : _baseTid,
        };
        var merge = new TreeMerge(trees, _budget, _leaves);
        Hammer2Error error = merge.Run(new ResyncPosition(within, 0));
        _sourceFault |= merge.SourceFault;
        HasTargetFault |= merge.HasTargetFault;
        if (error != Hammer2Error.None) return error;
        bool isComplete = merge.Rest is null;
        if (isComplete && merge.Editor is null && old is not null && InodeHeads.IsSame(inode, old)
            && source.Methods == target!.Value.Methods)
        {
            copy = Renumbered(source, target.Value);
            return error;
        }
        TreeEditor tree = merge.Editor ?? trees.EditTarget();
        Blockref leaf = NewReference(source, target);
        error = InodeWriter.Write(
            _committer.Writer, _committer.MirrorTid, inode.Meta, inode.NameArea, tree, ref leaf,
            out Chain? written);
        if (error != Hammer2Error.None) return error;
        // Blocks of references that stay may have greater numbers than the source ever gave.
        leaf.ModifyTid = source.ModifyTid;
        leaf.UpdateTid = isComplete ? source.UpdateTid : LeafComparison.IncompleteMark;
        _ = _committer.Writer.RememberAs(written!, leaf);
        copy = new LeafCopy(leaf, IsChanged: true) { Rest = merge.Rest?.Key };
        return error;
    }

    private static LeafCopy Renumbered(in Blockref source, in Blockref target)
    {
        Blockref leaf = target;
        leaf.ModifyTid = source.ModifyTid;
        leaf.UpdateTid = source.UpdateTid;
        bool isSame = target.ModifyTid == source.ModifyTid && target.UpdateTid == source.UpdateTid;
        return new LeafCopy(leaf, IsChanged: !isSame);
    }

    private static Blockref NewReference(in Blockref source, Blockref? target)
    {
        Blockref leaf = source;
        leaf.Data = target is { Type: BlockrefType.Inode } replaced ? replaced.Data : default;
        return leaf;
    }
}
