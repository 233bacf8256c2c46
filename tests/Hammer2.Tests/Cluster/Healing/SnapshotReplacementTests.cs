// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>
/// Goal: what a scrub cannot heal of snapshots on one node is right after they were copied again from another node, and
/// bulkfree works again; an interruption, or a snapshot in use, loses nothing.
/// Method: blocks that only snapshots have are spoiled, or cannot be read even after they were written again; a scrub
/// lists them, the snapshots are copied, a second scrub finds nothing, all nodes have the same. HAMMER2_SEED=n replays
/// one case.
/// </summary>
public sealed class SnapshotReplacementTests
{
    private const int Bad = 1;

    private static readonly string[] s_snapshots = ["snap1", "snap2", "snap3"];

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(4));

    [Theory, MemberData(nameof(Seeds))]
    public void Damaged_snapshots_are_copied_again(ulong seed)
    {
        var random = new SeededRandom(seed);
        using DamagedCluster cluster = Make(seed);
        string[] before = Listings(cluster);
        Damage(cluster, random, seed % 2 == 0);
        cluster.Open();
        PresentNode node = cluster.Pfs.Nodes[Bad];
        Assert.NotEqual(0UL, Scrub(node, cluster).Unhealed);
        Assert.NotEqual(Hammer2Error.None, cluster.Pfs.Writer!.Reclaim(default, out _));

        // Each interruption is followed by a mount that goes on.
        Hammer2Error error;
        int copied = 0;
        do
        {
            int left = random.Below(4);
            error = cluster.Pfs.Writer!.CopySnapshots(
                cluster.Pfs.Nodes[Bad], Claim, () => left-- <= 0, out int more);
            copied += more;
            Assert.True(error is Hammer2Error.None or Hammer2Error.Interrupted, $"seed {seed}: {error}");
            cluster.Player.Play(cluster.Ops, 5);
            cluster.Close();
            cluster.Open();
        }
        while (error != Hammer2Error.None);
        Assert.InRange(copied, 1, s_snapshots.Length);
        UpkeepFields again = Scrub(cluster.Pfs.Nodes[Bad], cluster);
        Assert.Equal((0UL, 0UL), (again.Faults, again.Unhealed));
        Assert.Equal(Hammer2Error.None, cluster.Pfs.Writer!.Reclaim(default, out _));
        cluster.Player.Play(cluster.Ops, 30);
        cluster.Compare();
        Assert.Equal(Labels(cluster, 0), Labels(cluster, Bad));
        cluster.Close();
        Judge(cluster.Disks);
        Assert.Equal(before, Listings(cluster));
        foreach (string label in s_snapshots)
            Assert.Equal(ListingOn(cluster, 0, label), ListingOn(cluster, Bad, label));
    }

    [Fact]
    public void One_that_is_in_use_is_left()
    {
        using DamagedCluster cluster = Make(3);
        Damage(cluster, new SeededRandom(3), isLost: false);
        cluster.Open();
        PresentNode node = cluster.Pfs.Nodes[Bad];
        ulong unhealed = Scrub(node, cluster).Unhealed;
        Assert.Equal(Hammer2Error.Busy,
            cluster.Pfs.Writer!.CopySnapshots(node, static _ => null, static () => false, out int copied));
        Assert.Equal(0, copied);
        Assert.Equal(unhealed, node.Device.Committer!.Upkeep.Current.Fields.Unhealed);
        cluster.Close();
    }

    /// <summary>Goal: a snapshot is not lost with a copy that cannot be made. Method: the only other node cannot read a
    /// block either: what the node has is there under its other label.</summary>
    [Fact]
    public void What_the_node_has_is_kept_until_the_copy_is_complete()
    {
        using DamagedCluster cluster = Make(5);
        Damage(cluster, new SeededRandom(5), isLost: false);
        foreach (int node in (int[])[0, 2])
        {
            foreach (MapBlock block in cluster.BlocksOfSnapshots(node, BlockrefType.Indirect))
                cluster.SpoilOne(new SeededRandom(5), node, block);
        }
        cluster.Open();
        _ = Scrub(cluster.Pfs.Nodes[Bad], cluster);
        Hammer2Error error = cluster.Pfs.Writer!.CopySnapshots(
            cluster.Pfs.Nodes[Bad], Claim, static () => false, out int copied);
        Assert.True(error.IsNodeFault(), $"{error}");
        Assert.Equal(0, copied);
        Assert.Contains(Labels(cluster, Bad), label => label.Contains(".damaged.", StringComparison.Ordinal));
        cluster.Close();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_may_fail_while_they_are_copied(ulong seed)
    {
        var random = new SeededRandom(seed);
        using DamagedCluster cluster = Make(seed);
        Damage(cluster, random, isLost: seed % 2 == 0);
        foreach (FaultyBlockDevice device in cluster.Devices) device.Heal();
        var history = new WriteHistory([.. cluster.Disks]);
        cluster.Open(history.Open());
        _ = Scrub(cluster.Pfs.Nodes[Bad], cluster);
        int first = history.Events.Count;
        Assert.Equal(Hammer2Error.None,
            cluster.Pfs.Writer!.CopySnapshots(cluster.Pfs.Nodes[Bad], Claim, static () => false, out int copied));
        Assert.InRange(copied, 1, s_snapshots.Length);
        cluster.Close();
        DrawnCuts.Run(history, random, first, DrawnCuts.CountForScript(4, usual: 24), $"seed {seed}",
            (position, cut, place) =>
            {
                cluster.Open(cut);
                PresentNode node = cluster.Pfs.Nodes[Bad];
                Assert.Equal(3, cluster.Pfs.View.Synced.Count);
                // No barrier followed on its list.
                _ = Scrub(node, cluster);
                Hammer2Error error = cluster.Pfs.Writer!.CopySnapshots(node, Claim, static () => false, out int more);
                Assert.True(error == Hammer2Error.None, $"{place}: {error}");
                Assert.Equal(0UL, Scrub(node, cluster).Unhealed);
                Assert.Equal(Labels(cluster, 0), Labels(cluster, Bad));
                cluster.Compare();
                cluster.CloseUnchanged();
                Judge(cut);
            });
    }

    private static DamagedCluster Make(ulong seed)
    {
        var cluster = new DamagedCluster(seed, nodes: 3);
        cluster.Open();
        var pfses = new PfsAdministration(
            cluster.Pfs, static _ => null, TimeProvider.System, new SeededRandom(seed).NextUInt64);
        foreach (string label in s_snapshots)
        {
            byte[] content = new byte[700_000];
            new SeededRandom(seed).Fill(content);
            ulong made = cluster.MakeFile($"only in {label}", content);
            cluster.Player.ForgetAll(cluster.Ops);
            Assert.Equal(Hammer2Error.None, pfses.Snapshot(Encoding.ASCII.GetBytes(label)));
            Assert.Equal(Errno.None, cluster.Ops.Unlink(
                VnodeOps.RootInum, Encoding.ASCII.GetBytes($"only in {label}"), out ulong _));
            cluster.Ops.Forget(made);
            _ = cluster.Files.Remove(made);
            cluster.Player.Play(cluster.Ops, 60);
        }
        cluster.Close();
        return cluster;
    }

    // What a check code does not prove with a sibling's bytes, and bad places of every kind.
    private static void Damage(DamagedCluster cluster, SeededRandom random, bool isLost)
    {
        MapBlock[] indirects = cluster.BlocksOfSnapshots(Bad, BlockrefType.Indirect);
        MapBlock[] data = cluster.BlocksOfSnapshots(Bad, BlockrefType.Data);
        MapBlock root = RootOf(cluster, s_snapshots[1]);
        Assert.NotEmpty(data);
        cluster.SpoilOne(random, Bad, indirects[0]);
        foreach (MapBlock block in indirects[1..])
            if (random.OneIn(2)) cluster.SpoilOne(random, Bad, block);
        foreach (MapBlock block in data)
            if (random.OneIn(3)) cluster.Devices[Bad].FailReads((long)block.Address, block.SizeBytes);
        if (isLost) cluster.SpoilOne(random, Bad, root);
    }

    private static MapBlock RootOf(DamagedCluster cluster, string label)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(cluster.Disks[Bad])]);
        return MediaMap.Read(volumes).Blocks.Single(block => block.Type == BlockrefType.Inode
            && block.Objects.Any(one => one.Pfs == label && one.Inum == Media.PfsRootInum));
    }

    private static IDisposable Claim(PfsEntry entry) => new UnownedDevice(new MemoryBlockDevice(1 << 20));

    private static void Judge(IReadOnlyList<IBlockDevice> disks)
    {
        var filesystems = new List<VolumeSet>();
        foreach (IBlockDevice disk in disks)
        {
            MediaAudit.AssertSound(disk, "afterwards");
            filesystems.Add(VolumeSet.Open([new UnownedDevice(disk)]));
        }
        IReadOnlyList<ClusterReport> reports = ClusterCompare.Run(filesystems, new FsckOptions());
        Assert.Equal(1 + s_snapshots.Length, reports.Count);
        Assert.All(reports, report => Assert.True(report.IsClean));
        foreach (VolumeSet volumes in filesystems) volumes.Dispose();
    }

    private static UpkeepFields Scrub(PresentNode node, DamagedCluster cluster)
    {
        Assert.Equal(Hammer2Error.None, cluster.Pfs.Writer!.Scrubs.Run(node, default, static () => false));
        return node.Device.Committer!.Upkeep.Current.Fields;
    }

    private static string[] Labels(DamagedCluster cluster, int node)
    {
        var entries = new List<PfsEntry>();
        Assert.Equal(Hammer2Error.None, PfsEntry.List(cluster.Pfs.Nodes[node].Device, entries));
        return [.. entries.Select(entry => Encoding.ASCII.GetString(entry.Label)).Order(StringComparer.Ordinal)];
    }

    private static string[] Listings(DamagedCluster cluster) =>
        [.. s_snapshots.Select(label => ListingOn(cluster, 0, label))];

    private static string ListingOn(DamagedCluster cluster, int node, string label)
    {
        using ClusterMount mount = OpenFilesystems.MountAlone(
            [VolumeSet.Open([new UnownedDevice(cluster.Disks[node])])], label,
            new ClusterMountOptions(new MediaSourceOptions(), AllowDegraded: true), NullLoggerFactory.Instance);
        return TreeListing.Of(new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance), VnodeOps.RootInum);
    }
}
