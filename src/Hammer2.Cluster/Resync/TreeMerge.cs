// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Makes the tree below one object of the target equal to that of the source, leaf by leaf, until a budget is spent.
/// </summary>
/// <remarks>Used by one thread, once. A block of the target that cannot be read is dropped, and what the source has in
/// its range of keys is copied.</remarks>
internal sealed class TreeMerge
{
    private readonly MergeTrees _trees;
    private readonly UnitBudget _budget;
    private readonly ILeafCopier _copier;
    private Hammer2Error _walkFault;
    private bool _hasFault;

    /// <param name="trees">The two trees.</param>
    /// <param name="budget">How much may be done.</param>
    /// <param name="copier">Copies leaves.</param>
    public TreeMerge(MergeTrees trees, UnitBudget budget, ILeafCopier copier)
    {
        _trees = trees;
        _budget = budget;
        _copier = copier;
    }

    /// <summary>The changed tree of the target; null when nothing was changed.</summary>
    public TreeEditor? Editor { get; private set; }

    /// <summary>Where a later unit goes on; null when everything is done.</summary>
    public ResyncPosition? Rest { get; private set; }

    /// <summary>True when a block of the target could not be read.</summary>
    public bool HasTargetFault => _hasFault || _copier.HasTargetFault;

    /// <summary>What reading the source met; None while all could be read.</summary>
    public Hammer2Error SourceFault => _walkFault | _copier.SourceFault;

    /// <summary>Merges.</summary>
    /// <param name="start">Where to begin.</param>
    /// <returns>None, also when the budget was spent; what writing met; what reading the source met.</returns>
    public Hammer2Error Run(ResyncPosition start)
    {
        TreePairWalk walk = _trees.Walk(start.Key);
        ResyncPosition next = start;
        while (true)
        {
            if (_budget.IsSpent)
            {
                Rest = next;
                return Hammer2Error.None;
            }
            Hammer2Error error;
            switch (walk.MoveNext())
            {
                case PairStep.End:
                    return Hammer2Error.None;
                case PairStep.SourceFault:
                    return _walkFault = walk.Fault;
                case PairStep.TargetFault:
                    error = CopyHidden(walk.FaultFirst, walk.FaultLast);
                    if (error != Hammer2Error.None || Rest is not null) return error;
                    next = new ResyncPosition(walk.FaultLast + 1, 0);
                    if (next.Key == 0) return Hammer2Error.None;
                    break;
                default:
                    error = Apply(walk.Source, walk.Target, next);
                    if (error != Hammer2Error.None || Rest is not null) return error;
                    ulong end = (walk.Source ?? walk.Target)!.Value.KeyEnd;
                    if (end == ulong.MaxValue) return error;
                    next = new ResyncPosition(end + 1, 0);
                    break;
            }
        }
    }

    private Hammer2Error Apply(Blockref? source, Blockref? target, ResyncPosition next)
    {
        _budget.CountLeaf();
        if (source is not { } leaf)
        {
            _budget.CountChange();
            return Edit().Remove(target!.Value.Key);
        }
        LeafRelation relation = target is { } other
            ? LeafComparison.Compare(leaf, other, _trees.TrustsTids) : LeafRelation.Different;
        if (relation == LeafRelation.Same) return Hammer2Error.None;
        ulong within = next.Key == leaf.Key ? next.Within : 0;
        Hammer2Error error = _copier.Copy(leaf, target, relation, within, out LeafCopy copy);
        if (error != Hammer2Error.None) return error;
        if (copy.Rest is { } rest) Rest = new ResyncPosition(leaf.Key, rest);
        if (!copy.IsChanged) return error;
        _budget.CountChange();
        if (target is { } replaced && replaced.KeyBits != leaf.KeyBits) error = Edit().Remove(replaced.Key);
        return error == Hammer2Error.None ? Edit().Put(copy.Leaf) : error;
    }

    // Drops a block of the target that cannot be read, and copies what the source has in its range of keys.
    private Hammer2Error CopyHidden(ulong first, ulong last)
    {
        _hasFault = true;
        Hammer2Error error = Edit().RemoveRange(first, last);
        if (error != Hammer2Error.None) return error;
        TreePairWalk walk = _trees.WalkSource(first);
        while (walk.MoveNext() is var step && step != PairStep.End)
        {
            if (step == PairStep.SourceFault) return _walkFault = walk.Fault;
            Blockref leaf = walk.Source!.Value;
            if (leaf.Key > last) return error;
            if (_budget.IsSpent) Rest = new ResyncPosition(leaf.Key, 0);
            else error = Apply(leaf, target: null, default);
            if (error != Hammer2Error.None || Rest is not null) return error;
        }
        return error;
    }

    private TreeEditor Edit() => Editor ??= _trees.EditTarget();
}
