// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.PfsRoots;

/// <summary>Goal: PFSs are created, deleted, renamed and frozen as snapshots on every node, with the fields they should
/// have, and what cannot be done is refused with its reason and changes nothing.</summary>
public sealed class PfsAdministrationTests
{
    private static readonly Credentials Root = new(0, 0);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_snapshot_keeps_the_source_apart_from_its_ids(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        using (OpenedPfses opened = Open(devices))
        {
            VnodeOps ops = opened.Ops[0];
            var wanted = new AttributeChange { Mode = UnixMode.O750, UserId = 7, GroupId = 8 };
            Assert.Equal(Errno.None, ops.SetAttributes(VnodeOps.RootInum, wanted, out _));
            Make(ops, "before");
            Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s1"u8));
            Make(ops, "after");
            Assert.Equal(Errno.None, ops.Sync());
        }
        using OpenedPfses again = Open(devices);
        VnodeOps snapshot = again.Open("s1", nodes);
        Assert.Equal(Errno.None, snapshot.GetAttributes(VnodeOps.RootInum, out VnodeAttributes root));
        Assert.Equal((uint)UnixMode.O750, root.Mode & 0xFFF);
        Assert.Equal((7u, 8u), (root.UserId, root.GroupId));
        Assert.Equal(Errno.None, snapshot.Lookup(VnodeOps.RootInum, "before"u8, out _));
        Assert.Equal(Errno.ENOENT, snapshot.Lookup(VnodeOps.RootInum, "after"u8, out _));
        Assert.Equal(nodes, again.Pfses[1].Membership.SyncedTotal);
        InodeMeta[] source = [.. again.Pfses[0].Nodes.Select(node => node.Root.Meta)];
        InodeMeta[] frozen = [.. again.Pfses[1].Nodes.Select(node => node.Root.Meta)];
        Assert.Equal(nodes, frozen.Select(meta => meta.PfsNodeId).Distinct().Count());
        _ = Assert.Single(frozen.Select(meta => meta.PfsClusterId).Distinct());
        Assert.NotEqual(source[0].PfsClusterId, frozen[0].PfsClusterId);
        Assert.Equal((PfsType.Master, PfsSubtype.Snapshot), (frozen[0].PfsType, frozen[0].PfsSubtype));
        Assert.Equal(source[0].CompressionPolicy, frozen[0].CompressionPolicy);
        Assert.Equal(source[0].CheckPolicy, frozen[0].CheckPolicy);
        // Upstream overwrites blocks without a check code that are newer than this, and no others.
        Assert.True(source[0].PfsSnapshotTid > 0 && source[0].PfsSnapshotTid == frozen[0].PfsSnapshotTid);
    }

