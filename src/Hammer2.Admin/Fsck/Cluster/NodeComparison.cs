// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Admin.Fsck.Cluster;

/// <summary>Compares two nodes that should be equal.</summary>
internal sealed class NodeComparison
{
    private readonly VolumeSet _leftVolumes;
    private readonly VolumeSet _rightVolumes;
    private readonly PfsRecord _left;
    private readonly PfsRecord _right;
    private readonly FsckOptions _options;
    private readonly List<FsckFinding> _findings = [];

    public NodeComparison(
        (VolumeSet Volumes, PfsRecord Root) left, (VolumeSet Volumes, PfsRecord Root) right, FsckOptions options)
    {
        (_leftVolumes, _left) = left;
        (_rightVolumes, _right) = right;
        _options = options;
    }

    public IReadOnlyList<FsckFinding> Findings => _findings;

    public long Total { get; private set; }

    public long Compared { get; private set; }

    public void Run()
    {
        byte[] left = new byte[Media.InodeBytes], right = new byte[Media.InodeBytes];
        bool isRead = new KeyReader(_leftVolumes).TryRead(_left.Reference, left)
            && new KeyReader(_rightVolumes).TryRead(_right.Reference, right);
        if (!isRead)
        {
            Differ(Media.PfsRootInum, 0, "the root cannot be read");
            return;
        }
        CompareRoots(InodeBlock.ReadMeta(left), InodeBlock.ReadMeta(right));
        CompareBelow(Media.PfsRootInum, left, right);
        if (_findings.Count > 0) NamePaths();
    }

    // Fields of the node itself - its ids, its name, its role - may differ.
    private void CompareRoots(in InodeMeta left, in InodeMeta right)
    {
        InodeMeta mine = left;
        mine.PfsNodeId = right.PfsNodeId;
        mine.PfsRole = right.PfsRole;
        mine.PfsSubtype = right.PfsSubtype;
        mine.NameBytes = right.NameBytes;
        mine.NameKey = right.NameKey;
        mine.ParentInum = right.ParentInum;
        mine.PfsMasters = right.PfsMasters;
        if (left.PfsMasters != right.PfsMasters)
            Differ(Media.PfsRootInum, 0, $"{left.PfsMasters} and {right.PfsMasters} masters");
        if (!Bytes(mine).SequenceEqual(Bytes(right)))
            Differ(Media.PfsRootInum, 0, "the attributes of the root differ" + FirstDifference(Bytes(mine), Bytes(right)));
    }

