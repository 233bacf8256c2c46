// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Diff;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>A PFS on which a drawn script was played, with snapshots s0, s1 ... made in between.</summary>
internal static class SnapshotHistory
{
    /// <summary>Plays a script.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="snapshots">How many snapshots are made.</param>
    /// <param name="steps">Operations before each.</param>
    public static IBlockDevice Play(ulong seed, int snapshots, int steps = 120)
    {
        var random = new SeededRandom(seed);
        IBlockDevice disk = ModelMount.Make(seed, nodes: 1)[0];
        var player = new ScriptPlayer(random, usesAttributes: random.OneIn(2));
        using ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        var writing = new PfsWriteOptions { Deduplicates = !random.OneIn(4) };
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(writing));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        _ = ModelMount.MakeRoom(ops, player, "model");
        ulong ids = seed;
        var administration = new PfsAdministration(
            mount.Pfs, static _ => null, TimeProvider.System,
            () => ids = (ids * 6364136223846793005) + 1442695040888963407);
        for (int snapshot = 0; snapshot < snapshots; snapshot++)
        {
            player.Play(ops, 1 + random.Below(steps));
            Assert.Equal(Hammer2Error.None, administration.Snapshot(Encoding.ASCII.GetBytes($"s{snapshot}")));
            if (random.OneIn(3)) Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
        }
        player.Play(ops, random.Below(steps));
        player.ForgetAll(ops);
        Assert.Equal(Errno.None, ops.Sync());
        return disk;
    }

    /// <summary>Changes a PFS, with snapshots of given names in between.</summary>
    public static IBlockDevice Make(Action<VnodeOps, Action<string>> change)
    {
        IBlockDevice disk = ModelMount.Make(1, nodes: 1)[0];
        using ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(new PfsWriteOptions()));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        ulong ids = 1;
        var administration = new PfsAdministration(mount.Pfs, static _ => null, TimeProvider.System, () => ++ids);
        change(ops, label =>
            Assert.Equal(Hammer2Error.None, administration.Snapshot(Encoding.ASCII.GetBytes(label))));
        Assert.Equal(Errno.None, ops.Sync());
        return disk;
    }

    /// <summary>Opens the filesystem as the commands do.</summary>
    public static SnapshotFilesystem Open(IBlockDevice disk) =>
        new(VolumeSet.Open([new UnownedDevice(disk)]), NullLoggerFactory.Instance);

    /// <summary>Compares two PFSs by tids.</summary>
    public static List<PathDifference> Compare(
        IBlockDevice disk, string old, string now, int objectsMax = SnapshotDiff.ObjectsUsual)
    {
        using SnapshotFilesystem filesystem = Open(disk);
        var found = new List<PathDifference>();
        SnapshotDiff.Run(filesystem.Find(Encoding.ASCII.GetBytes(old))!, filesystem.Find(Encoding.ASCII.GetBytes(now))!,
            found.Add, objectsMax);
        return found;
    }
}
