// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a PFS that is shut down fails changes and syncs with EIO and is read as it was accepted; the media are whole,
/// at the last acknowledged sync or a later state, and can be written on. Method: a drawn script on one node and three,
/// in the caller's thread and on threads of the PFS, shut down before each of several drawn steps.
/// </summary>
public sealed class ShutdownTests
{
    private const long Bytes = 256L << 20;
    private const int Rounds = 4;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 2)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    public void Nothing_is_written_after_a_shutdown_and_what_was_synced_is_there(int nodes, int workers)
    {
        foreach (ulong seed in SeededRandom.Seeds(4))
        {
            var random = new SeededRandom(seed);
            for (int round = 0; round < Rounds; round++)
                Run(seed, (int)random.Between(1, FaultSession.Steps), nodes, workers);
        }
    }

    private static void Run(ulong seed, int step, int nodes, int workers)
    {
        string label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(nodes, Bytes)];
        ClusterMount? mount = null;
        var session = new FaultSession(seed, $"seed {seed}, {nodes} nodes, {workers} workers, step {step}")
        {
            Stepping = number =>
            {
                if (number == step) mount!.Pfs.Writer!.Shutdown();
            },
        };
        PfsWriteOptions options = workers == 0
            ? RecordedScript.Options(1) : new PfsWriteOptions { Workers = workers, OpenBytesMax = 128 << 10 };
        using (mount = session.Open(disks, label, options))
        {
            session.PlayUntilFault();
            PfsWriter writer = mount.Pfs.Writer!;
            Assert.True(session.Error is Errno.EIO, $"{session.Place}: {session.Error}");
            Assert.Equal(Hammer2Error.Shutdown, writer.StopReason);
            session.AssertRefusesChanges(Errno.EIO);
            session.AssertReads();
            writer.Shutdown();
            Assert.Equal(Hammer2Error.Shutdown, writer.StopReason);
        }
        session.AssertRemounts(disks, label);
        foreach (IBlockDevice disk in disks) disk.Dispose();
    }
}
