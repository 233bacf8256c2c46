// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots.Streams;
using Hammer2.Testing;
using Hammer2.Tests.Cluster;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>Goal: what a mounted cluster receives is afterwards the same on every node, wherever the stream, the power
/// or a node failed, and becomes a PFS on all synced nodes or on none. Method: drawn histories received on three nodes
/// beside operations; cuts, power cuts and failing nodes at drawn places; the checker on each node, and the comparison
/// of nodes.</summary>
public sealed class ClusterReceiveTests
{
    private const int Nodes = 3;
    private const string Live = NewVolume.ClusterLabel;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(6));

    [Theory, MemberData(nameof(Seeds))]
    public void Every_node_gets_each_snapshot(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 3, steps: 150);
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes, seed: seed + 100)];
        var random = new SeededRandom(seed);
        using (ClusterMount mount = Open(disks, seed, out VnodeOps ops))
        {
            ScriptPlayer player = SizedFilesystem.Begin(ops, random);
            for (int i = 0; i < 3; i++)
            {
                byte[] stream = StreamTests.Send(source, $"s{i}", i == 0 ? null : $"s{i - 1}");
                Assert.Empty(Receive(mount, stream, seed, () =>
                {
                    player.Play(ops, 1);
                    if (random.OneIn(20)) Assert.Equal(Errno.None, ops.Sync());
                    if (random.OneIn(60)) Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
                }));
            }
            Assert.Contains("exists already",
                Refused(mount, StreamTests.Send(source, "s2", null), seed), StringComparison.Ordinal);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        for (int i = 0; i < 3; i++) StreamTests.AssertEqual(source, $"s{i}", disks, $"s{i}");
        AssertLevel(disks, $"seed {seed}", "s0", "s1", "s2");
        // It counts its masters: two of them are enough, and written as any other PFS.
        Assert.Throws<PfsException>(() => RecordedScript.Mount(disks[..1], "s2").Dispose());
        using (ClusterMount one = RecordedScript.Mount(disks[1..], "s2"))
            Assert.Equal(Hammer2Error.None, one.Pfs.OpenForWriting(RecordedScript.Options(seed)));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_cut_stream_is_completed_or_given_up_on_every_node(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 2, steps: 150);
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes, seed: seed + 100)];
        var random = new SeededRandom(seed);
        byte[] first = StreamTests.Send(source, "s0", null);
        byte[] whole = StreamTests.Send(source, "s1", random.OneIn(2) ? "s0" : null);
        int[] cuts = [.. Enumerable.Range(0, 3).Select(_ => random.Below(whole.Length)).Order(), whole.Length];
        using (ClusterMount mount = Open(disks, seed, out _)) Assert.Empty(Receive(mount, first, seed));
        foreach (int length in cuts)
        {
            using ClusterMount mount = Open(disks, seed, out _);
            if (length == whole.Length)
            {
                Assert.Empty(Receive(mount, whole, seed));
                continue;
            }
            _ = Refused(mount, whole[..length], seed);
            Assert.Single(PositionsOf(mount).Distinct());
            if (PositionsOf(mount)[0] is null || !random.OneIn(3)) continue;
            Assert.Equal(Hammer2Error.None, Administer(mount).DeleteReceived("s1"u8));
            Assert.All(PositionsOf(mount), static position => Assert.Null(position));
        }
        StreamTests.AssertEqual(source, "s1", disks, "s1");
        AssertLevel(disks, $"seed {seed}", "s0", "s1");
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_leaves_a_whole_on_all_nodes_or_parts_that_the_stream_completes(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 1, steps: 80);
        byte[] stream = StreamTests.Send(source, "s0", null);
        IBlockDevice[] before = [.. NewVolume.ClusterInMemory(Nodes, seed: seed + 100)];
        var history = new WriteHistory(before);
        var random = new SeededRandom(seed);
        using (ClusterMount mount = Open(history.Open(), seed, out VnodeOps ops))
        {
            ScriptPlayer player = SizedFilesystem.Begin(ops, random);
            Assert.Empty(Receive(mount, stream, seed, () => player.Play(ops, 1)));
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        DrawnCuts.Run(history, random, 1, DrawnCuts.CountForScript(6, 96), $"seed {seed}", (position, devices, place) =>
        {
            foreach (OverlayBlockDevice device in devices) AssertAccepted(device, place);
            using (ClusterMount mount = Open(devices, seed, out _))
            {
                int wholes = WholesOf(mount);
                Assert.True(wholes is 0 or Nodes, $"{place}: {wholes} nodes have it");
                if (wholes == 0) Assert.Empty(Receive(mount, stream, seed));
            }
            StreamTests.AssertEqual(source, "s0", devices, "s0");
            AssertLevel(devices, place, "s0");
        });
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_node_that_fails_is_left_out_and_gets_it_when_the_stream_is_given_again(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 2, steps: 150);
        byte[] first = StreamTests.Send(source, "s0", null), second = StreamTests.Send(source, "s1", "s0");
        var random = new SeededRandom(seed);
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes, seed: seed + 100)];
        int victim = random.Below(Nodes);
        var faulty = new FaultyBlockDevice(new UnownedDevice(disks[victim]));
        IBlockDevice[] failing = [.. disks.Select((disk, i) => i == victim ? faulty : disk)];
        using (ClusterMount mount = Open(failing, seed, out VnodeOps ops))
        {
            long writes = WritesOf(first, seed);
            faulty.GoneAtWriteNumber(faulty.WriteCount + 1 + (long)(random.NextUInt64() % (ulong)writes));
            NodeWithout left = Assert.Single(Receive(mount, first, seed));
            Assert.Equal(disks[victim].Name, left.Name);
            Assert.Equal(Nodes - 1, WholesOf(mount));
            _ = SizedFilesystem.Create(ops, "beside");
            Assert.Equal(Errno.None, ops.Sync());
        }
        using (ClusterMount mount = Open(disks, seed, out _))
        {
            PresentNode behind = mount.Pfs.Nodes.Single(node => node.Name == disks[victim].Name);
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Resynchronize(behind, static () => false));
            // It lacks the ancestor.
            NodeWithout left = Assert.Single(Receive(mount, second, seed));
            Assert.Contains(RootOf(behind, "s0") is null ? "is not here" : "is not whole here", left.Reason,
                StringComparison.Ordinal);
            Assert.Empty(Receive(mount, first, seed));
            Assert.Empty(Receive(mount, second, seed));
        }
        for (int i = 0; i < 2; i++) StreamTests.AssertEqual(source, $"s{i}", disks, $"s{i}");
        AssertLevel(disks, $"seed {seed}", "s0", "s1");
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Below_the_quorum_nothing_becomes_whole(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 1, steps: 150);
        byte[] stream = StreamTests.Send(source, "s0", null);
        var random = new SeededRandom(seed);
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes, seed: seed + 100)];
        FaultyBlockDevice[] faulty = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        long writes = WritesOf(stream, seed);
        using (ClusterMount mount = Open([.. faulty], seed, out _))
        {
            foreach (FaultyBlockDevice device in faulty[1..])
                device.GoneAtWriteNumber(device.WriteCount + 1 + (long)(random.NextUInt64() % (ulong)(writes / 2)));
            string refused = Refused(mount, stream, seed);
            Assert.Contains("fewer nodes than a quorum of 2", refused, StringComparison.Ordinal);
            Assert.Contains("n1: ", refused, StringComparison.Ordinal);
            Assert.Contains("n2: ", refused, StringComparison.Ordinal);
        }
        using (ClusterMount mount = Open(disks, seed, out _))
        {
            Assert.Equal(0, WholesOf(mount));
            foreach (PresentNode node in mount.Pfs.Nodes)
                _ = mount.Pfs.Writer!.Resynchronize(node, static () => false);
            Assert.Empty(Receive(mount, stream, seed));
        }
        StreamTests.AssertEqual(source, "s0", disks, "s0");
        AssertLevel(disks, $"seed {seed}", "s0");
    }

    [Fact]
    public void A_node_that_is_absent_is_named()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 6, snapshots: 1, steps: 100);
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes)];
        byte[] stream = StreamTests.Send(source, "s0", null);
        using (ClusterMount mount = Open(disks, 1, out VnodeOps ops))
        {
            _ = SizedFilesystem.Create(ops, "first");
            Assert.Equal(Errno.None, ops.Sync());
        }
        using (ClusterMount mount = RecordedScript.Mount(disks[1..], Live))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(1)));
            TestCluster.Make(mount, "second");
        }
        using (ClusterMount mount = Open(disks, 1, out _))
        {
            NodeWithout left = Assert.Single(Receive(mount, stream, 1));
            Assert.Equal(("n0", "it is not synced"), (left.Name, left.Reason));
            Assert.Equal(2, WholesOf(mount));
        }
    }

    [Fact]
    public void What_nodes_have_of_other_streams_or_begun_apart_is_told_apart()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 6, snapshots: 2, steps: 200);
        byte[] stream = StreamTests.Send(source, "s0", null), other = StreamTests.Send(source, "s1", null);
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes)];
        ReceivePart(disks, 2, other, "s0");
        using (ClusterMount mount = Open(disks, 1, out _))
        {
            NodeWithout left = Assert.Single(Receive(mount, stream, 1));
            Assert.Contains("another one has been received in part", left.Reason, StringComparison.Ordinal);
            Assert.Contains("another one has been", Assert.Single(Receive(mount, stream, 1)).Reason,
                StringComparison.Ordinal);
            Assert.Equal(Hammer2Error.None, Administer(mount).DeleteReceived("s0"u8));
            Assert.Equal(Hammer2Error.Invalid, Administer(mount).DeleteReceived("s0"u8));
            Assert.Empty(Receive(mount, stream, 1));
            Assert.Equal(Hammer2Error.None, Administer(mount).Delete("s0"u8, out _));
        }
        ReceivePart(disks, 0, stream, "s0");
        ReceivePart(disks, 1, stream, "s0");
        using (ClusterMount mount = Open(disks, 1, out _))
        {
            Assert.Contains("apart", Refused(mount, stream, 1), StringComparison.Ordinal);
            Assert.Equal(Hammer2Error.None, Administer(mount).DeleteReceived("s0"u8));
            Assert.Empty(Receive(mount, stream, 1));
        }
        StreamTests.AssertEqual(source, "s0", disks, "s0");
        AssertLevel(disks, "apart", "s0");
    }

    // On one node by itself, through a PFS that only it has.
    private static void ReceivePart(IBlockDevice[] disks, int node, byte[] stream, string label)
    {
        using ClusterMount alone = RecordedScript.Mount([disks[node]], "LOCAL");
        Assert.Equal(Hammer2Error.None, alone.Pfs.OpenForWriting(RecordedScript.Options((ulong)node)));
        _ = Refused(alone, stream[..(stream.Length * 3 / 4)], 50 + (ulong)node, label);
    }

    // How often a device is written for a stream.
    private static long WritesOf(byte[] stream, ulong seed)
    {
        IBlockDevice[] disks = [.. NewVolume.ClusterInMemory(Nodes).Select(disk => new FaultyBlockDevice(disk))];
        using ClusterMount mount = Open(disks, seed, out _);
        var first = (FaultyBlockDevice)disks[0];
        long before = first.WriteCount;
        Assert.Empty(Receive(mount, stream, seed));
        return first.WriteCount - before;
    }

    private static ClusterMount Open(IReadOnlyList<IBlockDevice> disks, ulong seed, out VnodeOps ops)
    {
        ClusterMount mount = RecordedScript.Mount(disks, Live);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(seed)));
        ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        return mount;
    }

    private static IReadOnlyList<NodeWithout> Receive(
        ClusterMount mount, byte[] stream, ulong seed, Action? beside = null, string? label = null)
    {
        ulong ids = seed + (ulong)stream.Length;
        using var nodes = ReceivingNodes.Of(mount.Pfs, runner: RecordedScript.Options(seed).Runner);
        return LiveReceiver.Receive(nodes, new MemoryStream(stream), new LiveReceiving(
            label is null ? null : Encoding.ASCII.GetBytes(label),
            () => ids = (ids * 6364136223846793005) + 1442695040888963407, TimeProvider.System,
            static body => body(), static (_, _) => new MemoryStream(), () =>
            {
                beside?.Invoke();
                return false;
            })
        {
            PartBytes = 32 << 10,
        }).Without;
    }

    private static string Refused(ClusterMount mount, byte[] stream, ulong seed, string? label = null) =>
        Assert.Throws<StreamException>(() => Receive(mount, stream, seed, label: label)).Message;

    private static PfsAdministration Administer(ClusterMount mount)
    {
        ulong ids = 5;
        return new PfsAdministration(mount.Pfs, static _ => null, TimeProvider.System, () => ids++);
    }

    private static int WholesOf(ClusterMount mount) => mount.Pfs.Nodes.Count(static node =>
        RootOf(node, "s0") is { } root && root.Meta.PfsRole == (byte)PfsType.Master);

    private static List<ReceivingPosition?> PositionsOf(ClusterMount mount) =>
        [.. mount.Pfs.Nodes.Select(static node =>
        {
            var holds = new List<PfsHold>();
            if (RootOf(node, "s1") is not { } root || !PfsHolds.TryRead(root.AfterInodeName, holds)) return null;
            return ReceivingPosition.Take(holds, out _);
        })];

    private static Chain? RootOf(PresentNode node, string label)
    {
        var entries = new List<PfsEntry>();
        Assert.Equal(Hammer2Error.None, PfsEntry.List(node.Device, entries));
        return entries.Find(entry => entry.Label.SequenceEqual(Encoding.ASCII.GetBytes(label)))?.Root;
    }

    private static void AssertAccepted(IBlockDevice disk, string place)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        SizedFilesystem.AssertAccepted(volumes, place);
    }

    private static void AssertLevel(IReadOnlyList<IBlockDevice> disks, string place, params string[] labels)
    {
        List<VolumeSet> sets = [.. disks.Select(disk => VolumeSet.Open([new UnownedDevice(disk)]))];
        foreach (VolumeSet set in sets) SizedFilesystem.AssertClean(set, place);
        IReadOnlyList<ClusterReport> reports = ClusterCompare.Run(sets, new FsckOptions());
        foreach (ClusterReport report in reports)
            Assert.True(report.IsClean, $"{place}:\n{string.Join('\n', report.Findings.Take(5))}");
        foreach (string label in labels)
            Assert.Contains(reports, report => report.Label == label && report.Nodes.Count == disks.Count);
        foreach (VolumeSet set in sets) set.Dispose();
    }
}
