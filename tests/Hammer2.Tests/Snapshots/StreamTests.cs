// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Streams;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>Goal: what is received equals what was sent, whole and by increments, shares what the source shares, and is
/// there as a whole or not at all.</summary>
public sealed class StreamTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(12));

    [Theory, MemberData(nameof(Seeds))]
    public void Received_snapshots_equal_those_that_were_sent(ulong seed)
    {
        const int Snapshots = 4;
        using IBlockDevice source = SnapshotHistory.Play(seed, Snapshots, steps: 300);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: seed + 100);
        for (int i = 0; i < Snapshots; i++)
        {
            Receive(target, Send(source, $"s{i}", i == 0 ? null : $"s{i - 1}"));
            AssertEqual(source, $"s{i}", target, $"s{i}");
        }
        // From any that is older, and without one.
        Receive(target, Send(source, "s3", "s1"), "skipping");
        Receive(target, Send(source, "s3", null), "full");
        AssertEqual(source, "s3", target, "skipping");
        AssertEqual(source, "s3", target, "full");
        MediaAudit.AssertSound(target, $"seed {seed}");
    }

    [Fact]
    public void Blocks_that_are_shared_stay_shared()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 6, snapshots: 3, steps: 400);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: 77);
        long sent = 0;
        for (int i = 0; i < 3; i++) sent += Send(source, $"s{i}", i == 0 ? null : $"s{i - 1}").Length;
        Assert.True(sent < 2 * Send(source, "s2", null).Length + Send(source, "s1", null).Length);
        byte[] stream = Send(source, "s2", "s1");
        Assert.Contains(StreamRecordType.Inode, Records(stream));
        Assert.Equal(stream, Send(source, "s2", "s1"));
        using SnapshotFilesystem filesystem = SnapshotHistory.Open(source);
        Assert.Equal(stream.Length,
            SnapshotSender.Send(filesystem, filesystem.Find("s2"u8)!, filesystem.Find("s1"u8), to: null));
    }

    [Fact]
    public void An_increment_needs_its_ancestor_as_it_was_received()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 6, snapshots: 2, steps: 200);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: 77);
        byte[] increment = Send(source, "s1", "s0");
        Assert.Contains("is not here", Refused(target, increment), StringComparison.Ordinal);
        Receive(target, Send(source, "s0", null));
        Assert.Contains("exists already", Refused(target, Send(source, "s0", null)), StringComparison.Ordinal);
        using (ClusterMount mount = ModelMount.Open([target], "s0"))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            var change = new AttributeChange { Mode = UnixMode.O750 };
            Assert.Equal(Errno.None, ops.SetAttributes(VnodeOps.RootInum, change, out _));
            Assert.Equal(Errno.None, ops.Sync());
        }
        Assert.Contains("was changed here", Refused(target, increment), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_stream_changes_nothing_and_is_continued()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 9, snapshots: 1, steps: 200);
        byte[] whole = Send(source, "s0", null);
        var random = new SeededRandom(9);
        for (int i = 0; i < 40; i++)
        {
            int length = random.Below(whole.Length);
            using (MemoryBlockDevice target = NewVolume.InMemory(seed: 77))
            {
                Assert.NotEmpty(Refused(target, whole[..length]));
                AssertUnchanged(target);
            }
            using var file = new MemoryStream();
            file.Write(whole, 0, length);
            file.Position = 0;
            StreamProgress before = StreamProgress.Of(file);
            file.SetLength(before.BytesTotal);
            file.Position = before.BytesTotal;
            using SnapshotFilesystem filesystem = SnapshotHistory.Open(source);
            _ = SnapshotSender.Send(filesystem, filesystem.Find("s0"u8)!, null, file, before);
            Assert.Equal(whole, file.ToArray());
        }
    }

    /// <summary>A stream of a PFS.</summary>
    internal static byte[] Send(IBlockDevice disk, string label, string? ancestor)
    {
        using SnapshotFilesystem filesystem = SnapshotHistory.Open(disk);
        using var to = new MemoryStream();
        PfsTree? old = ancestor is null ? null : filesystem.Find(Encoding.ASCII.GetBytes(ancestor));
        _ = SnapshotSender.Send(filesystem, filesystem.Find(Encoding.ASCII.GetBytes(label))!, old, to);
        return to.ToArray();
    }

    /// <summary>Receives a stream.</summary>
    internal static void Receive(IBlockDevice disk, byte[] stream, string? label = null)
    {
        ulong ids = (ulong)stream.Length;
        _ = SnapshotReceiver.Receive(VolumeSet.Open([new UnownedDevice(disk)]), new MemoryStream(stream),
            label is null ? null : Encoding.ASCII.GetBytes(label), TimeProvider.System,
            () => ids = (ids * 6364136223846793005) + 1442695040888963407, NullLoggerFactory.Instance);
    }

    /// <summary>The labels of a filesystem are those of a new one.</summary>
    internal static void AssertUnchanged(IBlockDevice disk)
    {
        using SnapshotFilesystem filesystem = SnapshotHistory.Open(disk);
        Assert.Equal(["DATA", "LOCAL"], filesystem.Entries.Select(
            entry => Encoding.ASCII.GetString(entry.Label)).Order(StringComparer.Ordinal));
    }

    private static string Refused(IBlockDevice disk, byte[] stream) =>
        Assert.Throws<StreamException>(() => Receive(disk, stream)).Message;

    private static List<StreamRecordType> Records(byte[] stream)
    {
        var reader = new RecordReader(new MemoryStream(stream));
        var types = new List<StreamRecordType>();
        while (reader.Read() is { } type) types.Add(type);
        return types;
    }

    // Everything that a mount shows, numbers of inodes included.
    internal static void AssertEqual(IBlockDevice source, string sent, IBlockDevice target, string received) =>
        AssertEqual(source, sent, [target], received);

    /// <summary>The same for the nodes of a cluster.</summary>
    internal static void AssertEqual(
        IBlockDevice source, string sent, IReadOnlyList<IBlockDevice> targets, string received)
    {
        string[] expected = ListingOf([source], sent, out ulong sourceBytes);
        string[] found = ListingOf(targets, received, out ulong targetBytes);
        Assert.Equal(expected, found);
        // Trees may have other shapes.
        Assert.InRange(targetBytes, sourceBytes - Slack(sourceBytes), sourceBytes + Slack(sourceBytes));
    }

    private static ulong Slack(ulong bytes) => Math.Min(bytes, (bytes / 20) + (64 << 10));

    private static string[] ListingOf(IReadOnlyList<IBlockDevice> disks, string label, out ulong bytes)
    {
        using ClusterMount mount = ModelMount.Open(disks, label);
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, ops.GetStored(VnodeOps.RootInum, out StoredInode root));
        bytes = root.DataCount;
        var lines = new List<string> { $"{root.Meta.PfsInum} {root.InodeCount}" };
        Add(lines, ops, VnodeOps.RootInum, "");
        lines.AddRange(TreeListing.Of(ops, VnodeOps.RootInum).Split('\n'));
        return [.. lines];
    }

    private static void Add(List<string> lines, VnodeOps ops, ulong inum, string path)
    {
        Assert.Equal(Errno.None, ops.GetStored(inum, out StoredInode stored));
        InodeMeta meta = stored.Meta;
        bool isRoot = inum == VnodeOps.RootInum;
        lines.Add($"{path} {inum} {meta.Mode:x} {meta.UserId.UnixId} {meta.GroupId.UnixId} {meta.ModifyTime} "
            + $"{meta.ChangeTime} {meta.AccessTime} {meta.BirthTime} {meta.UserFlags} {meta.LinkCount} "
            + $"{meta.OperationFlags} {(isRoot ? 0 : meta.ParentInum)} "
            + $"{meta.CompressionPolicy} {meta.CheckPolicy} {meta.DeviceMajor} {meta.DeviceMinor}");
        if (meta.Type != ObjectType.Directory) return;
        foreach ((string name, ulong child) in TreeListing.EntriesOf(ops, inum, path))
            Add(lines, ops, child, $"{path}/{name}");
    }
}