    private void CompareBelow(ulong owner, byte[] left, byte[] right)
    {
        var mine = new TreeCursor(_leftVolumes, left);
        var other = new TreeCursor(_rightVolumes, right);
        bool hasMine = mine.MoveNext(out Blockref here), hasOther = other.MoveNext(out Blockref there);
        while ((hasMine || hasOther) && !mine.HasFailed && !other.HasFailed)
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            Compared++;
            if (!hasOther || (hasMine && here.Key < there.Key))
            {
                Differ(owner, here.Key, $"{FsckContext.Describe(here)} is only on {_leftVolumes.Name}");
                hasMine = mine.MoveNext(out here);
                continue;
            }
            if (!hasMine || there.Key < here.Key)
            {
                Differ(owner, there.Key, $"{FsckContext.Describe(there)} is only on {_rightVolumes.Name}");
                hasOther = other.MoveNext(out there);
                continue;
            }
            CompareLeaves(owner, here, there);
            hasMine = mine.MoveNext(out here);
            hasOther = other.MoveNext(out there);
        }
        if (mine.HasFailed || other.HasFailed)
            Differ(owner, 0, $"part of it cannot be read on {(mine.HasFailed ? _leftVolumes.Name : _rightVolumes.Name)}");
    }

    private void CompareLeaves(ulong owner, in Blockref left, in Blockref right)
    {
        string what = FsckContext.Describe(left);
        if (left.Type != right.Type || left.KeyBits != right.KeyBits)
        {
            Differ(owner, left.Key, $"{what} is {FsckContext.Describe(right)} on the other");
            return;
        }
        ulong inum = left.Type == BlockrefType.Inode ? left.Key : owner;
        if (left.Methods != right.Methods)
            Differ(inum, left.Key, $"{what} has methods 0x{left.Methods.Raw:x2} and 0x{right.Methods.Raw:x2}");
        if (left.ModifyTid != right.ModifyTid)
            Differ(inum, left.Key, $"{what} was last changed by 0x{left.ModifyTid:x} and 0x{right.ModifyTid:x}");
        switch (left.Type)
        {
            case BlockrefType.Inode:
                CompareInodes(inum, left, right);
                break;
            case BlockrefType.Dirent:
                CompareEntries(owner, left, right, what);
                break;
            default:
                CompareBlocks(owner, left, right, what);
                break;
        }
    }

    private void CompareInodes(ulong inum, in Blockref left, in Blockref right)
    {
        byte[] mine = new byte[Media.InodeBytes], other = new byte[Media.InodeBytes];
        if (!new KeyReader(_leftVolumes).TryRead(left, mine) || !new KeyReader(_rightVolumes).TryRead(right, other))
        {
            Differ(inum, left.Key, $"{FsckContext.Describe(left)} cannot be read on both");
            return;
        }
        // An inode contains the offsets of blocks, so check codes of inodes differ between equal nodes.
        bool hasData = InodeBlock.ReadMeta(mine).HasDirectData;
        int length = hasData ? Media.InodeBytes : InodeBlock.UnionOffset;
        if (!mine.AsSpan(0, length).SequenceEqual(other.AsSpan(0, length)))
            Differ(inum, left.Key, $"{FsckContext.Describe(left)} differs" + FirstDifference(mine, other));
        if (!hasData && !InodeBlock.ReadMeta(other).HasDirectData) CompareBelow(inum, mine, other);
    }

    private void CompareEntries(ulong owner, in Blockref left, in Blockref right, string what)
    {
        bool isEqual = left.Dirent.Inum == right.Dirent.Inum && left.Dirent.Type == right.Dirent.Type
            && left.Dirent.NameBytes == right.Dirent.NameBytes;
        if (!isEqual)
            Differ(owner, left.Key, $"{what} refers to inode 0x{left.Dirent.Inum:x} and 0x{right.Dirent.Inum:x}");
        else if (left.Data.Radix != 0 || right.Data.Radix != 0)
            CompareBlocks(owner, left, right, what);
        else if (!left.CheckRead.SequenceEqual(right.CheckRead))
            Differ(owner, left.Key, $"{what} has two names");
    }

    private void CompareBlocks(ulong owner, in Blockref left, in Blockref right, string what)
    {
        if (left.Data.SizeBytes != right.Data.SizeBytes)
        {
            Differ(owner, left.Key, $"{what} has {left.Data.SizeBytes} and {right.Data.SizeBytes} bytes");
            return;
        }
        if (CheckCode.Protects(left.Methods.Check) && left.Methods == right.Methods)
        {
            if (!left.CheckRead.SequenceEqual(right.CheckRead)) Differ(owner, left.Key, $"{what} has two check codes");
            return;
        }
        int size = Math.Min(left.Data.SizeBytes, Media.AllocationBytesMax);
        byte[] mine = new byte[size], other = new byte[size];
        bool isRead = new KeyReader(_leftVolumes).TryRead(left, mine) && new KeyReader(_rightVolumes).TryRead(right, other);
        if (!isRead || !mine.AsSpan().SequenceEqual(other)) Differ(owner, left.Key, $"{what} differs");
    }

    private void Differ(ulong inum, ulong key, string text)
    {
        Total++;
        if (_findings.Count >= _options.FindingsMax) return;
        _findings.Add(new FsckFinding
        {
            Severity = FsckSeverity.Error,
            Code = FsckCode.ClusterDiffers,
            Text = text,
            Location = $"{_leftVolumes.Name} and {_rightVolumes.Name}",
            PfsKey = _left.Key,
            Label = ByteText.Decode(_left.Label),
            Inum = inum,
            Key = key,
        });
    }

    // Collect the names in a separate pass, only when there are differences.
    private void NamePaths()
    {
        FsckContext context = FilesystemChecker.Gather(
            _leftVolumes, new FsckOptions { ReadsData = false, Cancellation = _options.Cancellation }, _left.Key);
        if (context.KeptScope is { } scope) new PathNamer(context, scope).Name(_findings);
    }

    private static ReadOnlySpan<byte> Bytes(in InodeMeta meta) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<InodeMeta>(in meta));

    private static string FirstDifference(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        $", first at byte 0x{left.CommonPrefixLength(right):x}";
}
