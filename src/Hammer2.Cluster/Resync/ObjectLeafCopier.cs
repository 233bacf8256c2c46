// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Copies blocks of file data and directory entries.</summary>
internal sealed class ObjectLeafCopier : ILeafCopier
{
    private readonly MediaDevice _source;
    private readonly MediaDevice _target;
    private readonly MediaCommitter _committer;
    private readonly StoredDataCopier _data;
    private readonly UnitBudget _budget;
    private byte[]? _left;
    private byte[]? _right;

    /// <param name="source">Where leaves are read.</param>
    /// <param name="target">Where they are written.</param>
    /// <param name="data">Copies file data.</param>
    /// <param name="budget">Counts what is copied.</param>
    public ObjectLeafCopier(MediaDevice source, MediaDevice target, StoredDataCopier data, UnitBudget budget)
    {
        _source = source;
        _target = target;
        _committer = target.Committer!;
        _data = data;
        _budget = budget;
    }

    /// <inheritdoc/>
    public Hammer2Error SourceFault { get; private set; }

    /// <inheritdoc/>
    public bool HasTargetFault => false;

    /// <inheritdoc/>
    public Hammer2Error Copy(
        in Blockref source, Blockref? target, LeafRelation relation, ulong within, out LeafCopy copy)
    {
        Blockref leaf = source;
        leaf.MirrorTid = _committer.MirrorTid;
        Hammer2Error error = Hammer2Error.None;
        bool isKept = relation == LeafRelation.SameContent
            || (relation == LeafRelation.Unproven && HasSameBytes(source, target!.Value));
        if (isKept) leaf.Data = target!.Value.Data;
        else error = source.Type switch
        {
            BlockrefType.Data => CopyData(ref leaf),
            BlockrefType.Dirent => CopyEntry(source, target, ref leaf),
            _ => Keep(_source.ReportMisplaced(source, "not a leaf of this object")),
        };
        bool isSame = isKept && target!.Value.ModifyTid == source.ModifyTid
            && target.Value.UpdateTid == source.UpdateTid;
        copy = new LeafCopy(leaf, IsChanged: !isSame);
        return error;
    }

    private Hammer2Error CopyData(ref Blockref leaf)
    {
        int bytes = leaf.Data.SizeBytes;
        Hammer2Error error = _data.Copy(ref leaf, out Hammer2Error readError);
        _budget.CountData(bytes);
        return error == Hammer2Error.None ? Keep(readError) : error;
    }

    private Hammer2Error CopyEntry(in Blockref source, Blockref? target, ref Blockref leaf)
    {
        if (source.Dirent.NameBytes <= Media.EntryNameInlineBytesMax)
            return Keep(_source.CheckEntryName(source));
        Hammer2Error error = Keep(_source.Load(source, out Chain? name));
        if (error != Hammer2Error.None) return error;
        leaf.Data = target is { Type: BlockrefType.Dirent } replaced ? replaced.Data : default;
        return _committer.Writer.Write(ref leaf, name!.Block);
    }

    // A block of the target that cannot be read is not the same.
    private bool HasSameBytes(in Blockref source, in Blockref target)
    {
        int bytes = source.Data.SizeBytes;
        if (bytes != target.Data.SizeBytes || bytes is 0 or > Media.FileBlockBytes) return false;
        Span<byte> left = (_left ??= new byte[Media.FileBlockBytes]).AsSpan(0, bytes);
        Span<byte> right = (_right ??= new byte[Media.FileBlockBytes]).AsSpan(0, bytes);
        return _source.ReadStored(source, left) == Hammer2Error.None
            && _target.ReadStored(target, right) == Hammer2Error.None && left.SequenceEqual(right);
    }

    private Hammer2Error Keep(Hammer2Error error)
    {
        SourceFault |= error;
        return error;
    }
}
