// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>What opening for writing repairs, and what it leaves alone.</summary>
public sealed class RecoveryTests
{
    private static readonly Credentials Caller = new(0, 0);

    [Theory]
    [InlineData("crash-dirty", "DATA")]
    [InlineData("crash-synced", "DATA")]
    [InlineData("crash-bulkfree", "DATA")]
    [InlineData("deleted-bulkfree", "DATA")]
    public void A_volume_that_upstream_left_in_a_crash_can_be_written_on(string image, string label)
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay(image);
        string before = Play(device, label, _ => { });
        string after = Play(device, label, mount =>
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            MakeFile(ops, "new", 300_000, 7);
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "new"u8, out ulong inum));
            Assert.Equal(Errno.None, ops.Forget(inum));
            Assert.Equal(Errno.None, ops.Sync());
        });
        Assert.True(before == after, TreeListing.Difference(before, after));
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
        Assert.DoesNotContain(
            MediaAudit.Judge(volumes), fault => !fault.Contains("names and counts", StringComparison.Ordinal));
    }

    /// <summary>
    /// Goal: the state that upstream leaves when it allocates behind its freemap: a header that says that the freemap
    /// is older than the tree, and a freemap that does not know the newest blocks. Method: the blocks of one commit,
    /// including small ones in shared granules, are removed from the freemap. Whatever is written then must not touch
    /// them.
    /// </summary>
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Blocks_that_the_freemap_does_not_know_yet_are_not_given_out(ulong seed)
    {
        var random = new SeededRandom(seed);
        using MemoryBlockDevice device = NewVolume.InMemory(256 << 20, seed);
        byte[] freemap = [];
        ulong freemapTid = 0, free = 0;
        _ = Play(device, NewVolume.Label, mount =>
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            for (int i = 0; i < 40; i++) MakeFile(ops, $"old{i}", random.Below(3000), seed);
            Assert.Equal(Errno.None, ops.Sync());
            VolumeHeader header = mount.Devices[0].Header;
            freemap = MemoryMarshal.AsBytes(header.FreemapBlockset).ToArray();
            freemapTid = header.Fields.FreemapTid;
            free = header.Fields.AllocatorFree;
            for (int i = 0; i < 60; i++) MakeFile(ops, $"young{i}", random.Below(200_000), seed);
            Assert.Equal(Errno.None, ops.Sync());
        });
        SetBack(device, freemap, freemapTid, free);
        string before = Play(device, NewVolume.Label, _ => { });
        string after = Play(device, NewVolume.Label, mount =>
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            for (int i = 0; i < 60; i++) MakeFile(ops, $"new{i}", random.Below(100_000), seed + 1);
            Assert.Equal(Errno.None, ops.Sync());
            for (int i = 0; i < 60; i++)
            {
                Assert.Equal(Errno.None, ops.Unlink(
                    VnodeOps.RootInum, Encoding.ASCII.GetBytes($"new{i}"), out ulong inum));
                Assert.Equal(Errno.None, ops.Forget(inum));
            }
            Assert.Equal(Errno.None, ops.Sync());
        });
        Assert.True(before == after, TreeListing.Difference(before, after));
        MediaAudit.AssertSound(device, $"seed {seed}");
    }

    [Fact]
    public void A_block_above_unknown_ones_that_cannot_be_read_keeps_the_volume_from_being_written()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(256 << 20);
        byte[] freemap = [];
        ulong freemapTid = 0, free = 0;
        _ = Play(memory, NewVolume.Label, mount =>
        {
            VolumeHeader header = mount.Devices[0].Header;
            freemap = MemoryMarshal.AsBytes(header.FreemapBlockset).ToArray();
            freemapTid = header.Fields.FreemapTid;
            free = header.Fields.AllocatorFree;
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            for (int i = 0; i < 60; i++) MakeFile(ops, $"f{i}", 100, 1);
            Assert.Equal(Errno.None, ops.Sync());
        });
        SetBack(memory, freemap, freemapTid, free);
        ulong indirect = 0;
        _ = Play(memory, NewVolume.Label, mount =>
        {
            foreach (ref readonly Blockref reference in mount.Pfs.Nodes[0].Root.Table)
                if (reference.Type == BlockrefType.Indirect) indirect = reference.Data.Bytes;
        });
        Assert.NotEqual(0UL, indirect);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(memory));
        faulty.FailReads((long)indirect, 1);
        using ClusterMount refused = RecordedScript.Mount([faulty], NewVolume.Label);
        Assert.Equal(Hammer2Error.Io, refused.Pfs.OpenForWriting());
        Assert.Null(refused.Pfs.Writer);
        Assert.Equal(0, faulty.WriteCount);
    }

    [Fact]
    public void An_inode_number_that_is_in_use_is_not_given_out_again()
    {
        using MemoryBlockDevice device = NewVolume.InMemory(256 << 20);
        ulong last = 0;
        _ = Play(device, NewVolume.Label, mount =>
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            for (int i = 0; i < 20; i++) last = MakeFile(ops, $"f{i}", 10, 1);
            Assert.Equal(Errno.None, ops.Sync());
        });
        SetNextInum(device, Media.InumFirst);
        _ = Play(device, NewVolume.Label, mount =>
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            Assert.True(MakeFile(ops, "next", 10, 1) > last);
        });
    }

    [Fact]
    public void Objects_that_were_in_use_without_a_name_go_with_the_next_mount()
    {
        using MemoryBlockDevice device = NewVolume.InMemory(256 << 20);
        ulong inum = 0;
        _ = Play(device, NewVolume.Label, mount =>
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            inum = MakeFile(ops, "gone", 100_000, 1);
            _ = MakeFile(ops, "here", 100_000, 2);
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "gone"u8, out _));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Errno.None, ops.GetAttributes(inum, out _));
        });
        _ = Play(device, NewVolume.Label, mount =>
        {
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            Assert.Equal(Errno.None, ops.GetAttributes(inum, out _)); // reading changes nothing
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            Assert.Equal(Errno.ESTALE, ops.GetAttributes(inum, out _));
        });
        MediaAudit.AssertSound(device, "afterwards", allowsOrphans: false);
        ulong tid = 0;
        for (int i = 0; i < 2; i++)
        {
            _ = Play(device, NewVolume.Label, mount =>
            {
                Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
                // The stamp says that there is nothing to look for, so that nothing is committed either.
                if (i == 1) Assert.Equal(tid, mount.Devices[0].Header.Fields.MirrorTid);
                tid = mount.Devices[0].Header.Fields.MirrorTid;
            });
        }
    }

    [Fact]
    public void A_cluster_takes_a_new_epoch_whenever_it_is_opened_for_writing()
    {
        IBlockDevice[] devices = [.. NewVolume.ClusterInMemory(3, 256 << 20)];
        for (ulong epoch = 1; epoch <= 3; epoch++)
        {
            // A majority is enough, whichever it is.
            IBlockDevice[] present = epoch == 2 ? [devices[0], devices[2]] : [devices[0], devices[2], devices[1]];
            using (ClusterMount mount = RecordedScript.Mount(present, NewVolume.ClusterLabel))
            {
                Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(new PfsWriteOptions { Random = () => 9 }));
                foreach (PresentNode node in mount.Pfs.Nodes)
                {
                    if (node.State != NodeState.Synced) continue;
                    Assert.Equal(epoch, CommitNumber.EpochOf(node.Root.Reference.ModifyTid));
                    // The second commit of the epoch or the third: the first has the random number.
                    Assert.InRange(node.Root.Reference.ModifyTid & 0xFFFFFF, 10UL, 11UL);
                    Assert.Equal(9UL, node.Root.Meta.PfsCommitId);
                }
            }
            if (epoch < 2) continue;
            // The one that was away is behind, is told so, and is not written.
            ulong before = TidOf(devices[1]);
            using ClusterMount with = RecordedScript.Mount(devices, NewVolume.ClusterLabel);
            Assert.Equal(NodeState.Stale, with.Pfs.Nodes[1].State);
            Assert.Equal(Hammer2Error.None, with.Pfs.OpenForWriting());
            Assert.Equal(before, TidOf(devices[1]));
            break;
        }
    }

    private static ulong TidOf(IBlockDevice device)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
        return volumes.Header.Fields.MirrorTid;
    }

    private static string Play(IBlockDevice device, string label, Action<ClusterMount> play)
    {
        using ClusterMount mount = RecordedScript.Mount([device], label);
        play(mount);
        return TreeListing.Of(
            new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance), VnodeOps.RootInum);
    }

    internal static ulong MakeFile(VnodeOps ops, string name, int length, ulong seed)
    {
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.RegularFile, UnixMode.O644),
                Caller,
            out VnodeAttributes made));
        byte[] content = new byte[length];
        new SeededRandom(seed).Fill(content);
        if (length > 0) Assert.Equal(Errno.None, ops.Write(made.Inum, 0, content, dropsPrivileges: false));
        return made.Inum;
    }

    // The header as it would be had the last commit not written its freemap.
    private static void SetBack(MemoryBlockDevice device, byte[] freemap, ulong freemapTid, ulong free)
    {
        byte[] bytes = ReadHeader(device);
        var view = new VolumeHeaderView(bytes);
        freemap.CopyTo(MemoryMarshal.AsBytes(view.FreemapBlockset));
        view.Fields.FreemapTid = freemapTid;
        view.Fields.AllocatorFree = free;
        VolumeHeaderCandidate.StoreCrcs(view);
        Assert.Equal(Hammer2Error.None, device.Write(0, bytes));
    }

    private static void SetNextInum(MemoryBlockDevice device, ulong next)
    {
        using ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label);
        MediaDevice media = mount.Devices[0];
        Assert.Equal(Hammer2Error.None, media.OpenForWriting());
        PresentNode node = mount.Pfs.Nodes[0];
        Blockref root = node.Root.Reference;
        InodeMeta meta = node.Root.Meta;
        meta.PfsInum = next;
        MediaCommitter committer = media.Committer!;
        using var turn = CommitTurn.Enter(committer);
        TreeShape shape = TreeShape.OfInode(ObjectType.Directory, CheckMethod.XxHash64);
        var below = new TreeEditor(media, shape, node.Root.Table);
        Assert.Equal(Hammer2Error.None, InodeWriter.Write(
            committer.Writer, committer.MirrorTid, meta, node.Root.InodeName, below, ref root));
        Assert.Equal(Hammer2Error.None, committer.PutPfsRoot(root));
        Assert.Equal(Hammer2Error.None, committer.Prepare(default, out PreparedCommit? prepared));
        Assert.Equal(Hammer2Error.None, committer.Publish(prepared!));
    }

    private static byte[] ReadHeader(MemoryBlockDevice device)
    {
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, device.Read(0, bytes));
        return bytes;
    }
}
