// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Walks over the trees of one object on two nodes in key order, leaf by leaf, whatever the shapes of the trees. What
/// the source did not write since a given commit, which the target had, is passed without being read.
/// </summary>
/// <remarks>
/// A block of references that the source did not write since then covers a range of keys in which nothing was changed,
/// and nothing deleted: a deletion writes the block that it takes the reference from, and all above. So the whole range
/// is passed on both sides. Deletions show where the source has nothing between the blocks that it did write.
/// </remarks>
internal sealed class TreePairWalk
{
    private readonly TreeFrontier _source;
    private readonly TreeFrontier _target;
    private readonly ulong _baseTid;

    /// <param name="source">The device of one tree.</param>
    /// <param name="sourceTop">The inode above it; null for none.</param>
    /// <param name="target">The device of the other tree.</param>
    /// <param name="targetTop">The inode above it; null for none.</param>
    /// <param name="first">The first key.</param>
    /// <param name="baseTid">mirror_tid of a commit of the source whose tree the target is known to have had; 0 when
    /// none is known.</param>
    public TreePairWalk(
        MediaDevice source, Chain? sourceTop, MediaDevice target, Chain? targetTop, ulong first, ulong baseTid)
    {
        _source = new TreeFrontier(source, sourceTop);
        _target = new TreeFrontier(target, targetTop);
        _baseTid = baseTid;
        if (first == 0) return;
        _source.PassThrough(first - 1);
        _target.PassThrough(first - 1);
    }

    /// <summary>After a leaf: that of the source; null when it has none.</summary>
    public Blockref? Source { get; private set; }

    /// <summary>After a leaf: that of the target; null when it has none.</summary>
    public Blockref? Target { get; private set; }

    /// <summary>After a fault: what reading the block met.</summary>
    public Hammer2Error Fault { get; private set; }

    /// <summary>After a fault of the target: the first key of the block, which may have been passed.</summary>
    public ulong FaultFirst { get; private set; }

    /// <summary>After a fault of the target: its last key.</summary>
    public ulong FaultLast { get; private set; }

    /// <summary>Goes to the next leaf.</summary>
    public PairStep MoveNext()
    {
        while (true)
        {
            _source.Settle();
            _target.Settle();
            if (_source.IsAtEnd && _target.IsAtEnd) return PairStep.End;
            PairStep? step;
            if (IsBehind(_source, _target)) step = StepOne(_target, isSource: false);
            else if (IsBehind(_target, _source)) step = StepOne(_source, isSource: true);
            else step = StepBoth();
            if (step is { } found) return found;
        }
    }

    // True when the other side comes first, wholly before this one.
    private static bool IsBehind(TreeFrontier side, TreeFrontier other) =>
        !other.IsAtEnd && (side.IsAtEnd || other.Current.KeyEnd < StartOf(side));

    private static ulong StartOf(TreeFrontier side) => Math.Max(side.Position, side.Current.Key);

    private PairStep? StepOne(TreeFrontier side, bool isSource)
    {
        if (side.Current.Type == BlockrefType.Indirect) return Open(side);
        Source = isSource ? side.Current : null;
        Target = isSource ? null : side.Current;
        side.PassThrough(side.Current.KeyEnd);
        return PairStep.Leaf;
    }

    private PairStep? StepBoth()
    {
        ref readonly Blockref source = ref _source.Current, target = ref _target.Current;
        bool isSourceBlock = source.Type == BlockrefType.Indirect, isTargetBlock = target.Type == BlockrefType.Indirect;
        bool isUnchanged = source.MirrorTid <= _baseTid;
        if (isUnchanged && StartOf(_target) >= StartOf(_source) && (isSourceBlock || !isTargetBlock))
        {
            ulong last = source.KeyEnd;
            _source.PassThrough(last);
            _target.PassThrough(last);
            return null;
        }
        if (isTargetBlock && (isUnchanged || !isSourceBlock || target.KeyBits > source.KeyBits)) return Open(_target);
        if (isSourceBlock) return Open(_source);
        // Leaves that overlap and do not begin with the same key are none that a writer makes.
        if (source.Key < target.Key) return StepOne(_source, isSource: true);
        if (target.Key < source.Key) return StepOne(_target, isSource: false);
        (Source, Target) = (source, target);
        _source.PassThrough(source.KeyEnd);
        _target.PassThrough(target.KeyEnd);
        return PairStep.Leaf;
    }

    private PairStep? Open(TreeFrontier side)
    {
        (ulong first, ulong last) = (side.Current.Key, side.Current.KeyEnd);
        Fault = side.Open();
        if (Fault == Hammer2Error.None) return null;
        if (side == _source) return PairStep.SourceFault;
        (FaultFirst, FaultLast) = (first, last);
        _source.PassThrough(last);
        _target.PassThrough(last);
        return PairStep.TargetFault;
    }
}
