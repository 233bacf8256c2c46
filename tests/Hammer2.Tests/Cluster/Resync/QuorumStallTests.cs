// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: a PFS that loses its quorum and is told to stall loses nothing that it accepted, changes nothing that it told
/// to wait, shows what it has meanwhile, and goes on by itself when enough of its nodes are back.
/// Method: devices that fail at drawn calls of a script and come back in a drawn order, with and without what was in
/// their caches; every step that has to wait is one that the model takes back. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class QuorumStallTests
{
    private const long Bytes = 256L << 20;

    public static TheoryData<int, ulong> Seeds
    {
        get
        {
            var all = new TheoryData<int, ulong>();
            foreach (ulong seed in SeededRandom.Seeds(20))
                foreach (int nodes in (int[])[1, 2, 3]) all.Add(nodes, seed);
            return all;
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void What_was_accepted_is_committed_when_the_nodes_are_back(int nodes, ulong seed)
    {
        var random = new SeededRandom(seed);
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(nodes, Bytes)];
        FaultyBlockDevice[] devices = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        using (var mount = new StalledMount(random, devices))
        {
            long stalls = 0;
            for (int round = 0; round < 6; round++)
            {
                Fail(random, devices);
                for (int tries = 0; tries < 20 && !mount.Writer.IsStalled; tries++)
                    if (mount.Play(random.Below(40))) _ = mount.Sync();
                if (mount.Writer.IsStalled) stalls++;
                Assert.True(mount.Writer.StallsTotal >= stalls);
                AwaitNodes(random, mount, devices);
                if (random.OneIn(2)) Assert.True(mount.Sync());
                mount.Compare();
            }
            Assert.True(mount.Play(20));
            Assert.Equal(nodes, mount.Pfs.View.Synced.Count);
            mount.Compare();
            mount.End();
        }
        ModelMount.Judge(disks, seed);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Devices_that_lose_their_caches_lose_no_commit_and_leave_the_nodes_equal(int nodes, ulong seed)
    {
        var random = new SeededRandom(seed);
        SimulatedBlockDevice[] disks = Simulated(nodes, random);
        string durable;
        using (var mount = new StalledMount(random, disks))
        {
            Assert.True(mount.Play(30));
            Assert.True(mount.Sync());
            durable = TreeListing.Of(mount.Model);
            ulong room = mount.Model.Inum;
            // Steps beside it, which may be lost and are told to be so.
            ulong other = MakeFile(mount.Ops, "other"u8);
            Assert.True(mount.Sync());
            for (int round = 0; round < 5; round++)
            {
                Assert.Equal(Errno.None, mount.Ops.Write(other, (ulong)random.Below(1 << 20),
                    Drawn(random, 1 + random.Below(300_000)), dropsPrivileges: false));
                if (random.OneIn(2)) Assert.Equal(Hammer2Error.None, mount.Writer.Throttle());
                if (random.OneIn(2)) foreach (SimulatedBlockDevice disk in disks) disk.FailPowerAtWrite(
                    disk.WriteCount + 1 + random.Below(20));
                _ = mount.Ops.Sync();
                Assert.True(mount.Ops.Write(other, (ulong)random.Below(1 << 20), Drawn(random, 100_000),
                    dropsPrivileges: false) is Errno.None or Errno.ERESTART or Errno.EIO);
                Assert.True(mount.Writer.IsStalled || mount.Ops.SetAttributes(
                    other, new AttributeChange { Mode = 0x180 }, out _) == Errno.None);
                // A device that loses its cache without any call failing is one that lies.
                foreach (SimulatedBlockDevice disk in disks.Where(_ => !mount.Writer.IsStalled).ToList())
                    disk.FailPower();
                Assert.Equal(Errno.ERESTART, mount.Ops.Sync());
                Assert.True(mount.Writer.IsStalled);
                foreach (SimulatedBlockDevice disk in disks) disk.RestorePower();
                mount.Return();
                Assert.False(mount.Writer.IsStalled);
                // EIO: data that was lost on every node.
                Assert.True(mount.Ops.Sync() is Errno.None or Errno.EIO);
                Assert.Equal(Errno.None, mount.Ops.Sync());
                Assert.Equal(nodes, mount.Pfs.View.Synced.Count);
                Assert.Equal(durable, TreeListing.Of(mount.Ops, room));
                byte[] read = new byte[300_000];
                Assert.Equal(Errno.None, mount.Ops.Read(other, 0, read, out _));
            }
            mount.End();
        }
        ModelMount.Judge(disks, seed);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_during_a_stall_leaves_the_last_commit_or_the_one_that_was_tried(int nodes, ulong seed)
    {
        var random = new SeededRandom(seed);
        SimulatedBlockDevice[] disks = Simulated(nodes, random);
        FaultyBlockDevice[] devices = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        ulong room;
        string durable, tried;
        using (var mount = new StalledMount(random, devices))
        {
            Assert.True(mount.Play(40));
            Assert.True(mount.Sync());
            (room, durable) = (mount.Model.Inum, TreeListing.Of(mount.Model));
            Assert.True(mount.Play(20, syncs: false));
            tried = TreeListing.Of(mount.Model);
            Fail(random, devices, isAll: true);
            for (int tries = 0; tries < 50 && mount.Sync(); tries++)
            {
                durable = tried;
                Assert.Equal(Errno.None, mount.Ops.SetAttributes(
                    VnodeOps.RootInum, new AttributeChange { ModifyTime = (ulong)tries }, out _));
            }
            Assert.True(mount.Writer.IsStalled);
            foreach (SimulatedBlockDevice disk in disks) disk.FailPower();
        }
        foreach (SimulatedBlockDevice disk in disks) disk.RestorePower();
        using ClusterMount again = ModelMount.Open(disks, nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel);
        Assert.Equal(Hammer2Error.None, again.Pfs.OpenForWriting());
        string found = TreeListing.Of(new VnodeOps(again.Pfs, NoLog), room);
        Assert.True(found == durable || found == tried, TreeListing.Difference(durable, found));
    }

    [Theory, InlineData(QuorumPolicy.ReadOnly, Errno.EROFS), InlineData(QuorumPolicy.Error, Errno.EIO)]
    public void Another_policy_ends_a_stall_and_gives_up_what_was_not_committed(QuorumPolicy policy, Errno refusal)
    {
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(3, Bytes)];
        FaultyBlockDevice[] devices = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        using var mount = new StalledMount(new SeededRandom(1), devices);
        ulong file = MakeFile(mount.Ops, "file"u8);
        Assert.True(mount.Sync());
        Assert.Equal(Errno.None, mount.Ops.Write(file, 0, new byte[200_000], dropsPrivileges: false));
        devices[0].IsGone = devices[1].IsGone = true;
        Assert.Equal(Errno.ERESTART, mount.Ops.Sync());
        Assert.Equal(Errno.ERESTART, mount.Ops.Write(file, 0, new byte[9], dropsPrivileges: false));
        Assert.Equal(Errno.ERESTART, mount.Ops.Allocate(file, 0, 1000, AllocateModes.None));
        Assert.Equal(Errno.ERESTART, mount.Ops.Reclaim(new ReclaimOptions(Discards: false), out _));
        int ended = 0;
        mount.Writer.StallEnded = () => ended++;
        mount.Writer.SetQuorumPolicy(QuorumPolicy.Stall);
        Assert.Equal((0, true), (ended, mount.Writer.IsStalled));
        mount.Writer.SetQuorumPolicy(policy);
        Assert.Equal((1, false, true), (ended, mount.Writer.IsStalled, mount.Writer.IsStopped));
        Assert.Equal(refusal, mount.Ops.Write(file, 0, new byte[9], dropsPrivileges: false));
        Assert.Equal(refusal, mount.Ops.StopErrno);
        Assert.Equal(Errno.EIO, mount.Ops.Sync());
        // What a node has is still read; the nodes do not come back.
        byte[] read = new byte[200_000];
        Assert.Equal(Errno.None, mount.Ops.Read(file, 0, read, out int bytes));
        Assert.Equal(read.Length, bytes);
        foreach (FaultyBlockDevice device in devices) device.Heal();
        mount.Return();
        mount.Writer.SetQuorumPolicy(QuorumPolicy.Stall);
        Assert.True(mount.Writer.IsStopped);
    }

    [Theory, InlineData(1), InlineData(3)]
    public void A_snapshot_that_met_a_stall_is_made_with_what_was_accepted_before_it(int nodes)
    {
        for (int write = 1; write <= 12; write++)
        {
            IBlockDevice[] disks = [.. NewVolume.NodesInMemory(nodes, Bytes)];
            FaultyBlockDevice[] devices = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
            using (var mount = new StalledMount(new SeededRandom(2), devices))
            {
                _ = MakeFile(mount.Ops, "before"u8);
                foreach (FaultyBlockDevice device in devices.Take(nodes - (nodes / 2)))
                    device.GoneAtWriteNumber(device.WriteCount + write);
                Errno error = Snapshot(mount.Pfs, "kept");
                if (error == Errno.None) break;
                Assert.Equal(Errno.ERESTART, error);
                foreach (FaultyBlockDevice device in devices) device.Heal();
                mount.Return();
                Assert.False(mount.Writer.IsStalled);
                Assert.Equal(nodes, mount.Pfs.View.Synced.Count);
                mount.End();
            }
            foreach (IBlockDevice disk in disks) ModelMount.Judge([disk], (ulong)write);
            using ClusterMount kept = ModelMount.Open(disks, "kept");
            Assert.Equal(nodes, kept.Pfs.SyncedTotal);
            Assert.Equal(Errno.None, new VnodeOps(kept.Pfs, NoLog).Lookup(VnodeOps.RootInum, "before"u8, out _));
        }
    }

    [Fact]
    public void A_node_that_was_behind_when_the_quorum_was_lost_does_not_count()
    {
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(3, Bytes)];
        FaultyBlockDevice[] devices = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        using (var mount = new StalledMount(new SeededRandom(3), devices))
        {
            devices[0].IsGone = true;
            _ = MakeFile(mount.Ops, "one"u8);
            Assert.True(mount.Sync());
            _ = MakeFile(mount.Ops, "two"u8);
            devices[1].IsGone = true;
            Assert.Equal(Errno.ERESTART, mount.Ops.Sync());
            devices[0].IsGone = false;
            mount.Return();
            Assert.True(mount.Writer.IsStalled);
            devices[1].IsGone = false;
            mount.Return();
            Assert.False(mount.Writer.IsStalled);
            Assert.Equal(3, mount.Pfs.View.Synced.Count);
            mount.End();
        }
        ModelMount.Judge(disks, 3);
    }

    private static Errno Snapshot(Pfs pfs, string label)
    {
        var administration = new PfsAdministration(
            pfs, static _ => null, TimeProvider.System, new SeededRandom(1).NextUInt64);
        Hammer2Error error = administration.Snapshot(System.Text.Encoding.ASCII.GetBytes(label));
        return error.ToErrno();
    }

    private static Microsoft.Extensions.Logging.ILogger<VnodeOps> NoLog =>
        Microsoft.Extensions.Logging.Abstractions.NullLogger<VnodeOps>.Instance;

    // So many that no quorum is left.
    private static void Fail(SeededRandom random, FaultyBlockDevice[] devices, bool isAll = false)
    {
        int fewest = devices.Length - (devices.Length / 2);
        int failing = isAll ? devices.Length : fewest + random.Below(devices.Length - fewest + 1);
        foreach (FaultyBlockDevice device in Drawn(random, devices).Take(failing))
        {
            switch (random.Below(3))
            {
                case 0 when !isAll:
                    device.FailFlushNumber(device.FlushCount + 1 + random.Below(6));
                    break;
                case 1 when !isAll:
                    device.FailWriteNumber(device.WriteCount + 1 + random.Below(40), random.Below(70_000));
                    break;
                default:
                    device.GoneAtWriteNumber(device.WriteCount + 1 + random.Below(40));
                    break;
            }
        }
    }

    private static void AwaitNodes(SeededRandom random, StalledMount mount, FaultyBlockDevice[] devices)
    {
        foreach (FaultyBlockDevice device in Drawn(random, devices))
        {
            if (mount.Writer.IsStalled)
            {
                Assert.False(mount.Play(1 + random.Below(3)) && mount.Sync() && mount.Writer.IsStalled);
                if (mount.Pfs.View.Synced.Count > 0) mount.Compare();
            }
            device.Heal();
            mount.Return();
        }
        Assert.False(mount.Writer.IsStalled);
    }

    private static List<T> Drawn<T>(SeededRandom random, T[] all)
    {
        var left = new List<T>(all);
        var drawn = new List<T>();
        while (left.Count > 0)
        {
            int index = random.Below(left.Count);
            drawn.Add(left[index]);
            left.RemoveAt(index);
        }
        return drawn;
    }

    private static byte[] Drawn(SeededRandom random, int length)
    {
        byte[] bytes = new byte[length];
        random.Fill(bytes);
        return bytes;
    }

    private static ulong MakeFile(VnodeOps ops, ReadOnlySpan<byte> name)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, name,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private static SimulatedBlockDevice[] Simulated(int nodes, SeededRandom random)
    {
        IBlockDevice[] made = [.. NewVolume.NodesInMemory(nodes, Bytes)];
        var disks = new SimulatedBlockDevice[nodes];
        byte[] buffer = new byte[1 << 20];
        for (int node = 0; node < nodes; node++)
        {
            disks[node] = new SimulatedBlockDevice(Bytes, random, $"n{node}");
            for (long at = 0; at < Bytes; at += buffer.Length)
            {
                Assert.Equal(Hammer2Error.None, made[node].Read(at, buffer));
                if (buffer.AsSpan().ContainsAnyExcept((byte)0))
                    Assert.Equal(Hammer2Error.None, disks[node].Write(at, buffer));
            }
            Assert.Equal(Hammer2Error.None, disks[node].Flush());
        }
        return disks;
    }
}
