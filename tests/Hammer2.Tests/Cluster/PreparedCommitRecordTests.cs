// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: a prepared record counts only when all of its commit is on the device, and nothing came after it.
/// Method: one commit of a real cluster is taken back to the moment before its header, then one thing is changed.
/// </summary>
public sealed class PreparedCommitRecordTests
{
    private static readonly Credentials Caller = new(0, 0);

    [Theory]
    [InlineData(CheckMethod.XxHash64)]
    [InlineData(CheckMethod.None)]
    [InlineData(CheckMethod.Disabled)]
    public void A_record_leads_to_the_header_that_was_going_to_be_written(CheckMethod check)
    {
        using MemoryBlockDevice device = Prepared(check, out VolumeHeader written, out _);
        using VolumeSet volumes = Open(device);
        PreparedCommitRecord record = PreparedCommitRecord.Read(volumes)!;
        Assert.Equal(PreparedState.Prepared, record.State);
        Assert.True(written.Bytes.SequenceEqual(record.Next!.Bytes));
        Assert.Equal(written.CopyIndex, record.Next.CopyIndex);
        Assert.Empty(SuspectHeaderCopies.Find(volumes, record));
    }

    [Theory]
    [InlineData(CheckMethod.XxHash64)]
    [InlineData(CheckMethod.None)]
    [InlineData(CheckMethod.Disabled)]
    public void A_record_is_void_when_any_block_of_its_commit_is_not_there(CheckMethod check)
    {
        using MemoryBlockDevice device = Prepared(check, out VolumeHeader written, out List<Blockref> blocks);
        Assert.InRange(blocks.Count, 5, int.MaxValue);
        Assert.Contains(blocks, block => block.Type == BlockrefType.Data);
        Assert.Contains(blocks, block => block.Type == BlockrefType.FreemapLeaf);
        foreach (Blockref block in blocks)
        {
            // The last byte of an inode or a file block need not be zero, and need not be checked by any reader.
            long at = (long)block.Data.Bytes + block.Data.SizeBytes - 1;
            Flip(device, at);
            using (VolumeSet volumes = Open(device))
                Assert.True(PreparedCommitRecord.Read(volumes)!.State == PreparedState.Void, $"{block.Type}");
            Flip(device, at);
        }
        using VolumeSet whole = Open(device);
        Assert.Equal(PreparedState.Prepared, PreparedCommitRecord.Read(whole)!.State);
        Assert.Equal(written.Fields.MirrorTid, PreparedCommitRecord.Read(whole)!.Next!.Fields.MirrorTid);
    }

    [Fact]
    public void One_read_that_fails_voids_nothing()
    {
        using MemoryBlockDevice device = Prepared(CheckMethod.None, out _, out List<Blockref> blocks);
        var faulty = new FaultyBlockDevice(device);
        using VolumeSet volumes = Open(faulty);
        // The first read is that of the record; those after it are of the blocks.
        for (int block = 0; block < blocks.Count; block++)
        {
            faulty.FailReadNumber(faulty.ReadCount + 2 + block);
            Assert.Equal(PreparedState.Prepared, PreparedCommitRecord.Read(volumes)!.State);
        }
    }

    [Fact]
    public void A_torn_record_is_none()
    {
        using MemoryBlockDevice device = Prepared(CheckMethod.XxHash64, out _, out _);
        for (int at = 0; at < PreparedRecordView.SizeBytes; at += 37)
        {
            Flip(device, Media.PreparedRecordOffset + at);
            using (VolumeSet volumes = Open(device)) Assert.Null(PreparedCommitRecord.Read(volumes));
            Flip(device, Media.PreparedRecordOffset + at);
        }
    }

    [Fact]
    public void A_torn_header_is_explained_by_the_record_that_names_its_copy_and_by_no_other()
    {
        using MemoryBlockDevice device = Prepared(CheckMethod.XxHash64, out VolumeHeader written, out _);
        Assert.Equal(Hammer2Error.None, device.Write(
            written.CopyIndex * Media.HeaderZoneBytes, written.Bytes[..4096]));
        using VolumeSet volumes = Open(device);
        Assert.Empty(SuspectHeaderCopies.Find(volumes, PreparedCommitRecord.Read(volumes)));
        Assert.Equal(written.CopyIndex, Assert.Single(SuspectHeaderCopies.Find(volumes, null)).CopyIndex);
    }

    [Fact]
    public void A_copy_that_no_writer_reached_yet_is_no_doubt()
    {
        using MemoryBlockDevice device = Prepared(CheckMethod.XxHash64, out VolumeHeader written, out _);
        byte[] zeros = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, device.Write(written.CopyIndex * Media.HeaderZoneBytes, zeros));
        using VolumeSet volumes = Open(device);
        Assert.Empty(SuspectHeaderCopies.Find(volumes, null));
    }

    /// <summary>A node of two, as it is when everything of its last commit but the header is there.</summary>
    private static MemoryBlockDevice Prepared(CheckMethod check, out VolumeHeader written, out List<Blockref> blocks)
    {
        MemoryBlockDevice[] nodes = new MemoryBlockDevice[2];
        for (int node = 0; node < nodes.Length; node++)
        {
            nodes[node] = new MemoryBlockDevice(TestCluster.ManyHeaders, $"n{node}");
            var wanted = NewVolume.Describe(1, node, nodes.Length);
            NewVolume.Format(
                [nodes[node]],
                wanted with { Pfses = [.. wanted.Pfses.Select(pfs => pfs with { Check = check })] });
        }
        VolumeSet[] sets = [.. nodes.Select(Open)];
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20);
        using ClusterMount mount = OpenFilesystems.MountAlone(
            sets, NewVolume.ClusterLabel, options, NullLoggerFactory.Instance);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        VolumeHeader before = mount.Devices[0].Header;
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(new string('n', 100)),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes made));
        byte[] content = new byte[70_000];
        new SeededRandom(5).Fill(content);
        Assert.Equal(Errno.None, ops.Write(made.Inum, 0, content, dropsPrivileges: false));
        Assert.Equal(Errno.None, ops.Sync());
        written = mount.Devices[0].Header;
        using VolumeSet committed = Open(nodes[0]);
        blocks = MediaMap.Read(committed).Blocks
            .Where(block => block.Reference.MirrorTid > before.Fields.MirrorTid)
            .Select(block => block.Reference).ToList();
        ulong newest = before.Fields.MirrorTid;
        foreach (ref readonly Blockref freemap in written.FreemapBlockset)
            if (freemap.MirrorTid > newest) blocks.Add(freemap);
        // The copy that the header went to held an older one.
        Assert.Equal(Hammer2Error.None, nodes[0].Write(
            written.CopyIndex * Media.HeaderZoneBytes, before.Bytes));
        nodes[1].Dispose();
        return nodes[0];
    }

    private static void Flip(MemoryBlockDevice device, long at)
    {
        byte[] one = new byte[1];
        Assert.Equal(Hammer2Error.None, device.Read(at, one));
        one[0] ^= 0x55;
        Assert.Equal(Hammer2Error.None, device.Write(at, one));
    }

    private static VolumeSet Open(IBlockDevice device) => VolumeSet.Open([new UnownedDevice(device)]);
}
