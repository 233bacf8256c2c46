// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster.Healing;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>
/// Goal: what a read finds damaged on one node is made right there, in place where the check code proves the bytes,
/// else by the node's commit; every read is right, and the node stays a member.
/// Method: blocks of all types of one node are spoiled between mounts, or made unreadable; everything is read, and the
/// media are judged node by node. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class HealingTests
{
    private const int NodesTotal = 3;
    private const int Bad = 1;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(6));

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_reads_find_damaged_is_healed(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal);
        MapBlock[] spoiled = cluster.Spoil(random, Bad, 60);
        cluster.Open();
        cluster.ReadAndHeal();
        Assert.NotEqual(0, cluster.Pfs.RepairedReads);
        HealCounts healed = cluster.Pfs.Writer!.Healed;
        Assert.NotEqual(0, healed.Healed);
        Assert.Equal(0, healed.Failed);
        Assert.All(cluster.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
        // What was damaged and is whole again is no reason to call the mount damaged.
        Assert.All(cluster.Pfs.Nodes, node => Assert.Null(node.Device.Faults.LastFault));
        cluster.Compare();
        cluster.Player.Play(cluster.Ops, 30);
        cluster.Close();

        // The same reads find nothing any more.
        cluster.Open();
        cluster.Compare();
        Assert.Equal(0, cluster.Pfs.RepairedReads);
        cluster.Close();
        Assert.True(cluster.StillDamaged(Bad, spoiled).Count < spoiled.Length);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void File_data_is_written_again_where_it_is(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal);
        MapBlock[] spoiled = cluster.Spoil(random, Bad, 40, BlockrefType.Data, BlockrefType.Dirent);
        cluster.Open();
        ulong[] roots = [.. cluster.Pfs.RootLocations];
        cluster.Compare();
        long repaired = cluster.Pfs.RepairedReads;
        cluster.HealAll();
        Assert.Equal(roots, cluster.Pfs.RootLocations);         // no commit was needed
        Assert.Equal(0, cluster.Pfs.Writer!.Healed.Rebuilt);
        Assert.True(cluster.Pfs.Writer!.Healed.Rewritten > 0 || repaired == 0);
        cluster.Close();
        Assert.Equal(
            spoiled.Length - cluster.StillDamaged(Bad, spoiled).Count > 0, repaired > 0);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Blocks_that_the_device_cannot_read_are_stored_elsewhere(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal);
        MapBlock[] blocks = cluster.BlocksOf(Bad);
        // Of what is smaller than a page the rest cannot be read, so that it is not written where it is.
        for (int i = 0; i < 25; i++)
        {
            MapBlock block = random.Pick<MapBlock>(blocks);
            cluster.Devices[Bad].FailReads((long)block.Address, block.SizeBytes);
        }
        cluster.Open();
        cluster.ReadAndHeal();
        Assert.Equal(0, cluster.Pfs.Writer!.Healed.Failed);
        Assert.All(cluster.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
        cluster.Compare();
        cluster.Close();
        cluster.Open();
        cluster.Compare();
        Assert.Equal(0, cluster.Pfs.RepairedReads);
        cluster.Close();
        cluster.Devices[Bad].Heal();
        cluster.Judge();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Changes_of_a_damaged_object_go_on_while_it_is_healed(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal);
        _ = cluster.Spoil(random, Bad, 80);
        cluster.Open();
        byte[] change = new byte[70_000];
        foreach ((ulong inum, byte[] content) in cluster.Files)
        {
            byte[] read = new byte[content.Length];
            Assert.Equal(Errno.None, cluster.Ops.Read(inum, 0, read, out _));
            if (random.OneIn(2)) _ = cluster.Pfs.Writer!.Heal();
            if (content.Length < change.Length) continue;
            random.Fill(change);
            int at = random.Below(content.Length - change.Length + 1);
            change.CopyTo(content, at);
            Assert.Equal(Errno.None, cluster.Ops.Write(inum, (ulong)at, change, dropsPrivileges: false));
            if (random.OneIn(3)) Assert.Equal(Errno.None, cluster.Ops.Sync());
        }
        cluster.ReadAndHeal();
        Assert.Equal(0, cluster.Pfs.Writer!.Healed.Failed);
        cluster.Close();
        cluster.Open();
        cluster.Compare();
        Assert.Equal(0, cluster.Pfs.RepairedReads);
        cluster.Close();
    }

    [Fact]
    public void Nothing_is_written_that_the_check_code_does_not_prove()
    {
        using var cluster = new DamagedCluster(seed: 3, nodes: 2);
        var random = new SeededRandom(3);
        // The same block is bad on both nodes: neither can prove the other's.
        MapBlock left = cluster.BlocksOf(0, BlockrefType.Data)[0];
        MapBlock right = cluster.BlocksOf(1, BlockrefType.Data).Single(block => Same(block.Reference, left.Reference));
        cluster.SpoilOne(random, 0, left);
        cluster.SpoilOne(random, 1, right);
        cluster.Open();
        foreach (ulong inum in cluster.Files.Keys) _ = cluster.Ops.Read(inum, 0, new byte[600_000], out _);
        cluster.HealAll();
        Assert.Equal(0, cluster.Pfs.Writer!.Healed.Healed);
        cluster.Close();
        Assert.Single(cluster.StillDamaged(0, [left]));
        Assert.Single(cluster.StillDamaged(1, [right]));
    }

    private static bool Same(in Blockref left, in Blockref right) =>
        left.Key == right.Key && left.ModifyTid == right.ModifyTid && left.CheckRead.SequenceEqual(right.CheckRead);
}