    [Fact]
    public void A_snapshot_of_a_snapshot_has_its_content_and_both_are_written_apart()
    {
        IBlockDevice[] devices = Devices(1);
        using OpenedPfses opened = Open(devices);
        Make(opened.Ops[0], "one");
        Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s1"u8));
        VnodeOps first = opened.Open("s1", 1);
        Make(first, "two");
        Assert.Equal(Hammer2Error.None, Administration(opened, 1).Snapshot("s2"u8));
        Make(first, "three");
        VnodeOps second = opened.Open("s2", 1);
        Assert.Equal(["one", "two"], Names(second, "one", "two", "three"));
        Assert.Equal(["one", "two", "three"], Names(first, "one", "two", "three"));
        Assert.Equal(["one"], Names(opened.Ops[0], "one", "two", "three"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_new_PFS_is_empty_and_can_be_renamed_and_deleted(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        using OpenedPfses opened = Open(devices);
        PfsAdministration administration = Administration(opened);
        Assert.Equal(Hammer2Error.None, administration.Create("new"u8, PfsType.Master, null));
        Assert.Equal(Hammer2Error.None, administration.Rename("new"u8, "/home.daily.20261128.03:01"u8, out _));
        VnodeOps made = opened.Open("/home.daily.20261128.03:01", nodes);
        Make(made, "file");
        Assert.Equal(nodes, opened.Pfses[1].Membership.SyncedTotal);
        Assert.All(opened.Labels(), labels => Assert.DoesNotContain("new", labels));
        opened.Pfses[1].Writer!.Dispose();
        Assert.Equal(Hammer2Error.None, administration.Delete("/home.daily.20261128.03:01"u8, out _));
        Assert.All(opened.Labels(), labels => Assert.Equal(2, labels.Count));
    }

    [Fact]
    public void PFSs_of_a_device_are_administered_while_none_is_mounted()
    {
        MemoryBlockDevice device = NewVolume.InMemory(256L << 20);
        using (OfflinePfsAdministration opened = OpenOffline(device))
        {
            Assert.Equal(Hammer2Error.None, opened.Pfses.Create("a"u8, PfsType.Master, null));
            Assert.Equal(Hammer2Error.None, opened.Pfses.Rename("a"u8, "b/c"u8, out _));
            Assert.Equal(Hammer2Error.None, opened.Pfses.Delete("LOCAL"u8, out _));
            Assert.Equal(Hammer2Error.Invalid, opened.Pfses.Snapshot("s"u8));
            Assert.Equal(Hammer2Error.Exists, opened.Pfses.Create("b/c"u8, PfsType.Slave, null));
        }
        MediaAudit.AssertSound(device, "after administration");
        using OpenedPfses again = Open([device]);
        Assert.Equal(["DATA", "b/c"], again.Labels().Single());
        Make(again.Open("b/c", 1), "file");
    }

    [Fact]
    public void What_cannot_be_done_is_refused_and_changes_nothing()
    {
        IBlockDevice[] devices = Devices(1);
        using OpenedPfses opened = Open(devices);
        PfsAdministration administration = Administration(opened);
        string label = NewVolume.Label;
        Assert.Equal(Hammer2Error.Exists, administration.Snapshot(Encoding.ASCII.GetBytes(label)));
        Assert.Equal(Hammer2Error.Exists, administration.Create(Encoding.ASCII.GetBytes(label), PfsType.Master, null));
        Assert.Equal(Hammer2Error.Exists, administration.Rename("LOCAL"u8, Encoding.ASCII.GetBytes(label), out _));
        Assert.Equal(Hammer2Error.Invalid, administration.Snapshot(""u8));
        Assert.Equal(Hammer2Error.Invalid, administration.Snapshot("a\0b"u8));
        Assert.Equal(Hammer2Error.Invalid, administration.Snapshot(new byte[256].Select(_ => (byte)'x').ToArray()));
        Assert.Equal(Hammer2Error.Invalid, administration.Create("x"u8, PfsType.None, null));
        Assert.Equal(Hammer2Error.Invalid, administration.Create("x"u8, (PfsType)12, null));
        Assert.Equal(Hammer2Error.NoEntry, administration.Delete("none"u8, out _));
        Assert.Equal(Hammer2Error.NoEntry, administration.Rename("none"u8, "x"u8, out _));
        var busy = new PfsAdministration(
            opened.Pfses[0], _ => s_user, TimeProvider.System, new SeededRandom(3).NextUInt64);
        Assert.Equal(Hammer2Error.Busy, busy.Delete("LOCAL"u8, out ClusterMount? user));
        Assert.Same(s_user, user);
        Assert.Equal(Hammer2Error.Busy, busy.Rename("LOCAL"u8, "x"u8, out _));
        Assert.Equal([NewVolume.Label, "LOCAL"], opened.Labels().Single());
    }

    [Theory]
    [InlineData("DATA", "DATA.20261128.030159")]
    [InlineData("", ".20261128.030159")]
    public void A_snapshot_has_a_label_by_default(string pfs, string expected)
    {
        var time = new DateTimeOffset(2026, 11, 28, 3, 1, 59, TimeSpan.FromHours(2));
        Assert.Equal(expected, Encoding.ASCII.GetString(PfsLabel.OfSnapshot(Encoding.ASCII.GetBytes(pfs), time)));
        Assert.Equal(255, PfsLabel.OfSnapshot(new byte[255], time).Length);
    }

    private static readonly ClusterMount s_user = OpenFilesystems.MountAlone(
        [VolumeSet.Open([new UnownedDevice(NewVolume.InMemory())])], NewVolume.Label,
        new ClusterMountOptions(new MediaSourceOptions()), new LogCapture());

    private static IBlockDevice[] Devices(int nodes) => [.. NewVolume.NodesInMemory(nodes, 256L << 20)];

    private static OpenedPfses Open(IBlockDevice[] devices) => new(
        devices, [(devices.Length == 1 ? NewVolume.Label : NewVolume.ClusterLabel, devices.Length)], 1);

    private static OfflinePfsAdministration OpenOffline(IBlockDevice device)
    {
        Assert.Equal(Hammer2Error.None, OfflinePfsAdministration.Open(
            VolumeSet.Open([new UnownedDevice(device)]), TimeProvider.System, new SeededRandom(9).NextUInt64,
            new LogCapture(), out OfflinePfsAdministration? opened));
        return opened!;
    }

    private static PfsAdministration Administration(OpenedPfses opened, int through = 0) => new(
        opened.Pfses[through], static _ => null, TimeProvider.System, new SeededRandom(5 + (ulong)through).NextUInt64);

    private static void Make(VnodeOps ops, string name) => Assert.Equal(Errno.None, ops.Create(
        VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.RegularFile, UnixMode.O644), Root,
        out _));

    private static IEnumerable<string> Names(VnodeOps ops, params string[] names) => names.Where(
        name => ops.Lookup(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), out _) == Errno.None);
}
