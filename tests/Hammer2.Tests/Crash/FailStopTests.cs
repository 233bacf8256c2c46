// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: whatever throws below a commit, in a node's part of it, in write-back or in an operation, nothing of what was
/// accepted is left out and later reported as durable. The PFS stops with a reason that is logged once, every later
/// sync answers EIO, reading goes on, no thread waits for ever, and the media are whole, at the last acknowledged sync
/// or a later state.
/// Method: a drawn script is played again and again, and each time another call of one device throws; or a node's part
/// does, before, amid or after the others. HAMMER2_SEED=n replays one script; HAMMER2_LONG=1 takes every point.
/// </summary>
public sealed class FailStopTests
{
    private const long Bytes = 256L << 20;
    private const int PointsUsual = 8;

    /// <summary>How a PFS is written: in the caller's thread, or on threads of its own.</summary>
    public enum Threading
    {
        Caller,
        Own,
    }

    public static TheoryData<ulong, DeviceCall, int, Threading> Cases
    {
        get
        {
            var cases = new TheoryData<ulong, DeviceCall, int, Threading>();
            foreach (ulong seed in SeededRandom.Seeds(3))
                foreach (DeviceCall call in Enum.GetValues<DeviceCall>())
                    foreach (Threading threading in Enum.GetValues<Threading>())
                    {
                        cases.Add(seed, call, 1, threading);
                        cases.Add(seed, call, 3, threading);
                    }
            return cases;
        }
    }

    private static bool IsLong => Environment.GetEnvironmentVariable("HAMMER2_LONG") is { Length: > 0 };

    [Theory, MemberData(nameof(Cases))]
    public void A_device_that_throws_stops_the_PFS(ulong seed, DeviceCall call, int nodes, Threading threading)
    {
        foreach (long point in Points(seed, call, nodes, threading))
        {
            IBlockDevice[] disks = Make(nodes);
            using var faulty = new FaultyBlockDevice(new UnownedDevice(disks[^1]));
            var session = new FaultSession(seed, $"seed {seed}, {call} {point}, {nodes} nodes, {threading}");
            using var log = new LogCapture();
            using (ClusterMount mount = session.Open([.. disks[..^1], faulty], LabelOf(nodes), Options(threading), log))
            {
                long number = faulty.CountOf(call) + point;
                faulty.ThrowAt(call, number);
                session.PlayUntilFault();
                if (session.HasThrown && !mount.Pfs.Writer!.IsStopped)
                {
                    // Before it changed anything: what was accepted before it is whole.
                    Assert.Equal(Errno.None, session.Sync());
                }
                else if (faulty.CountOf(call) >= number) AssertStopped(session, mount, log);
            }
            faulty.Heal();
            session.AssertRemounts(disks, LabelOf(nodes));
            foreach (IBlockDevice disk in disks) disk.Dispose();
        }
    }

    [Theory, InlineData(1), InlineData(3)]
    public void A_node_step_that_throws_stops_the_PFS(int nodes)
    {
        foreach (ulong seed in SeededRandom.Seeds(4))
        {
            var random = new SeededRandom(seed);
            for (int round = 0; round < PointsUsual; round++)
            {
                IBlockDevice[] disks = Make(nodes);
                var runner = new ThrowingRunner();
                var session = new FaultSession(seed, $"seed {seed}, round {round}, {nodes} nodes");
                using var log = new LogCapture();
                var options = new PfsWriteOptions { Runner = runner };
                using (ClusterMount mount = session.Open(disks, LabelOf(nodes), options, log))
                {
                    runner.StepsLeft = random.Between(1, 4 * nodes);
                    session.PlayUntilFault();
                    Assert.False(session.IsDone, session.Place);
                    AssertStopped(session, mount, log);
                }
                session.AssertRemounts(disks, LabelOf(nodes));
                foreach (IBlockDevice disk in disks) disk.Dispose();
            }
        }
    }

    private static void AssertStopped(FaultSession session, ClusterMount mount, LogCapture log)
    {
        // Where a worker met it, the script may have ended first.
        if (session.IsDone) _ = session.Sync();
        Assert.True(mount.Pfs.Writer!.IsStopped, session.Place);
        Assert.Equal(Hammer2Error.Internal, mount.Pfs.Writer.StopReason);
        session.AssertRefusesChanges();
        session.AssertReads();
        string[] told =
        [
            .. log.Lines(LogLevel.Error).Where(
                line => line.Contains("read-only from now on", StringComparison.Ordinal)),
        ];
        Assert.True(told.Length == 1, $"{session.Place}: {string.Join('\n', told)}");
    }

    private static IEnumerable<long> Points(ulong seed, DeviceCall call, int nodes, Threading threading)
    {
        IBlockDevice[] disks = Make(nodes);
        using var counting = new FaultyBlockDevice(disks[^1]);
        var session = new FaultSession(seed, $"seed {seed}");
        long before, after;
        using (session.Open([.. disks[..^1], counting], LabelOf(nodes), Options(threading)))
        {
            before = counting.CountOf(call);
            session.PlayUntilFault();
            Assert.True(session.IsDone, $"seed {seed} without a fault: {session.Error}");
            after = counting.CountOf(call);
        }
        long count = after - before;
        var random = new SeededRandom(seed + (ulong)call);
        if (IsLong || count <= PointsUsual)
        {
            for (long at = 1; at <= count; at++) yield return at;
            yield break;
        }
        for (int point = 0; point < PointsUsual; point++) yield return random.Between(1, count);
    }

    private static PfsWriteOptions Options(Threading threading) => threading == Threading.Caller
        ? RecordedScript.Options(1)
        : new PfsWriteOptions { Workers = 2, OpenBytesMax = 128 << 10 };

    private static IBlockDevice[] Make(int nodes) => [.. NewVolume.NodesInMemory(nodes, Bytes)];

    private static string LabelOf(int nodes) => nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;

    /// <summary>Runs the nodes' parts one after the other, and throws in place of one.</summary>
    private sealed class ThrowingRunner : INodeRunner
    {
        public long StepsLeft { get; set; } = long.MaxValue;

        public void RunAll(IReadOnlyList<NodeStep> steps)
        {
            foreach (NodeStep step in steps)
            {
                if (--StepsLeft == 0) throw new DeviceDefectException();
                step.Run();
            }
        }
    }
}
