// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: a node that was away, whatever happened meanwhile, becomes equal to the others while the PFS is written, and
/// holds everything by itself.
/// Method: drawn scripts are played on the driver and on a model, with one node of three absent for some of the mounts
/// and resynchronized amid operations; media are judged without the driver. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class NodeResyncTests
{
    private const int NodesTotal = 3;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(24));

    [Theory, MemberData(nameof(Seeds))]
    public void A_node_that_was_away_becomes_equal_while_operations_go_on(ulong seed)
    {
        var random = new SeededRandom(seed);
        IBlockDevice[] disks = ModelMount.Make(seed, NodesTotal);
        var player = new ScriptPlayer(random, usesAttributes: random.OneIn(2));
        Play(disks, player, random, isFirst: true);
        int away = random.Below(NodesTotal);
        for (int mounts = random.Below(3); mounts >= 0; mounts--)
            Play([.. disks.Where((_, node) => node != away)], player, random);

        using (ClusterMount mount = Mount(disks))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(seed)));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            PresentNode node = mount.Pfs.Nodes.Single(one => one.Device == mount.Devices[away]);
            Assert.Equal(NodeState.Stale, node.State);
            player.Play(ops, random.Below(60));
            int units = 0;
            Hammer2Error error = mount.Pfs.Writer!.Resynchronize(node, () =>
            {
                // Nothing may begin while the last changes are copied.
                if (node.State is not NodeState.Copying and not NodeState.CatchingUp) return false;
                if (units++ < 20) player.Play(ops, random.Below(40));
                if (random.OneIn(4)) Assert.Equal(Errno.None, ops.Sync());
                if (random.OneIn(8)) Assert.Equal(Hammer2Error.None, mount.Pfs.Writer.Reclaim(default, out _));
                return false;
            });
            Assert.Equal(Hammer2Error.None, error);
            Assert.Equal(NodesTotal, mount.Pfs.View.Synced.Count);
            player.Compare(ops);
            player.Play(ops, random.Below(100));
            Assert.Equal(Errno.None, ops.Sync());
            player.Compare(ops);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        AssertLevel(disks, player, seed);
        foreach (IBlockDevice disk in disks) disk.Dispose();
    }

    private static void Play(IBlockDevice[] disks, ScriptPlayer player, SeededRandom random, bool isFirst = false)
    {
        using ClusterMount mount = Mount(disks);
        var options = new PfsWriteOptions { Deduplicates = random.OneIn(2) };
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(options));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        if (isFirst) _ = ModelMount.MakeRoom(ops, player, "model");
        for (int group = random.Below(3); group >= 0; group--)
        {
            player.Play(ops, random.Below(150));
            Assert.Equal(Errno.None, ops.Sync());
        }
        player.ForgetAll(ops);
        Assert.Equal(Errno.None, ops.Sync());
    }

    private static ClusterMount Mount(IBlockDevice[] disks) =>
        ModelMount.Open(disks, NewVolume.ClusterLabel, NodesTotal);

    // All nodes are synced at the next mount, and each by itself shows everything.
    private static void AssertLevel(IBlockDevice[] disks, ScriptPlayer player, ulong seed)
    {
        using (ClusterMount again = Mount(disks))
        {
            Assert.All(again.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
            player.Compare(new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance));
        }
        ModelMount.Judge(disks, seed);
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20, AllowDegraded: true);
        foreach (IBlockDevice disk in disks)
        {
            VolumeSet only = VolumeSet.Open([new UnownedDevice(disk)]);
            using ClusterMount mount = OpenFilesystems.MountAlone(
                [only], NewVolume.ClusterLabel, options, NullLoggerFactory.Instance);
            player.Compare(new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance));
        }
    }
}
