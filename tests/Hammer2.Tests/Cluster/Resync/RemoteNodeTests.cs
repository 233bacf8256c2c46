// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: a cluster whose nodes are on servers survives each of them: killed, cut off, hanging, refusing; a node returns
/// when its server does, but never while a write of the lost connection may still be executed.
/// Method: servers in this process, which fail at drawn requests of a script. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class RemoteNodeTests
{
    private const int NodesTotal = 3;

    public static TheoryData<ulong, bool> Cases
    {
        get
        {
            var cases = new TheoryData<ulong, bool>();
            foreach (ulong seed in SeededRandom.Seeds(6)) cases.Add(seed, seed % 2 == 0);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Servers_fail_in_turn_and_return(ulong seed, bool isShuffled)
    {
        using var cluster = new RemoteCluster(seed, "latewrites=trust", isShuffled);
        var random = new SeededRandom(seed);
        for (int round = 0; round < 4; round++)
        {
            FakeNbdServer server = cluster.Servers[random.Below(NodesTotal)];
            int left = random.Below(20), kind = random.Below(3);
            server.Decide = seen => seen.Command == 0 || Interlocked.Decrement(ref left) > 0
                ? FakeNbdAction.Answer
                : kind switch
                {
                    0 => FakeNbdAction.Fail(5),
                    1 => FakeNbdAction.Drop,
                    _ => FakeNbdAction.Send([1, 2, 3, 4]),
                };
            for (int group = 0; group < 3; group++) cluster.Play(random.Below(80));
            if (kind == 1) server.Stop();
            if (kind == 1 && left <= 0) Assert.Empty(cluster.Returns.Check());
            server.Decide = null;
            if (kind == 1) server.Start();
            // A server that was stopped is missed at the next commit.
            cluster.Play(random.Below(40) + 1);
            foreach (PresentNode node in cluster.Returns.Check()) cluster.Resynchronize(node);
            Assert.Equal(NodesTotal, cluster.Pfs.View.Synced.Count);
        }
        cluster.AssertLevel();
    }

    [Fact]
    public void A_node_that_hangs_stays_out_until_its_writes_are_answered()
    {
        using var cluster = new RemoteCluster(seed: 1, "timeout=1", isShuffled: false);
        FakeNbdServer server = cluster.Servers[1];
        server.Decide = seen => seen.Command == 0 ? FakeNbdAction.Answer : FakeNbdAction.Hold;
        cluster.Play(100);
        Assert.Equal(NodesTotal - 1, cluster.Pfs.View.Synced.Count);
        server.Decide = null;
        Assert.Empty(cluster.Returns.Check());
        Assert.True(cluster.Log.Contains(LogLevel.Warning, "neither answered nor ended"),
            string.Join('\n', cluster.Log.Lines(LogLevel.Information)));
        cluster.Play(50);
        // What is executed now is of the past, and is written over by the resynchronization.
        server.Release();
        PresentNode? node = null;
        Assert.True(SpinWait.SpinUntil(() => (node = cluster.Returns.Check().SingleOrDefault()) is not null, 20_000));
        cluster.Resynchronize(node!);
        cluster.Play(50);
        cluster.AssertLevel();
    }

    [Fact]
    public void A_node_whose_server_was_killed_with_writes_waits_some_seconds()
    {
        using var cluster = new RemoteCluster(seed: 2, "timeout=5", isShuffled: false);
        FakeNbdServer server = cluster.Servers[2];
        server.Decide = seen => seen.Command == 0 ? FakeNbdAction.Answer : FakeNbdAction.Drop;
        cluster.Play(100);
        server.Decide = null;
        Assert.Empty(cluster.Returns.Check());
        Assert.True(cluster.Log.Contains(LogLevel.Warning, "a moment ago"));
        PresentNode? node = null;
        Assert.True(SpinWait.SpinUntil(() => (node = cluster.Returns.Check().SingleOrDefault()) is not null, 20_000));
        cluster.Resynchronize(node!);
        cluster.AssertLevel();
    }

    [Fact]
    public void A_server_that_is_away_at_the_mount_is_a_node_that_is_absent()
    {
        using var cluster = new RemoteCluster(seed: 3, "", isShuffled: false, absent: 0);
        Assert.Equal(NodesTotal - 1, cluster.Pfs.View.Synced.Count);
        cluster.Play(100);
        cluster.Servers[0].Start();
        cluster.Resynchronize(Assert.Single(cluster.Returns.Check()));
        cluster.AssertLevel();
    }

    [Fact]
    public void A_node_that_was_lost_while_nothing_was_written_returns()
    {
        using var cluster = new RemoteCluster(seed: 4, "", isShuffled: false);
        cluster.Servers[1].Cut();
        PresentNode? node = null;
        Assert.True(SpinWait.SpinUntil(() => (node = cluster.Returns.Check().SingleOrDefault()) is not null, 20_000));
        cluster.Resynchronize(node!);
        cluster.Play(20);
        cluster.AssertLevel();
    }

    [Fact]
    public void One_export_given_twice_is_refused()
    {
        using var server = new FakeNbdServer(NewVolume.InMemory());
        Assert.Contains("same device", Assert.Throws<VolumeSetException>(() => MediaSource.Open(
            [server.Address(), server.Address("timeout=9")], new MediaSourceOptions(), NullLogger.Instance)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Nodes on servers, mounted for writing, with a script.</summary>
    private sealed class RemoteCluster : IDisposable
    {
        private readonly MemoryBlockDevice[] _disks;
        private readonly OpenFilesystems _filesystems = new(1 << 20);
        private readonly ScriptPlayer _player;
        private readonly VnodeOps _ops;
        private readonly ulong _seed;
        private readonly ClusterMount _mount;

        public RemoteCluster(ulong seed, string options, bool isShuffled, int? absent = null)
        {
            _seed = seed;
            _disks = NewVolume.ClusterInMemory(NodesTotal, 256L << 20, seed);
            Servers = [.. _disks.Select(disk => new FakeNbdServer(disk, new FakeNbdOptions
            {
                ShufflingSeed = isShuffled ? seed : null,
            }))];
            if (absent is { } away) Servers[away].Stop();
            var media = new MediaSourceOptions(IsReadOnly: false);
            _mount = _filesystems.Mount(
                [.. Servers.Select(server => MountSpec.Parse(server.Address(options) + "@" + NewVolume.ClusterLabel))],
                new ClusterMountOptions(media, 1 << 20), Log);
            Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(RecordedScript.Options(seed)));
            _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
            Returns = new NodeReturns(_mount, _filesystems, new ReturnAccess(media, Log), scheduler: null);
            _player = new ScriptPlayer(new SeededRandom(seed));
            _ = ModelMount.MakeRoom(_ops, _player, "model");
            Play(50);
        }

        public FakeNbdServer[] Servers { get; }

        public LogCapture Log { get; } = new();

        public NodeReturns Returns { get; }

        public Pfs Pfs => _mount.Pfs;

        public void Play(int steps)
        {
            _player.Play(_ops, steps);
            Assert.Equal(Errno.None, _ops.Sync());
        }

        public void Resynchronize(PresentNode node) =>
            Assert.Equal(Hammer2Error.None, Pfs.Writer!.Resynchronize(node, () => false));

        public void AssertLevel()
        {
            Assert.Equal(NodesTotal, Pfs.View.Synced.Count);
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
            foreach (FakeNbdServer server in Servers) server.Dispose();
        }
    }
}
