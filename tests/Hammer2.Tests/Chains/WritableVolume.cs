// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Chains.Trees;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>A writable copy of a golden image in memory: the tree of its first PFS.</summary>
internal sealed class WritableVolume : IDisposable
{
    private readonly OverlayBlockDevice _disk;
    private readonly List<Blockref> _blocks = [];

    public WritableVolume(string image)
    {
        _disk = GoldenImage.OpenOverlay(image);
        Device = OpenDevice();
        Root = LoadRoot();
    }

    public IBlockDevice Disk => _disk;

    public MediaDevice Device { get; private set; }

    /// <summary>The root of the PFS whose tree is edited.</summary>
    public Chain Root { get; private set; }

    public SubtreeStatistics TopStatistics => Root.Reference.Subtree;

    /// <summary>An editor of the root's blockset, which is emptied at the first use.</summary>
    public TreeEditor Edit(bool isFile)
    {
        Assert.Equal(Hammer2Error.None, Device.OpenForWriting());
        bool isFirst = Device.Header.Fields.MirrorTid <= 16;
        ObjectType type = isFile ? ObjectType.RegularFile : ObjectType.Directory;
        return new TreeEditor(
            Device, TreeShape.OfInode(type, CheckMethod.XxHash64), isFirst ? default : Root.Table);
    }

    /// <summary>Writes the edited tree under a new root and commits it.</summary>
    public void Commit(TreeEditor editor)
    {
        MediaCommitter committer = Device.Committer!;
        using var turn = CommitTurn.Enter(committer);
        Blockref reference = Root.Reference;
        ulong tid = committer.MirrorTid;
        Assert.Equal(Hammer2Error.None, InodeWriter.Write(
            committer.Writer, tid, Root.Meta, Root.InodeName, editor, ref reference));
        Assert.Equal(Hammer2Error.None, committer.PutPfsRoot(reference));
        Assert.Equal(Hammer2Error.None, committer.Prepare(default, out PreparedCommit? prepared));
        Assert.Equal(Hammer2Error.None, committer.Publish(prepared!));
        Root = LoadRoot();
        Assert.Equal(tid, Root.Reference.MirrorTid);
    }

    /// <summary>Reads everything from the device again.</summary>
    public void Reopen()
    {
        Device = OpenDevice();
        Root = LoadRoot();
    }

    /// <summary>All leaf keys, with the statistics that the references above should have.</summary>
    public List<ulong> Walk(out SubtreeStatistics statistics, out int indirects)
    {
        var keys = new List<ulong>();
        statistics = default;
        indirects = 0;
        _blocks.Clear();
        _blocks.Add(Root.Reference);
        Walk(Root, keys, ref statistics, ref indirects);
        return keys;
    }

    /// <summary>Asserts that every block of the last walk is marked completely in the freemap.</summary>
    public void AssertFreemapCoversTree()
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disk)]);
        var faults = new MediaFaultLog(volumes, NullLogger.Instance);
        var tree = new FreemapTree(volumes, faults);
        Assert.Equal(Hammer2Error.None, tree.Load());
        foreach (Blockref block in _blocks)
        {
            Assert.True(tree.HasLeaf(block.Data.Bytes));
            Assert.Equal(Hammer2Error.None, tree.GetLeaf(block.Data.Bytes, out FreemapLeaf? leaf));
            ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(block.Data.Bytes)];
            Assert.Equal(GranuleState.Allocated, entry.StateOf(FreemapGeometry.GranuleOf(block.Data.Bytes)));
            Assert.Equal((uint)(entry.Count(GranuleState.Free) * Media.GranuleBytes), entry.AvailableBytes);
        }
        Assert.False(tree.IsDirty);
    }

    public void Dispose() => _disk.Dispose();

    private void Walk(Chain chain, List<ulong> keys, ref SubtreeStatistics statistics, ref int indirects)
    {
        foreach (ref readonly Blockref reference in chain.Table)
        {
            if (reference.IsEmpty) continue;
            statistics.DataCount += (uint)reference.Data.SizeBytes;
            if (reference.Type != BlockrefType.Indirect)
            {
                keys.Add(reference.Key);
                continue;
            }
            indirects++;
            _blocks.Add(reference);
            var below = default(SubtreeStatistics);
            Assert.Equal(Hammer2Error.None, Device.Load(reference, out Chain? child));
            Walk(child!, keys, ref below, ref indirects);
            Assert.Equal(below, reference.Subtree);
            statistics.DataCount += below.DataCount;
        }
    }

    private MediaDevice OpenDevice() => new(
        VolumeSet.Open([new UnownedDevice(_disk)]), new MediaCaches(8 << 20),
        NullLogger<MediaDevice>.Instance);

    private Chain LoadRoot() => LoadFirst(LoadFirst(Device.RootChain));

    private Chain LoadFirst(Chain above)
    {
        var cursor = new ChainCursor(Device, above, 0, ulong.MaxValue);
        Assert.Equal(Hammer2Error.None, cursor.MoveNext());
        Assert.Equal(Hammer2Error.None, Device.Load(cursor.Current, out Chain? first));
        return first!;
    }
}
