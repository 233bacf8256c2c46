// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a device that fails a read, a write or a flush, or goes away, never takes anything that was acknowledged
/// with it. The caller of the operation or of the sync is told; a volume on one device takes no more changes; a
/// cluster goes on without the node. After the device is well again the volume mounts, whole.
/// Method: a drawn script is played again and again, and each time another call of the device fails.
/// HAMMER2_SEED=n replays one script; HAMMER2_LONG=1 fails every call instead of some.
/// </summary>
public sealed class FaultTests
{
    private const long Bytes = 256L << 20;
    private const int PointsUsual = 8;

    private static readonly Credentials Caller = new(0, 0);

    public static TheoryData<ulong, FaultKind> Cases
    {
        get
        {
            var cases = new TheoryData<ulong, FaultKind>();
            foreach (ulong seed in SeededRandom.Seeds(4))
                foreach (FaultKind kind in Enum.GetValues<FaultKind>()) cases.Add(seed, kind);
            return cases;
        }
    }

    private static bool IsLong => Environment.GetEnvironmentVariable("HAMMER2_LONG") is { Length: > 0 };

    [Theory, MemberData(nameof(Cases))]
    public void One_device_that_fails_loses_nothing_acknowledged(ulong seed, FaultKind kind)
    {
        foreach (long point in Points(seed, kind, nodes: 1))
        {
            using MemoryBlockDevice disk = NewVolume.InMemory(Bytes);
            using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
            var session = new FaultSession(seed, $"seed {seed}, {kind} {point}");
            bool isStopped;
            using (ClusterMount mount = session.Open([faulty], NewVolume.Label))
            {
                Plan(faulty, kind, point);
                session.PlayUntilFault();
                isStopped = mount.Pfs.Writer!.IsStopped;
                if (isStopped) session.AssertRefusesChanges();
            }
            // A failed read concerns at most the operation that needed it; whatever was to be written matters.
            bool isTold = session.IsDone || session.Error == Errno.EIO;
            Assert.True(
                kind == FaultKind.Read ? !isStopped && isTold : isStopped, $"{session.Place}: {session.Error}");
            faulty.Heal();
            session.AssertRemounts([disk], NewVolume.Label);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_cluster_goes_on_without_a_node_that_fails(ulong seed, FaultKind kind)
    {
        foreach (long point in Points(seed, kind, nodes: 3))
        {
            MemoryBlockDevice[] disks = NewVolume.ClusterInMemory(3, Bytes);
            using var faulty = new FaultyBlockDevice(new UnownedDevice(disks[1]));
            var session = new FaultSession(seed, $"seed {seed}, {kind} {point}");
            using (ClusterMount mount = session.Open([disks[0], faulty, disks[2]], NewVolume.ClusterLabel))
            {
                Plan(faulty, kind, point);
                session.PlayUntilFault();
                Assert.True(session.IsDone, $"{session.Place}: {session.Error}");
                Assert.False(mount.Pfs.Writer!.IsStopped);
                // A node that failed a write or a flush is never written again.
                bool isFenced = mount.Pfs.Nodes[1].State == NodeState.Failed;
                Assert.True(isFenced != (kind == FaultKind.Read), session.Place);
                // What could not be written is no damage: a quorum has it.
                if (isFenced) Assert.Null(PfsReports.LastDamageOf(mount.Pfs));
                long writes = faulty.WriteCount;
                faulty.Heal();
                session.MakeOneMore();
                Assert.True(faulty.WriteCount > writes != isFenced, session.Place);
            }
            session.AssertRemounts(disks, NewVolume.ClusterLabel);
        }
    }

    [Fact]
    public void Two_nodes_of_three_that_fail_stop_the_cluster_and_lose_nothing()
    {
        MemoryBlockDevice[] disks = NewVolume.ClusterInMemory(3, Bytes);
        FaultyBlockDevice[] faulty = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        var session = new FaultSession(1, "two nodes gone");
        using (ClusterMount mount = session.Open(faulty, NewVolume.ClusterLabel))
        {
            faulty[0].IsGone = faulty[2].IsGone = true;
            session.PlayUntilFault();
            Assert.False(session.IsDone);
            Assert.True(mount.Pfs.Writer!.IsStopped);
            Assert.NotEqual(Hammer2Error.None, mount.Pfs.Writer.StopReason);
            session.AssertRefusesChanges();
        }
        foreach (FaultyBlockDevice device in faulty) device.Heal();
        session.AssertRemounts(disks, NewVolume.ClusterLabel);
    }

    // Which calls fail: some of those that the script makes when none does.
    private static IEnumerable<long> Points(ulong seed, FaultKind kind, int nodes)
    {
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(nodes, Bytes)];
        int watched = nodes == 1 ? 0 : 1;
        using var counting = new FaultyBlockDevice(new UnownedDevice(disks[watched]));
        disks[watched] = counting;
        var session = new FaultSession(seed, $"seed {seed}");
        (long reads, long writes, long flushes) = (0, 0, 0);
        using (session.Open(disks, nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel))
        {
            (reads, writes, flushes) = (counting.ReadCount, counting.WriteCount, counting.FlushCount);
            session.PlayUntilFault();
            Assert.True(session.IsDone, $"seed {seed} without a fault: {session.Error}");
        }
        long count = kind switch
        {
            FaultKind.Read => counting.ReadCount - reads,
            FaultKind.Flush => counting.FlushCount - flushes,
            _ => counting.WriteCount - writes,
        };
        var random = new SeededRandom(seed + (ulong)kind);
        if (IsLong || count <= PointsUsual) return Sequence(count);
        return [.. Enumerable.Range(0, PointsUsual).Select(_ => random.Between(1, count)).Distinct()];
    }

    private static IEnumerable<long> Sequence(long count)
    {
        for (long at = 1; at <= count; at++) yield return at;
    }

    private static void Plan(FaultyBlockDevice device, FaultKind kind, long point)
    {
        switch (kind)
        {
            case FaultKind.Read:
                device.FailReadNumber(device.ReadCount + point);
                break;
            case FaultKind.Write:
                device.FailWriteNumber(device.WriteCount + point);
                break;
            case FaultKind.ShortWrite:
                device.FailWriteNumber(device.WriteCount + point, keptBytes: 512);
                break;
            case FaultKind.Flush:
                device.FailFlushNumber(device.FlushCount + point);
                break;
            case FaultKind.Gone:
                device.GoneAtWriteNumber(device.WriteCount + point);
                break;
        }
    }

    /// <summary>What goes wrong.</summary>
    public enum FaultKind
    {
        Read,
        Write,
        ShortWrite,
        Flush,
        Gone,
    }
}
