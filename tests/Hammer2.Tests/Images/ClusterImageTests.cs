// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Images;

/// <summary>
/// Goal: a cluster with one missing or damaged node reads as its listing, and reports it. Method: nodes made by
/// upstream, complete, with each missing in turn, with each damaged in turn.
/// </summary>
public sealed class ClusterImageTests
{
    private const string Label = "CL";

    /// <summary>The cluster images whose nodes are equal.</summary>
    public static TheoryData<string> Clusters => ["cluster2", "cluster3"];

    /// <summary>Each node of each of them, with the type of blocks that is damaged on it.</summary>
    public static TheoryData<string, int, BlockrefType> DamagedNodes
    {
        get
        {
            var cases = new TheoryData<string, int, BlockrefType>();
            BlockrefType[] types = [BlockrefType.Inode, BlockrefType.Indirect, BlockrefType.Data];
            foreach (string cluster in new[] { "cluster2", "cluster3" })
            {
                for (int node = 0; node < GoldenImage.Nodes(cluster).Count; node++)
                {
                    foreach (BlockrefType type in types)
                        cases.Add(cluster, node, type);
                }
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Clusters))]
    public void Nodes_given_in_any_order_read_as_one(string cluster)
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes(cluster);
        foreach (int[] order in Permutations.Of(nodes.Count))
        {
            var filesystems = new List<VolumeSet>();
            foreach (int node in order)
                filesystems.Add(VolumeSet.Open([GoldenImage.Open(nodes[node])]));
            using TestMount mount = TestMount.Open(filesystems, Label);
            Assert.All(mount.Pfs.View.Members, node => Assert.Equal(NodeState.Synced, node.State));
            ManifestComparison.AssertEqual(Manifest.Read(nodes[0], Label), TreeReader.Read(mount.Ops));
            Assert.Equal(0, mount.Pfs.RepairedReads);
            Assert.Empty(mount.Log.Lines(LogLevel.Error));
        }
    }

    [Fact]
    public void Two_of_three_nodes_read_as_three_and_the_missing_one_is_reported()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3");
        for (int missing = 0; missing < nodes.Count; missing++)
        {
            var log = new LogCapture();
            using ClusterMount mount = OpenWithout(missing, nodes, isDegraded: false, log);
            AssertReadsAs(nodes[0], mount, log);
            Assert.True(log.Contains(LogLevel.Warning, AbsentPath(nodes[missing])));
            Assert.Contains(mount.Pfs.View.Members, node => node.State == NodeState.Offline);
        }
    }

    [Fact]
    public void One_of_two_nodes_is_not_a_quorum_and_needs_the_degraded_option()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster2");
        for (int missing = 0; missing < nodes.Count; missing++)
        {
            var log = new LogCapture();
            PfsException refusal = Assert.Throws<PfsException>(
                () => OpenWithout(missing, nodes, isDegraded: false, log));
            Assert.Contains(
                "1 of 2 masters are here, 2 make a quorum", refusal.Message, StringComparison.Ordinal);
            Assert.Contains(AbsentPath(nodes[missing]), refusal.Message, StringComparison.Ordinal);

            using ClusterMount mount = OpenWithout(missing, nodes, isDegraded: true, log);
            AssertReadsAs(nodes[0], mount, log);
        }
    }

    [Theory, MemberData(nameof(DamagedNodes))]
    public void Every_damaged_block_of_one_node_is_read_from_another(
        string cluster, int damaged, BlockrefType type)
    {
        long repaired = RepairedReadsWith(cluster, damaged, type);
        Assert.InRange(repaired, 1, long.MaxValue);
    }

    [Theory, MemberData(nameof(Clusters))]
    public void Every_damaged_name_block_of_one_node_is_read_from_another(string cluster)
    {
        // There are few long names, and a directory is read on one node: not every node is read.
        long repaired = 0;
        for (int damaged = 0; damaged < GoldenImage.Nodes(cluster).Count; damaged++)
            repaired += RepairedReadsWith(cluster, damaged, BlockrefType.Dirent);
        Assert.InRange(repaired, 1, long.MaxValue);
    }

    private static long RepairedReadsWith(string cluster, int damaged, BlockrefType type)
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes(cluster);
        using OverlayBlockDevice overlay = GoldenImage.OpenOverlay(nodes[damaged]);
        Assert.InRange(DamageAll(overlay, type), 1, int.MaxValue);
        var filesystems = new List<VolumeSet>();
        for (int node = 0; node < nodes.Count; node++)
            filesystems.Add(VolumeSet.Open([node == damaged ? overlay : GoldenImage.Open(nodes[node])]));
        using TestMount mount = TestMount.Open(filesystems, Label);

        ManifestComparison.AssertEqual(Manifest.Read(nodes[0], Label), TreeReader.Read(mount.Ops));

        bool wasTold = mount.Log.Contains(LogLevel.Error, nodes[damaged]);
        Assert.Equal(mount.Pfs.RepairedReads > 0, wasTold);
        Assert.Equal(0, mount.Mount.Devices[damaged == 0 ? 1 : 0].Faults.FaultsTotal);
        return mount.Pfs.RepairedReads;
    }

    [Fact]
    public void Different_damage_on_every_node_is_read_from_the_others()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3");
        var random = new SeededRandom(SeededRandom.Seeds(1)[0]);
        var filesystems = new List<VolumeSet>();
        var hurtKeys = new HashSet<(BlockrefType, ulong, MapObject)>();
        foreach (string node in nodes)
        {
            OverlayBlockDevice overlay = GoldenImage.OpenOverlay(node);
            filesystems.Add(VolumeSet.Open([overlay]));
            foreach (MapBlock block in MediaMap.Read(filesystems[^1]).Blocks)
            {
                // The same logical block must stay intact on two nodes; its type is the same on all.
                if (block.Type != BlockrefType.Data || !random.OneIn(3))
                    continue;
                if (hurtKeys.Add((block.Type, block.Reference.Key, First(block))))
                    overlay.Flip((long)block.Address + random.Below(block.SizeBytes), 0x10);
            }
        }
        Assert.InRange(hurtKeys.Count, 20, int.MaxValue);
        using TestMount mount = TestMount.Open(filesystems, Label);
        ManifestComparison.AssertEqual(Manifest.Read(nodes[0], Label), TreeReader.Read(mount.Ops));
        Assert.InRange(mount.Pfs.RepairedReads, 1, long.MaxValue);
    }

    [Fact]
    public void A_stale_node_is_not_read()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3-lag");
        foreach (int[] order in Permutations.Of(nodes.Count))
        {
            var filesystems = new List<VolumeSet>();
            FaultyBlockDevice? lagging = null;
            foreach (int node in order)
            {
                var device = new FaultyBlockDevice(GoldenImage.Open(nodes[node]));
                if (node == 2)
                    lagging = device;
                filesystems.Add(VolumeSet.Open([device]));
            }
            using TestMount mount = TestMount.Open(filesystems, Label);
            long readsToOpen = lagging!.ReadCount;
            ManifestComparison.AssertEqual(Manifest.Read(nodes[0], Label), TreeReader.Read(mount.Ops));
            Assert.Equal(readsToOpen, lagging.ReadCount);
            Assert.Equal(NodeState.Stale, mount.Pfs.View.Members[Array.IndexOf(order, 2)].State);
            Assert.True(mount.Log.Contains(LogLevel.Warning, nodes[2]));
        }
    }

    [Fact]
    public void Damage_on_all_nodes_affects_one_file_only()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3");
        Manifest manifest = Manifest.Read(nodes[0], Label);
        ManifestEntry victim = manifest["/d/f0"];
        var filesystems = new List<VolumeSet>();
        foreach (string node in nodes)
        {
            OverlayBlockDevice overlay = GoldenImage.OpenOverlay(node);
            filesystems.Add(VolumeSet.Open([overlay]));
            MapBlock block = MediaMap.Read(filesystems[^1]).OfType(BlockrefType.Data).Find(
                candidate => First(candidate).Inum == victim.Extended!.Inum && candidate.Reference.Key == 0)!;
            overlay.Flip((long)block.Address, 0x01);
        }
        using TestMount mount = TestMount.Open(filesystems, Label);
        List<TreeEntry> found = TreeReader.Read(mount.Ops);
        Assert.Equal(Errno.EIO, found.Find(entry => entry.Path == victim.Path)!.Error);
        List<string> differences = ManifestComparison.Differences(manifest, found);
        differences.RemoveAll(line => line.StartsWith($"{victim.Path}: ", StringComparison.Ordinal));
        ManifestComparison.AssertNone(manifest, differences);
    }

    // Flips one bit in every block of a type except the roots, without which a node is unusable.
    private static int DamageAll(OverlayBlockDevice overlay, BlockrefType type)
    {
        int hurt = 0;
        using VolumeSet volumes = VolumeSet.Open([new OverlayBlockDevice(overlay, ownsBelow: false)]);
        foreach (MapBlock block in MediaMap.Read(volumes).OfType(type))
        {
            MapObject owner = First(block);
            bool isRoot = type == BlockrefType.Inode && owner.Inum <= Media.PfsRootInum;
            if (isRoot || owner.Pfs != Label)
                continue;
            overlay.Flip((long)block.Address + block.SizeBytes / 2, 0x04);
            hurt++;
        }
        return hurt;
    }

    private static MapObject First(MapBlock block)
    {
        foreach (MapObject owner in block.Objects)
            return owner;
        return default;
    }

    private static string AbsentPath(string node) => $"/nowhere/{node}.img";

    private static void AssertReadsAs(string node, ClusterMount mount, LogCapture log)
    {
        var ops = new VnodeOps(mount.Pfs, log.CreateLogger<VnodeOps>());
        ManifestComparison.AssertEqual(Manifest.Read(node, Label), TreeReader.Read(ops));
    }

    private static ClusterMount OpenWithout(
        int missing, IReadOnlyList<string> nodes, bool isDegraded, LogCapture log)
    {
        var specs = new List<MountSpec>();
        for (int node = 0; node < nodes.Count; node++)
        {
            string path = node == missing ? AbsentPath(nodes[node]) : GoldenImage.Path(nodes[node]);
            specs.Add(new MountSpec([path], Label));
        }
        var media = new MediaSourceOptions(IsReadOnly: true, TakesLock: false);
        return OpenFilesystems.MountAlone(specs, new ClusterMountOptions(media, AllowDegraded: isDegraded), log);
    }
}
