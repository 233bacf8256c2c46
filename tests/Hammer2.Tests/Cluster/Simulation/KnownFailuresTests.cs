// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>
/// Goal: what went wrong in other replicated storage does not happen here. Each test names the report that it is about.
/// Method: three masters in memory, and the history of the report.
/// </summary>
public sealed class KnownFailuresTests : IDisposable
{
    private const int NodesTotal = 3;
    private const long Bytes = 256L << 20;

    private readonly MemoryBlockDevice[] _disks = NewVolume.ClusterInMemory(NodesTotal, Bytes);
    private readonly FaultyBlockDevice[] _devices;
    private readonly OpenFilesystems _filesystems = new(4 << 20);
    private readonly ScriptPlayer _player = new(new SeededRandom(1));
    private ClusterMount? _mount;
    private NodeReturns? _returns;
    private ulong _mounts;
    private int _made;

    public KnownFailuresTests() =>
        _devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];

    private Pfs Pfs => _mount!.Pfs;

    private VnodeOps Ops { get; set; } = null!;

    public void Dispose() => Unmount();

    /// <summary>drbd#145: a rule decided that there is nothing to resynchronize, and was wrong.</summary>
    [Fact]
    public void A_node_that_holds_the_shown_commit_is_not_taken_for_equal_without_a_comparison()
    {
        Mount(0, 1, 2);
        _ = ModelMount.MakeRoom(Ops, _player, "model");
        Play(60);
        PresentNode node = Pfs.Nodes[1];
        CommitPoint shown = node.Facts.Commit;
        // Not one commit is missed, but blocks of the open group are.
        _player.Play(Ops, 40);
        Assert.True(node.TryFence());
        PresentNode returned = Assert.Single(_returns!.Check());
        Assert.Equal(NodeState.Stale, returned.State);
        Assert.Equal(Pfs.Nodes[0].Root.Reference.ModifyTid, returned.Facts.Commit.Number);
        Assert.NotEqual(shown.Number, returned.Facts.Commit.Number);
        Play(10);
        Assert.Equal(NodeState.Stale, returned.State);
        Resynchronize(returned);
        AssertLevel();
    }

    /// <summary>drbd#40: a node stayed SyncTarget for ever once its source was gone.</summary>
    [Fact]
    public void A_resynchronization_that_loses_source_or_target_is_taken_up_and_ends()
    {
        Mount(0, 1, 2);
        _ = ModelMount.MakeRoom(Ops, _player, "model");
        Play(100);
        for (int round = 0; round < 6; round++)
        {
            int away = round % NodesTotal, lost = round % 2 == 0 ? away : (away + 1) % NodesTotal;
            Fence(away);
            Play(40);
            PresentNode node = Return(away);
            int asked = 0;
            Hammer2Error error = Pfs.Writer!.Resynchronize(node, () =>
            {
                // The target; or the source, while a third one keeps the quorum only with the target.
                if (asked++ == 1 && lost == away) _devices[lost].IsGone = true;
                return asked > 3 && lost != away;
            });
            Assert.NotEqual(Hammer2Error.Internal, error);
            _devices[lost].Heal();
            if (node.State != NodeState.Synced)
            {
                if (node.State is NodeState.Failed or NodeState.Offline) node = Return(away);
                Assert.Equal(NodeState.Stale, node.State);
                Resynchronize(node);
            }
            Assert.Equal(NodesTotal, Pfs.View.Synced.Count);
        }
        AssertLevel();
    }

    /// <summary>zfs#11572: a resilver began again with each interruption, and never ended.</summary>
    [Fact]
    public void A_resynchronization_that_is_always_interrupted_goes_on_and_ends()
    {
        Mount(0, 1, 2);
        _ = ModelMount.MakeRoom(Ops, _player, "model");
        Play(20);
        Fence(2);
        for (int i = 0; i < 2000; i++) Make(string.Create(CultureInfo.InvariantCulture, $"file{i}"), 100);
        Play(10);
        PresentNode node = Return(2);
        int interrupted = 0;
        Hammer2Error error;
        long writesFirst = _devices[2].WriteCount;
        do
        {
            // Each time after its first unit.
            int asked = 0;
            error = Pfs.Writer!.Resynchronize(node, () => node.State == NodeState.Copying && asked++ > 1);
        }
        while (error == Hammer2Error.Interrupted && ++interrupted < 40);
        Assert.Equal(Hammer2Error.None, error);
        Assert.InRange(interrupted, 2, 20);
        // What was copied is not copied again: some ten writes for each unit, and not the whole each time.
        Assert.InRange(_devices[2].WriteCount - writesFirst, 1, 6000);
        AssertLevel();
    }

    /// <summary>btrfs: what was written without a device stays in single copies after that was replaced.</summary>
    [Fact]
    public void What_was_written_without_a_node_is_on_each_after_the_replacement()
    {
        Mount(0, 1, 2);
        _ = ModelMount.MakeRoom(Ops, _player, "model");
        Play(60);
        Unmount();
        Mount(0, 1);
        Play(100);
        Unmount();
        Replace(2);
        Mount(0, 1, 2);
        PresentNode blank = Pfs.Nodes.Single(node => node.State == NodeState.Stale);
        Resynchronize(blank);
        Play(20);
        AssertLevel();
        // The two that had the only copies are lost in turn.
        foreach (int lost in (int[])[0, 1])
        {
            Mount([.. Enumerable.Range(0, NodesTotal).Where(node => node != lost)]);
            _player.Compare(Ops);
            Unmount();
        }
    }

    /// <summary>TigerBeetle's recover: a formatted replica must not count, since it forgot what it
    /// acknowledged.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void A_formatted_node_never_makes_a_quorum_with_one_that_was_away(bool isSameIdentity)
    {
        Mount(0, 1, 2);
        _ = ModelMount.MakeRoom(Ops, _player, "model");
        Play(60);
        Unmount();
        Mount(0, 1);
        Play(60);
        Unmount();
        if (isSameIdentity) Format(1, NewVolume.Describe(1, 1, NodesTotal));
        else Replace(1);
        using (ClusterMount mount = Open([1, 2]))
        {
            Assert.True(mount.Pfs.Membership.Obstacle is WriteObstacle.NoQuorum or WriteObstacle.TooFewSynced);
            Assert.Equal(Hammer2Error.NoQuorum, mount.Pfs.OpenForWriting());
        }
        Mount(0, 1, 2);
        Assert.Equal(WriteObstacle.TooFewSynced, Pfs.Membership.Obstacle);
    }

    private void Play(int steps)
    {
        _player.Play(Ops, steps);
        Assert.Equal(Errno.None, Ops.Sync());
    }

    private void Make(string name, int bytes)
    {
        Assert.Equal(Errno.None, Ops.Create(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        Assert.Equal(Errno.None, Ops.Write(made.Inum, 0, new byte[bytes], dropsPrivileges: false));
    }

    private void Fence(int node)
    {
        _devices[node].IsGone = true;
        Play(10);
        Make(string.Create(CultureInfo.InvariantCulture, $"fence{++_made}"), 100);
        Assert.Equal(Errno.None, Ops.Sync());
        Assert.Equal(NodesTotal - 1, Pfs.View.Synced.Count);
        _devices[node].IsGone = false;
    }

    private PresentNode Return(int node) => _returns!.Check().Single(one => one.Name == _disks[node].Name);

    private void Resynchronize(PresentNode node) =>
        Assert.Equal(Hammer2Error.None, Pfs.Writer!.Resynchronize(node, static () => false));

    private void Replace(int node)
    {
        NewFilesystem wanted = NewVolume.Describe(1, node, NodesTotal);
        NewFilesystem own = NewVolume.Describe(99, node, NodesTotal);
        Format(node, own with
        {
            Pfses =
            [
                own.Pfses[0],
                own.Pfses[1] with { ClusterId = wanted.Pfses[1].ClusterId, IsReturning = true },
            ],
        });
    }

    private void Format(int node, NewFilesystem wanted)
    {
        _disks[node] = new MemoryBlockDevice(Bytes, _disks[node].Name);
        NewVolume.Format([_disks[node]], wanted);
        _devices[node] = new FaultyBlockDevice(new UnownedDevice(_disks[node]));
    }

    private ClusterMount Open(int[] nodes)
    {
        VolumeSet[] sets = [.. nodes.Select(node => VolumeSet.Open([new UnownedDevice(_devices[node])]))];
        var options = new ClusterMountOptions(
            new MediaSourceOptions(IsReadOnly: false), 4 << 20, AllowDegraded: true);
        return _filesystems.Mount(sets, NewVolume.ClusterLabel, options, NullLoggerFactory.Instance);
    }

    private void Mount(params int[] nodes)
    {
        _mount = Open(nodes);
        if (Pfs.Membership.Obstacle == WriteObstacle.None)
            Assert.Equal(Hammer2Error.None, Pfs.OpenForWriting(RecordedScript.Options(++_mounts)));
        var access = new ReturnAccess(new MediaSourceOptions(IsReadOnly: false), NullLoggerFactory.Instance);
        _returns = new NodeReturns(_mount, _filesystems, access, scheduler: null);
        Ops = new VnodeOps(Pfs, NullLogger<VnodeOps>.Instance);
    }

    private void Unmount()
    {
        if (_mount is null) return;
        if (Pfs.Writer is { IsStopped: false })
        {
            _player.ForgetAll(Ops);
            Assert.Equal(Errno.None, Ops.Sync());
        }
        _returns!.Dispose();
        _mount.Dispose();
        _mount = null;
    }

    // Each node has everything, by itself.
    private void AssertLevel()
    {
        Assert.Equal(NodesTotal, Pfs.View.Synced.Count);
        _player.Compare(Ops);
        Unmount();
        ModelMount.Judge(_disks, seed: 1);
    }
}
