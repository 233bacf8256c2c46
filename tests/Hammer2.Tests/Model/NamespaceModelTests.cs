// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>
/// Goal: whatever is done to a PFS, its answers and its content are those of a filesystem, before and after
/// commits and after mounting again, with one node and with three, and the media stay sound.
/// Method: a drawn script is played on the driver and on the model. HAMMER2_SEED=n replays one case;
/// HAMMER2_MODEL_SCRIPTS=n plays n scripts in place of 100; HAMMER2_SAVE_IMAGES=DIR keeps what they leave.
/// </summary>
public sealed class NamespaceModelTests
{
    private const int ScriptsUsual = 100;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(ScriptsTotal / 2));

    private static int ScriptsTotal =>
        Environment.GetEnvironmentVariable("HAMMER2_MODEL_SCRIPTS") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture) : ScriptsUsual;

    [Theory, MemberData(nameof(Seeds))]
    public void A_single_node_does_what_the_model_does(ulong seed)
    {
        // Odd scripts go on where upstream's code began.
        if (seed % 2 == 1) Play(seed, [GoldenImage.OpenOverlay("empty-mounted")], "DATA");
        else Play(seed, ModelMount.Make(seed, nodes: 1), NewVolume.Label);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Three_nodes_do_what_the_model_does(ulong seed)
    {
        string[] images = ["cluster3.n0", "cluster3.n1", "cluster3.n2"];
        if (seed % 2 == 1) Play(seed, [.. images.Select(GoldenImage.OpenOverlay)], "CL");
        else Play(seed, ModelMount.Make(seed, nodes: 3), NewVolume.ClusterLabel);
    }

    private static void Play(ulong seed, IBlockDevice[] disks, string label)
    {
        var random = new SeededRandom(seed);
        var player = new ScriptPlayer(random, usesAttributes: random.OneIn(2));
        ulong root = 0;
        var log = new LogCapture();
        for (int session = 0; session < 3; session++)
        {
            using ClusterMount mount = ModelMount.Open(disks, label, loggers: log);
            // Blocks are written back late or at once, by the next writer or in the background.
            var writing = new PfsWriteOptions
            {
                OpenBytesMax = random.Pick<long>([0, 128 << 10, 64 << 20]),
                Workers = random.OneIn(4) ? 2 : 0,
                Deduplicates = !random.OneIn(4),
            };
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(writing));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            if (session == 0) root = ModelMount.MakeRoom(ops, player, "model");
            Assert.NotEqual(0UL, root);
            for (int group = random.Below(4); group >= 0; group--)
            {
                player.Play(ops, random.Below(150));
                if (random.OneIn(3)) player.Compare(ops);
                Errno synced = ops.Sync();
                Assert.True(synced == Errno.None, $"{synced}: {string.Join('\n', log.Lines(LogLevel.Information))}");
                // Blocks in use must survive, including shared ones and those near blocks freed before a commit.
                if (random.OneIn(4))
                    Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
                if (random.OneIn(3)) player.Compare(ops);
            }
            player.Compare(ops);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        using (ClusterMount last = ModelMount.Open(disks, label))
        {
            player.Compare(new VnodeOps(last.Pfs, NullLogger<VnodeOps>.Instance));
            Assert.Equal(0, last.Pfs.RepairedReads);
        }
        ModelMount.Judge(disks, seed);
        foreach (IBlockDevice disk in disks) disk.Dispose();
    }
}

/// <summary>Devices of scripts.</summary>
internal static class ModelMount
{
    /// <summary>Mounts devices, which stay open.</summary>
    /// <param name="disks">The devices, one for each node.</param>
    /// <param name="label">The PFS.</param>
    /// <param name="masters">Masters of the cluster, when nodes are absent; null when all are given.</param>
    /// <param name="loggers">Where it logs to; null for nowhere.</param>
    public static ClusterMount Open(
        IReadOnlyList<IBlockDevice> disks, string label, int? masters = null, ILoggerFactory? loggers = null)
    {
        var sets = new List<VolumeSet>();
        foreach (IBlockDevice disk in disks) sets.Add(VolumeSet.Open([new UnownedDevice(disk)]));
        // Nodes that upstream made do not say how many they are.
        var options = new ClusterMountOptions(
            new MediaSourceOptions(), 16 << 20, Masters: masters ?? (disks.Count > 1 ? disks.Count : null));
        return OpenFilesystems.MountAlone(sets, label, options, loggers ?? NullLoggerFactory.Instance);
    }

    /// <summary>Fresh nodes, with compression and check codes that the seed decides.</summary>
    public static IBlockDevice[] Make(ulong seed, int nodes)
    {
        var random = new SeededRandom(seed);
        var compression = (CompressionMethod)random.Below(4);
        int level = compression == CompressionMethod.Zlib ? random.Below(10) : 0;
        var check = (CheckMethod)random.Below((int)CheckMethod.Freemap);
        var disks = new IBlockDevice[nodes];
        for (int node = 0; node < nodes; node++)
        {
            disks[node] = new MemoryBlockDevice(NewVolume.UsualBytes, $"n{node}");
            NewFilesystem wanted = NewVolume.Describe(seed, node, nodes);
            NewPfs[] all = [.. wanted.Pfses];
            all[^1] = all[^1] with { Compression = compression, CompressionLevel = level, Check = check };
            NewVolume.Format([disks[node]], wanted with { Pfses = all });
        }
        return disks;
    }

    /// <summary>Images have content of their own; scripts play below a directory of theirs.</summary>
    public static ulong MakeRoom(VnodeOps ops, ScriptPlayer player, string name)
    {
        Errno error = ops.Create(
            VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0), out VnodeAttributes made);
        Assert.Equal(Errno.None, error);
        player.Model.Root.Inum = made.Inum;
        Assert.Equal(Errno.None, ops.GetFlags(made.Inum, out LinuxFileFlags flags));
        player.Model.Root.Flags = flags;
        return made.Inum;
    }

    /// <summary>Looks at the media without the driver, and keeps them if that is asked for.</summary>
    public static void Judge(IReadOnlyList<IBlockDevice> disks, ulong seed)
    {
        for (int i = 0; i < disks.Count; i++)
        {
            using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disks[i])]);
            IReadOnlyList<string> faults = MediaAudit.Judge(volumes, allowsOrphans: false);
            Assert.True(faults.Count == 0, $"seed {seed}, node {i}:\n{string.Join('\n', faults.Take(10))}");
            FsckReport report = FilesystemChecker.Check(volumes);
            Assert.True(report.IsClean, $"seed {seed}, node {i}: {report}");
            KeptImages.Keep(disks[i], $"model.{disks.Count}.{seed}.{i}");
        }
        if (disks.Count > 1) JudgeEquality(disks, seed);
    }

    /// <summary>Compares the nodes of a cluster.</summary>
    public static void JudgeEquality(IReadOnlyList<IBlockDevice> disks, ulong seed)
    {
        List<VolumeSet> sets = [.. disks.Select(disk => VolumeSet.Open([new UnownedDevice(disk)]))];
        ClusterReport report = Assert.Single(ClusterCompare.Run(sets, new FsckOptions()));
        Assert.True(report.IsClean, $"seed {seed}:\n{string.Join('\n', report.Findings.Take(10))}");
        foreach (VolumeSet set in sets) set.Dispose();
    }
}
