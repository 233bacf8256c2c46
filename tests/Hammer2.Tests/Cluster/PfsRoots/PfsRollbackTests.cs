// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.PfsRoots;

/// <summary>Goal: a PFS that is rolled back shows the snapshot, is the same PFS as before, can be rolled forward again,
/// and no number that was used is used for anything else.</summary>
public sealed class PfsRollbackTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_rollback_can_be_undone_and_keeps_the_ids(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        ulong before, last;
        InodeMeta[] metas;
        using (OpenedPfses opened = Open(devices))
        {
            _ = Make(opened.Ops[0], "old");
            Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s"u8));
            last = Make(opened.Ops[0], "new");
            Assert.Equal(Errno.None, opened.Ops[0].Unlink(VnodeOps.RootInum, "old"u8, out _));
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
            before = opened.Pfses[0].Nodes[0].Root.Reference.ModifyTid;
            metas = [.. opened.Pfses[0].Nodes.Select(static node => node.Root.Meta)];
        }
        string kept = Rollback(devices, "s", seed: 1);
        using (OpenedPfses opened = Open(devices))
        {
            Assert.Equal(["old"], Names(opened.Ops[0], "old", "new"));
            Assert.Equal(nodes, opened.Pfses[0].Membership.SyncedTotal);
            for (int i = 0; i < nodes; i++)
            {
                InodeMeta meta = opened.Pfses[0].Nodes[i].Root.Meta;
                Assert.Equal(metas[i].PfsNodeId, meta.PfsNodeId);
                Assert.Equal(metas[i].PfsClusterId, meta.PfsClusterId);
                Assert.Equal(metas[i].PfsSubtype, meta.PfsSubtype);
                Assert.Equal(metas[i].PfsRole, meta.PfsRole);
                Assert.Equal(metas[i].NameKey, meta.NameKey);
                Assert.True(opened.Pfses[0].Nodes[i].Root.Reference.ModifyTid > before);
            }
            Assert.True(Make(opened.Ops[0], "after") > last);
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
            Assert.Equal(["new"], Names(opened.Open(kept, nodes), "old", "new", "after"));
            Assert.Equal(["old"], Names(opened.Open("s", nodes), "old", "new", "after"));
        }
        string forward = Rollback(devices, kept, seed: 2);
        Assert.NotEqual(kept, forward);
        foreach (IBlockDevice device in devices) MediaAudit.AssertSound(device, "after two rollbacks");
        using OpenedPfses undone = Open(devices);
        Assert.Equal(["new"], Names(undone.Ops[0], "old", "new", "after"));
        Assert.Equal(["old", "after"], Names(undone.Open(forward, nodes), "old", "new", "after"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Holds_of_a_PFS_in_use_stay_with_its_commits_and_rollbacks(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        byte[] label = Encoding.ASCII.GetBytes(nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel);
        using (OpenedPfses opened = Open(devices))
        {
            PfsAdministration administration = Administration(opened);
            _ = Make(opened.Ops[0], "before");
            Assert.Equal(Hammer2Error.None, administration.Hold(label, "audit"u8));
            Assert.Equal(Hammer2Error.Exists, administration.Hold(label, "audit"u8));
            Assert.Equal(Hammer2Error.None, administration.Hold(label, "backup"u8));
            Assert.Equal(Hammer2Error.None, administration.Snapshot("s"u8));
            _ = Make(opened.Ops[0], "after");
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
            Assert.Equal(Hammer2Error.None, Rollback(opened, "s", out _));
            Assert.Equal(Hammer2Error.None, administration.Release(label, "backup"u8));
            _ = Make(opened.Ops[0], "end");
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
        }
        foreach (IBlockDevice device in devices) MediaAudit.AssertSound(device, "after holds of a PFS in use");
        using OpenedPfses again = Open(devices);
        Assert.Equal(["before", "end"], Names(again.Ops[0], "before", "after", "end"));
        Assert.Equal(nodes, again.Pfses[0].Membership.SyncedTotal);
        foreach (PresentNode node in again.Pfses[0].Nodes)
        {
            var holds = new List<PfsHold>();
            Assert.True(PfsHolds.TryRead(node.Root.AfterInodeName, holds));
            Assert.Equal("audit", Encoding.ASCII.GetString(Assert.Single(holds).Name.Span));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Numbers_go_on_above_those_of_a_snapshot_that_was_written(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        ulong last = 0, newest;
        using (OpenedPfses opened = Open(devices))
        {
            Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s"u8));
            VnodeOps snapshot = opened.Open("s", nodes);
            for (int i = 0; i < 20; i++)
            {
                last = Make(snapshot, $"f{i}");
                Assert.Equal(Errno.None, snapshot.Sync());
            }
            newest = opened.Pfses[1].Nodes[0].Root.Reference.ModifyTid;
            Assert.True(newest > opened.Pfses[0].Nodes[0].Root.Reference.ModifyTid);
        }
        _ = Rollback(devices, "s", seed: 1);
        using OpenedPfses again = Open(devices);
        Assert.True(again.Pfses[0].Nodes[0].Root.Reference.ModifyTid > newest);
        Assert.Equal(["f0", "f19"], Names(again.Ops[0], "f0", "f19"));
        Assert.True(Make(again.Ops[0], "next") > last);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_PFS_in_use_goes_on_with_the_other_content(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        string kept, forward;
        ulong last;
        using (OpenedPfses opened = Open(devices))
        {
            VnodeOps ops = opened.Ops[0];
            ulong old = Make(ops, "old");
            Assert.Equal(Errno.None, ops.Write(old, 0, new byte[100_000], dropsPrivileges: false));
            // An orphan of the state that is gone back to, whose user is gone.
            Assert.Equal(Errno.None, ops.CreateTmpFile(VnodeOps.RootInum, UnixMode.O600, new Credentials(0, 0),
                out VnodeAttributes orphan));
            Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s"u8));
            last = Make(ops, "new");
            Assert.Equal(Errno.None, ops.Write(old, 0, "changed"u8, dropsPrivileges: false));
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "old"u8, out _));
            Assert.Equal(Hammer2Error.None, Rollback(opened, "s", out byte[] label));
            kept = Encoding.ASCII.GetString(label);
            Assert.Equal(["old"], Names(ops, "old", "new"));
            byte[] read = new byte[8];
            Assert.Equal(Errno.None, ops.Read(old, 0, read, out _));
            Assert.Equal(new byte[8], read);
            Assert.Equal(Errno.ESTALE, ops.GetAttributes(orphan.Inum, out _));
            Assert.True(Make(ops, "after") > last);
            Assert.Equal(Errno.None, ops.Write(old, 0, "again"u8, dropsPrivileges: false));
            Assert.Equal(Hammer2Error.None, Rollback(opened, kept, out label, seed: 8));
            forward = Encoding.ASCII.GetString(label);
            Assert.Equal(["new"], Names(ops, "old", "new", "after"));
            _ = Make(ops, "end");
            Assert.Equal(Errno.None, ops.Sync());
        }
        foreach (IBlockDevice device in devices) MediaAudit.AssertSound(device, "after two rollbacks in use");
        using OpenedPfses again = Open(devices);
        Assert.Equal(["new", "end"], Names(again.Ops[0], "old", "new", "after", "end"));
        Assert.Equal(["new"], Names(again.Open(kept, nodes), "old", "new", "after", "end"));
        Assert.Equal(["old", "after"], Names(again.Open(forward, nodes), "old", "new", "after", "end"));
    }

    [Fact]
    public void Changes_that_come_meanwhile_are_before_the_rollback_or_after_it()
    {
        IBlockDevice[] devices = Devices(1);
        string[] kept = new string[4];
        int made = 0;
        using (OpenedPfses opened = Open(devices))
        {
            VnodeOps ops = opened.Ops[0];
            Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s"u8));
            using var stop = new CancellationTokenSource();
            Thread[] makers = [.. Enumerable.Range(0, 2).Select(maker => new Thread(() =>
            {
                while (!stop.IsCancellationRequested)
                    _ = Make(ops, $"f{maker}-{Interlocked.Increment(ref made)}");
            }))];
            foreach (Thread maker in makers) maker.Start();
            for (int round = 0; round < kept.Length; round++)
            {
                int before = Volatile.Read(ref made);
                while (Volatile.Read(ref made) < before + 20) Thread.Yield();
                Assert.Equal(Hammer2Error.None, Rollback(opened, "s", out byte[] label, seed: (ulong)round));
                kept[round] = Encoding.ASCII.GetString(label);
            }
            stop.Cancel();
            foreach (Thread maker in makers) maker.Join();
            Assert.False(opened.Pfses[0].Writer!.IsStopped);
            Assert.Equal(Errno.None, ops.Sync());
        }
        MediaAudit.AssertSound(devices[0], "after rollbacks beside changes");
        using OpenedPfses again = Open(devices);
        int[] found = [CountOf(again.Ops[0]), .. kept.Select(label => CountOf(again.Open(label, 1)))];
        Assert.Equal(made, found.Sum());
        Assert.All(found[1..], static count => Assert.True(count >= 19));
    }

    private static int CountOf(VnodeOps ops)
    {
        var sink = new CountingSink();
        Assert.Equal(Errno.None, ops.ReadDirectory(VnodeOps.RootInum, 0, ref sink));
        return sink.Total - 2;
    }

    private struct CountingSink : IDirectorySink
    {
        public int Total { get; private set; }

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            Total++;
            return true;
        }
    }

    [Fact]
    public void What_is_no_snapshot_of_the_PFS_is_refused_and_changes_nothing()
    {
        IBlockDevice[] devices = Devices(1);
        using (OpenedPfses opened = Open(devices))
        {
            Assert.Equal(Hammer2Error.None, Administration(opened).Snapshot("s"u8));
            _ = opened.Open("LOCAL", 1);
            var other = new PfsAdministration(
                opened.Pfses[1], static _ => null, TimeProvider.System, new SeededRandom(8).NextUInt64);
            Assert.Equal(Hammer2Error.None, other.Snapshot("of-local"u8));
        }
        using OpenedPfses again = Open(devices);
        Assert.Equal(Hammer2Error.NoEntry, Rollback(again, "none", out _));
        Assert.Equal(Hammer2Error.Invalid, Rollback(again, "LOCAL", out _));
        Assert.Equal(Hammer2Error.Invalid, Rollback(again, NewVolume.Label, out _));
        Assert.Equal(Hammer2Error.Invalid, Rollback(again, "of-local", out _));
        Assert.Equal(["DATA", "LOCAL", "of-local", "s"], again.Labels().Single());
    }

    private static string Rollback(IBlockDevice[] devices, string snapshot, ulong seed)
    {
        using OpenedPfses opened = Open(devices);
        Assert.Equal(Hammer2Error.None, Rollback(opened, snapshot, out byte[] kept, seed));
        return Encoding.ASCII.GetString(kept);
    }

    private static Hammer2Error Rollback(OpenedPfses opened, string snapshot, out byte[] kept, ulong seed = 7) =>
        PfsRollback.Run(opened.Pfses[0], Encoding.ASCII.GetBytes(snapshot), TimeProvider.System,
            new SeededRandom(seed).NextUInt64, out kept);

    private static IBlockDevice[] Devices(int nodes) => [.. NewVolume.NodesInMemory(nodes, 256L << 20)];

    private static OpenedPfses Open(IBlockDevice[] devices) => new(
        devices, [(devices.Length == 1 ? NewVolume.Label : NewVolume.ClusterLabel, devices.Length)], 1);

    private static PfsAdministration Administration(OpenedPfses opened) => new(
        opened.Pfses[0], static _ => null, TimeProvider.System, new SeededRandom(5).NextUInt64);

    private static ulong Make(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private static IEnumerable<string> Names(VnodeOps ops, params string[] names) => names.Where(
        name => ops.Lookup(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), out _) == Errno.None);
}
