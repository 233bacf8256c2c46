// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Cluster.Healing;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Verification;

/// <summary>Receives a difference.</summary>
internal delegate void DifferenceSink(PinnedNode left, PinnedNode right, DifferenceKind kind, DamagedPlace place);

/// <summary>Compares one commit of a PFS on two nodes, whatever the shapes of their trees.</summary>
/// <remarks>Used by one thread, once. What one node cannot show is a difference, and the comparison goes on behind it.
/// </remarks>
internal sealed class PairComparison(
    PinnedNode left, PinnedNode right, Func<bool> isCancelled, DifferenceSink sink)
{
    private readonly MediaDevice _left = left.Node.Device;
    private readonly MediaDevice _right = right.Node.Device;
    private readonly byte[] _leftBytes = new byte[Media.FileBlockBytes];
    private readonly byte[] _rightBytes = new byte[Media.FileBlockBytes];

    /// <summary>Inodes compared.</summary>
    public long InodesTotal { get; private set; }

    /// <summary>Bytes of stored file data read.</summary>
    public long DataBytes { get; private set; }

    /// <summary>Compares.</summary>
    /// <returns>None, whatever differs; Interrupted.</returns>
    public Hammer2Error Run()
    {
        InodeMeta meta = right.Root.Meta;
        InodeMeta joined = RootMeta.Join(left.Root.Meta, meta);
        if (!IsSame(joined, meta)) Note(DifferenceKind.Attributes, Media.PfsRootInum, 0, BlockrefType.Inode);
        return CompareTrees(left.Root, right.Root, Media.PfsRootInum);
    }

    private static bool IsSame(in InodeMeta one, in InodeMeta other) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<InodeMeta>(in one)).SequenceEqual(
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<InodeMeta>(in other)));

    private Hammer2Error CompareTrees(Chain one, Chain other, ulong inum)
    {
        var walk = new TreePairWalk(_left, one, _right, other, first: 0, baseTid: 0);
        while (true)
        {
            PairStep step = walk.MoveNext();
            if (step == PairStep.End) return Hammer2Error.None;
            if (isCancelled()) return Hammer2Error.Interrupted;
            if (step == PairStep.SourceFault)
            {
                // The walk cannot go on behind a block of this side; the rest of the object is not compared.
                Note(DifferenceKind.UnreadableOnFirst, inum, 0, BlockrefType.Indirect);
                return Hammer2Error.None;
            }
            if (step == PairStep.TargetFault)
            {
                Note(DifferenceKind.UnreadableOnSecond, inum, walk.FaultFirst, BlockrefType.Indirect);
                continue;
            }
            Hammer2Error error = CompareLeaves(walk, inum);
            if (error != Hammer2Error.None) return error;
        }
    }

    private Hammer2Error CompareLeaves(TreePairWalk walk, ulong inum)
    {
        if (walk.Source is not { } one)
        {
            Note(DifferenceKind.MissingOnFirst, inum, walk.Target!.Value.Key, walk.Target.Value.Type);
            return Hammer2Error.None;
        }
        if (walk.Target is not { } other)
        {
            Note(DifferenceKind.MissingOnSecond, inum, one.Key, one.Type);
            return Hammer2Error.None;
        }
        if (one.Type != other.Type || one.KeyBits != other.KeyBits || one.ModifyTid != other.ModifyTid)
        {
            DifferenceKind kind = one.Type == BlockrefType.Data ? DifferenceKind.Content : DifferenceKind.Entry;
            Note(kind, inum, one.Key, one.Type);
            return Hammer2Error.None;
        }
        if (one.Type == BlockrefType.Inode) return CompareInodes(one, other);
        if (one.Type == BlockrefType.Data) CompareData(one, other, inum);
        else CompareEntries(one, other, inum);
        return Hammer2Error.None;
    }

    private Hammer2Error CompareInodes(in Blockref one, in Blockref other)
    {
        InodesTotal++;
        ulong inum = one.Key;
        if (!TryLoad(one, other, Media.PfsRootInum, out Chain? first, out Chain? second)) return Hammer2Error.None;
        bool isSame = InodeHeads.IsSame(first!, second!) && first!.Meta.HasDirectData == second!.Meta.HasDirectData;
        if (!isSame) Note(DifferenceKind.Attributes, Media.PfsRootInum, inum, BlockrefType.Inode);
        if (!first!.Meta.HasDirectData) return isSame ? CompareTrees(first, second!, inum) : Hammer2Error.None;
        if (isSame && !first.EmbeddedData.SequenceEqual(second!.EmbeddedData))
            Note(DifferenceKind.Content, inum, 0, BlockrefType.Data);
        return Hammer2Error.None;
    }

    private void CompareEntries(in Blockref one, in Blockref other, ulong inum)
    {
        bool isSame = one.Dirent.Inum == other.Dirent.Inum && one.Dirent.Type == other.Dirent.Type
            && one.Dirent.NameBytes == other.Dirent.NameBytes;
        if (isSame && one.Data.SizeBytes == 0) isSame = one.CheckRead.SequenceEqual(other.CheckRead);
        else if (isSame)
        {
            if (!TryLoad(one, other, inum, out Chain? first, out Chain? second)) return;
            isSame = first!.Block.SequenceEqual(second!.Block);
        }
        if (!isSame) Note(DifferenceKind.Entry, inum, one.Key, BlockrefType.Dirent);
    }

    private bool TryLoad(in Blockref one, in Blockref other, ulong inum, out Chain? first, out Chain? second)
    {
        second = null;
        bool isFirst = _left.LoadAnew(one, out first) == Hammer2Error.None;
        bool isSecond = _right.LoadAnew(other, out second) == Hammer2Error.None;
        if (!isFirst) Note(DifferenceKind.UnreadableOnFirst, inum, one.Key, one.Type);
        if (!isSecond) Note(DifferenceKind.UnreadableOnSecond, inum, one.Key, one.Type);
        return isFirst && isSecond;
    }

    // Stored bytes are the same on all nodes, with one check code.
    private void CompareData(in Blockref one, in Blockref other, ulong inum)
    {
        int bytes = one.Data.SizeBytes;
        bool isSame = one.Methods == other.Methods && bytes == other.Data.SizeBytes && bytes <= _leftBytes.Length;
        if (isSame)
        {
            DataBytes += 2L * bytes;
            bool isFirst = _left.ReadAnew(one, _leftBytes.AsSpan(0, bytes)) == Hammer2Error.None;
            bool isSecond = _right.ReadAnew(other, _rightBytes.AsSpan(0, bytes)) == Hammer2Error.None;
            if (!isFirst) Note(DifferenceKind.UnreadableOnFirst, inum, one.Key, BlockrefType.Data);
            if (!isSecond) Note(DifferenceKind.UnreadableOnSecond, inum, one.Key, BlockrefType.Data);
            if (!isFirst || !isSecond) return;
            isSame = _leftBytes.AsSpan(0, bytes).SequenceEqual(_rightBytes.AsSpan(0, bytes));
        }
        if (!isSame) Note(DifferenceKind.Content, inum, one.Key, BlockrefType.Data);
    }

    private void Note(DifferenceKind kind, ulong inum, ulong key, BlockrefType type) =>
        sink(left, right, kind, new DamagedPlace(left.Root.Reference.Key, inum, key, (ulong)type));
}
