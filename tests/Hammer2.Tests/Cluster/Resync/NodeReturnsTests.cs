// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Cluster;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: a node whose device failed or was absent is a member again when the device answers, without unmounting, and
/// becomes equal; one that is not the node stays out.
/// Method: devices that go away at drawn moments of a script and come back; files for nodes that appear later.
/// HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class NodeReturnsTests
{
    private const int NodesTotal = 3;

    private static readonly ReturnAccess Access = new(
        new MediaSourceOptions(IsReadOnly: false), NullLoggerFactory.Instance);

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(12));

    [Theory, MemberData(nameof(Seeds))]
    public void Nodes_that_fail_in_turn_return_one_after_the_other(ulong seed)
    {
        var random = new SeededRandom(seed);
        MemoryBlockDevice[] disks = NewVolume.ClusterInMemory(NodesTotal, 256L << 20, seed);
        FaultyBlockDevice[] devices = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        var player = new ScriptPlayer(random, usesAttributes: random.OneIn(2));
        var filesystems = new OpenFilesystems(1 << 20);
        using (ClusterMount mount = Mount(filesystems, devices))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(seed)));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            using var returns = new NodeReturns(mount, filesystems, Access, scheduler: null);
            _ = ModelMount.MakeRoom(ops, player, "model");
            for (int round = 0; round < 4; round++)
            {
                FaultyBlockDevice device = devices[random.Below(NodesTotal)];
                device.GoneAtWriteNumber(device.WriteCount + 1 + random.Below(20));
                for (int group = 0; group < 3; group++)
                {
                    player.Play(ops, random.Below(80));
                    Assert.Equal(Errno.None, ops.Sync());
                }
                if (device.IsGone) Assert.Empty(returns.Check());
                device.Heal();
                device.IsGone = false;
                foreach (PresentNode node in returns.Check())
                {
                    player.Play(ops, random.Below(40));
                    Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Resynchronize(node, () => false));
                }
                Assert.Equal(NodesTotal, mount.Pfs.View.Synced.Count);
                player.Compare(ops);
            }
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        ModelMount.Judge(disks, seed);
    }

    [Fact]
    public void A_node_that_was_fenced_alone_returns_on_the_same_device()
    {
        using var cluster = new ReturnsCluster(NodesTotal, seed: 3);
        PresentNode fenced = cluster.Pfs.Nodes[1];
        Assert.True(fenced.TryFence());
        cluster.Play(100);
        PresentNode node = Assert.Single(cluster.Returns.Check());
        Assert.Same(fenced.Device, node.Device);
        cluster.Play(20);
        Assert.Equal(Hammer2Error.None, cluster.Pfs.Writer!.Resynchronize(node, () => false));
        cluster.Play(20);
        cluster.AssertLevel(NodesTotal);
    }

    [Fact]
    public void A_source_that_is_fenced_is_given_up_for_one_that_has_the_last_commits()
    {
        const int Nodes = 5;
        using var cluster = new ReturnsCluster(Nodes, seed: 4);
        cluster.Devices[4].IsGone = true;
        cluster.Play(200);
        cluster.Devices[4].IsGone = false;
        PresentNode node = Assert.Single(cluster.Returns.Check());
        int asked = 0;
        Assert.Equal(Hammer2Error.None, cluster.Pfs.Writer!.Resynchronize(node, () =>
        {
            if (node.State is not NodeState.Copying and not NodeState.CatchingUp) return false;
            // The one that is read first fails, and the others go on without it.
            if (asked++ == 1) cluster.Devices[0].IsGone = true;
            cluster.Play(5);
            return false;
        }));
        Assert.Equal(Nodes - 1, cluster.Pfs.View.Synced.Count);
        cluster.Devices[0].IsGone = false;
        node = Assert.Single(cluster.Returns.Check());
        Assert.Equal(Hammer2Error.None, cluster.Pfs.Writer!.Resynchronize(node, () => false));
        cluster.AssertLevel(Nodes);
    }

    [Fact]
    public void A_fenced_device_is_not_read_anew_before_the_last_write_returned()
    {
        var fence = new DeviceFence();
        Assert.True(fence.TryBeginWrite());
        fence.Fence(Hammer2Error.Io);
        Assert.True(fence.HasWriters);
        Assert.False(fence.TryBeginWrite());
        Assert.True(fence.HasWriters);
        fence.EndWrite();
        Assert.False(fence.HasWriters);
        Assert.Equal(Hammer2Error.Io, fence.Run(0, static _ => Hammer2Error.None));
        Assert.False(fence.HasWriters);
    }

    [Fact]
    public void A_node_that_appears_later_becomes_equal()
    {
        using var files = new NodeFiles();
        var filesystems = new OpenFilesystems(1 << 20);
        string away = files.Paths[1] + ".away";
        File.Move(files.Paths[1], away);
        string copy = files.Paths[0] + ".copy";
        File.Copy(files.Paths[0], copy);
        using (ClusterMount mount = filesystems.Mount(files.Specs, Options, NullLoggerFactory.Instance))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            using var returns = new NodeReturns(mount, filesystems, Access, scheduler: null);
            var player = new ScriptPlayer(new SeededRandom(5));
            _ = ModelMount.MakeRoom(ops, player, "model");
            player.Play(ops, 100);
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Empty(returns.Check());
            File.Move(copy, files.Paths[1]);
            // A copy of another node is not the node.
            Assert.Empty(returns.Check());
            File.Delete(files.Paths[1]);
            File.Move(away, files.Paths[1]);
            PresentNode node = Assert.Single(returns.Check());
            Assert.Equal(NodeState.Stale, node.State);
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Resynchronize(node, () => false));
            player.Play(ops, 50);
            player.Compare(ops);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(NodesTotal, mount.Pfs.View.Synced.Count);
        }
        using ClusterMount again = filesystems.Mount(files.Specs, Options, NullLoggerFactory.Instance);
        Assert.All(again.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_lost_node_is_replaced_by_a_blank_one(bool isMounted)
    {
        using var files = new NodeFiles();
        var filesystems = new OpenFilesystems(1 << 20);
        File.Delete(files.Paths[1]);
        if (!isMounted) Join(files);
        using (ClusterMount mount = filesystems.Mount(files.Specs, Options, NullLoggerFactory.Instance))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            using var returns = new NodeReturns(mount, filesystems, Access, scheduler: null);
            var player = new ScriptPlayer(new SeededRandom(6));
            _ = ModelMount.MakeRoom(ops, player, "model");
            player.Play(ops, 100);
            if (isMounted) Join(files);
            PresentNode node = isMounted
                ? Assert.Single(returns.Check()) : mount.Pfs.Nodes.Single(one => one.State != NodeState.Synced);
            Assert.Equal((NodeState.Stale, NodeRole.Returning), (node.State, node.Facts.Role));
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Resynchronize(node, () => false));
            player.Play(ops, 50);
            player.Compare(ops);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        using ClusterMount again = filesystems.Mount(files.Specs, Options, NullLoggerFactory.Instance);
        Assert.All(again.Pfs.Nodes, node => Assert.Equal(
            (NodeState.Synced, NodeRole.Master), (node.State, node.Facts.Role)));
    }

    private static void Join(NodeFiles files)
    {
        ToolRun run = ToolRun.Execute(
            "newfs", "-s", "256m", "--join", files.Paths[0] + "@" + NewVolume.ClusterLabel, files.Paths[1]);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(0, ToolRun.Execute("fsck", files.Paths[1]).ExitCode);
    }

    private static ClusterMountOptions Options => new(new MediaSourceOptions(IsReadOnly: false), 1 << 20);

    private static ClusterMount Mount(OpenFilesystems filesystems, IBlockDevice[] devices)
    {
        VolumeSet[] sets = [.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))];
        return filesystems.Mount(sets, NewVolume.ClusterLabel, Options, NullLoggerFactory.Instance);
    }

    /// <summary>Nodes on devices that can fail, mounted for writing, with a script.</summary>
    private sealed class ReturnsCluster : IDisposable
    {
        private readonly MemoryBlockDevice[] _disks;
        private readonly OpenFilesystems _filesystems = new(1 << 20);
        private readonly ScriptPlayer _player;
        private readonly VnodeOps _ops;
        private readonly ulong _seed;
        private readonly ClusterMount _mount;

        public ReturnsCluster(int nodes, ulong seed)
        {
            _seed = seed;
            _disks = NewVolume.ClusterInMemory(nodes, 256L << 20, seed);
            Devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
            _mount = Mount(_filesystems, Devices);
            Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(RecordedScript.Options(seed)));
            _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
            Returns = new NodeReturns(_mount, _filesystems, Access, scheduler: null);
            _player = new ScriptPlayer(new SeededRandom(seed));
            _ = ModelMount.MakeRoom(_ops, _player, "model");
            Play(50);
        }

        public FaultyBlockDevice[] Devices { get; }

        public NodeReturns Returns { get; }

        public Pfs Pfs => _mount.Pfs;

        public void Play(int steps)
        {
            _player.Play(_ops, steps);
            Assert.Equal(Errno.None, _ops.Sync());
        }

        public void AssertLevel(int nodes)
        {
            Assert.Equal(nodes, Pfs.View.Synced.Count);
            _player.Compare(_ops);
            _player.ForgetAll(_ops);
            Assert.Equal(Errno.None, _ops.Sync());
            _mount.Dispose();
            ModelMount.Judge(_disks, _seed);
        }

        public void Dispose()
        {
            Returns.Dispose();
            _mount.Dispose();
            foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
        }
    }

    private sealed class NodeFiles : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hammer2-returns");

        public NodeFiles()
        {
            for (int node = 0; node < NodesTotal; node++) Paths.Add(Path.Combine(_directory.FullName, $"n{node}"));
            NewVolume.ClusterInFiles(Paths, 256L << 20);
        }

        public List<string> Paths { get; } = [];

        public List<MountSpec> Specs => Paths.ConvertAll(path => new MountSpec([path], NewVolume.ClusterLabel));

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
