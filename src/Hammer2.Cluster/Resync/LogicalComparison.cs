// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Compares a PFS on two nodes, whatever the shapes of their trees: keys, types, numbers, check codes, entries, and the
/// fields of inodes. Reads no file data, whose check codes speak for it.
/// </summary>
/// <remarks>Used by one thread, once. Inodes that the target has had since before a given commit of its device are
/// compared by their numbers only.</remarks>
internal sealed class LogicalComparison
{
    private readonly MergeTrees _root;
    private readonly ulong _knownTid;
    private readonly Func<bool> _isCancelled;

    /// <param name="root">The PFS on both nodes.</param>
    /// <param name="knownTid">mirror_tid of a commit of the target: inodes that it has had since then, with the number
    /// of the source, are not read where numbers are trusted.</param>
    /// <param name="isCancelled">Asked for each inode; true ends it.</param>
    public LogicalComparison(MergeTrees root, ulong knownTid, Func<bool> isCancelled)
    {
        _root = root;
        _knownTid = knownTid;
        _isCancelled = isCancelled;
    }

    /// <summary>After a difference: where it is.</summary>
    public ResyncPosition Difference { get; private set; }

    /// <summary>What reading the source met; None while all could be read.</summary>
    public Hammer2Error SourceFault { get; private set; }

    /// <summary>Compares.</summary>
    /// <param name="isEqual">True when nothing differs.</param>
    /// <returns>None; Interrupted; what reading either node met.</returns>
    public Hammer2Error Run(out bool isEqual)
    {
        isEqual = false;
        TreePairWalk walk = _root.Walk(0);
        while (true)
        {
            PairStep step = walk.MoveNext();
            if (step == PairStep.End)
            {
                isEqual = true;
                return Hammer2Error.None;
            }
            if (step != PairStep.Leaf) return Fail(walk, step);
            Difference = new ResyncPosition((walk.Source ?? walk.Target)!.Value.Key, 0);
            if (!HasSameReference(walk)) return Hammer2Error.None;
            if (_isCancelled()) return Hammer2Error.Interrupted;
            Hammer2Error error = CompareInodes(walk.Source!.Value, walk.Target!.Value, out bool isSame);
            if (error != Hammer2Error.None || !isSame) return error;
        }
    }

    private bool HasSameReference(TreePairWalk walk)
    {
        if (walk.Source is not { } source || walk.Target is not { } target) return false;
        if (source.ModifyTid != target.ModifyTid || source.UpdateTid != target.UpdateTid) return false;
        return LeafComparison.Compare(source, target, _root.TrustsTids)
            is LeafRelation.Same or LeafRelation.Unproven;
    }

    private Hammer2Error CompareInodes(in Blockref source, in Blockref target, out bool isSame)
    {
        isSame = true;
        if (source.Type != BlockrefType.Inode) return Hammer2Error.None;
        if (_root.TrustsTids && target.MirrorTid <= _knownTid) return Hammer2Error.None;
        isSame = false;
        Hammer2Error error = SourceFault = _root.Source.Load(source, out Chain? left);
        if (error != Hammer2Error.None) return error;
        error = _root.Target.Load(target, out Chain? right);
        if (error != Hammer2Error.None) return error;
        if (!InodeHeads.IsSame(left!, right!)) return Hammer2Error.None;
        if (left!.Meta.HasDirectData)
        {
            isSame = left.EmbeddedData.SequenceEqual(right!.EmbeddedData);
            return error;
        }
        return CompareLeaves(left, right!, out isSame);
    }

    private Hammer2Error CompareLeaves(Chain left, Chain right, out bool isSame)
    {
        isSame = false;
        var trees = _root with { SourceTop = left, TargetTop = right };
        TreePairWalk walk = trees.Walk(0);
        while (true)
        {
            PairStep step = walk.MoveNext();
            if (step == PairStep.End)
            {
                isSame = true;
                return Hammer2Error.None;
            }
            if (step != PairStep.Leaf) return Fail(walk, step);
            Difference = Difference with { Within = (walk.Source ?? walk.Target)!.Value.Key };
            if (!HasSameReference(walk)) return Hammer2Error.None;
        }
    }

    private Hammer2Error Fail(TreePairWalk walk, PairStep step)
    {
        if (step == PairStep.SourceFault) SourceFault = walk.Fault;
        return walk.Fault;
    }
}
