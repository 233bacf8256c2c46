// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Compare;

/// <summary>
/// Walks over two trees of one filesystem in key order and stops where they differ. What both share is passed without
/// being read, at any level and whatever the shapes of the trees.
/// </summary>
internal sealed class TreeComparison
{
    private readonly TreeFrontier _old;
    private readonly TreeFrontier _new;

    /// <param name="device">The filesystem of both.</param>
    /// <param name="old">The inode above one tree; null for none.</param>
    /// <param name="now">The inode above the other; null for none.</param>
    public TreeComparison(MediaDevice device, Chain? old, Chain? now)
    {
        _old = new TreeFrontier(device, old);
        _new = new TreeFrontier(device, now);
    }

    /// <summary>After a leaf: the one of the old tree; null when it has none.</summary>
    public Blockref? Old { get; private set; }

    /// <summary>After a leaf: the one of the new tree; null when it has none.</summary>
    public Blockref? New { get; private set; }

    /// <summary>After a hidden range: its first key.</summary>
    public ulong HiddenFirst { get; private set; }

    /// <summary>After a hidden range: its last key.</summary>
    public ulong HiddenLast { get; private set; }

    /// <summary>After a hidden range: what reading the block met.</summary>
    public Hammer2Error HiddenError { get; private set; }

    /// <summary>After a hidden range: true when the block is one of the old tree.</summary>
    public bool IsHiddenInOld { get; private set; }

    /// <summary>Goes to the next difference.</summary>
    public TreeStep MoveNext()
    {
        while (true)
        {
            _old.Settle();
            _new.Settle();
            if (_old.IsAtEnd && _new.IsAtEnd) return TreeStep.End;
            bool isOld = !_old.IsAtEnd && (_new.IsAtEnd || _old.Current.KeyEnd < _new.Current.Key);
            bool isNew = !_new.IsAtEnd && (_old.IsAtEnd || _new.Current.KeyEnd < _old.Current.Key);
            TreeStep? step = isOld ? StepOne(_old, isOld: true)
                : isNew ? StepOne(_new, isOld: false)
                : StepBoth();
            if (step is { } found) return found;
        }
    }

    private TreeStep? StepOne(TreeFrontier side, bool isOld)
    {
        if (side.Current.Type == BlockrefType.Indirect) return Open(side);
        Old = isOld ? side.Current : null;
        New = isOld ? null : side.Current;
        side.PassThrough(side.Current.KeyEnd);
        return TreeStep.Leaf;
    }

    private TreeStep? StepBoth()
    {
        ref readonly Blockref old = ref _old.Current, now = ref _new.Current;
        if (SharedBlocks.IsSame(old, now))
        {
            ulong last = old.KeyEnd;
            _old.PassThrough(last);
            _new.PassThrough(last);
            return null;
        }
        bool isOldIndirect = old.Type == BlockrefType.Indirect, isNewIndirect = now.Type == BlockrefType.Indirect;
        if (isOldIndirect && (!isNewIndirect || old.KeyBits >= now.KeyBits)) return Open(_old);
        if (isNewIndirect) return Open(_new);
        // Leaves that overlap and do not begin with the same key are none that a writer makes.
        if (old.Key < now.Key) return StepOne(_old, isOld: true);
        if (now.Key < old.Key) return StepOne(_new, isOld: false);
        (Old, New) = (old, now);
        _old.PassThrough(old.KeyEnd);
        _new.PassThrough(now.KeyEnd);
        return TreeStep.Leaf;
    }

    private TreeStep? Open(TreeFrontier side)
    {
        ref readonly Blockref block = ref side.Current;
        (ulong first, ulong last) = (Math.Max(side.Position, block.Key), block.KeyEnd);
        Hammer2Error error = side.Open();
        if (error == Hammer2Error.None) return null;
        (HiddenFirst, HiddenLast, HiddenError, IsHiddenInOld) = (first, last, error, side == _old);
        _old.PassThrough(last);
        _new.PassThrough(last);
        return TreeStep.Hidden;
    }
}
