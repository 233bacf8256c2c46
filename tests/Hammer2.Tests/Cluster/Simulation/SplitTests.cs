// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>
/// Goal: power that fails is never taken for a history that parted (bcachefs#656, #924), however often it fails, and
/// with whichever majority the cluster is mounted in between; nor is anything lost that was acknowledged.
/// Method: devices with a volatile cache, of which all lose power at a drawn call, mount after mount.
/// </summary>
public sealed class SplitTests
{
    private const int MountsTotal = 40;

    public static TheoryData<int, ulong> Cases => [.. from nodes in (int[])[2, 3, 4, 5]
        from seed in SeededRandom.Seeds(3) select new TheoryDataRow<int, ulong>(nodes, seed)];

    [Theory, MemberData(nameof(Cases))]
    public void Power_that_fails_again_and_again_is_no_split(int nodes, ulong seed)
    {
        var random = new SeededRandom(seed);
        SimulatedDisk[] disks = [.. Enumerable.Range(0, nodes).Select(node =>
            new SimulatedDisk(string.Create(CultureInfo.InvariantCulture, $"n{node}"), 256L << 20, random))];
        for (int node = 0; node < nodes; node++)
            NewVolume.Format([disks[node]], NewVolume.Describe(seed, node, nodes));
        var acknowledged = new List<string>();
        Use(disks, random, cutAfter: int.MaxValue, "first", acknowledged);
        for (int mount = 0; mount < MountsTotal; mount++)
        {
            int present = (nodes / 2) + 1 + random.Below(nodes - (nodes / 2));
            SimulatedDisk[] chosen = [.. disks.OrderBy(_ => random.NextUInt64()).Take(present)];
            int cutAfter = 20 * present + random.Below(60 * present);
            Use(chosen, random, cutAfter, string.Create(CultureInfo.InvariantCulture, $"file{mount}"), acknowledged);
            foreach (SimulatedDisk disk in disks) disk.FailPower(isHonest: true);
            foreach (SimulatedDisk disk in disks) disk.RestorePower();
        }
        Assert.True(acknowledged.Count > 2);
        Assert.True(Use(disks, random, int.MaxValue, "last", acknowledged));
        foreach (SimulatedDisk disk in disks) MediaAudit.AssertSound(disk, disk.Name);
    }

    private static bool Use(SimulatedDisk[] disks, SeededRandom random, int cutAfter, string name,
        List<string> acknowledged)
    {
        int calls = 0;
        foreach (SimulatedDisk disk in disks)
        {
            disk.BeforeCall = () =>
            {
                if (++calls != cutAfter) return;
                foreach (SimulatedDisk each in disks) each.FailPower(isHonest: true);
            };
        }
        try
        {
            using ClusterMount mount = Mount(disks);
            Assert.NotEqual(WriteObstacle.Split, mount.Pfs.Membership.Obstacle);
            Hammer2Error opened = mount.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64()));
            if (opened != Hammer2Error.None) return false;
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            foreach (string known in acknowledged)
            {
                Errno found = ops.Lookup(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(known), out _);
                Assert.True(found == Errno.None || calls >= cutAfter, $"{known}: {found}");
            }
            foreach (PresentNode node in mount.Pfs.View.Nodes)
                if (!node.IsSynced) _ = mount.Pfs.Writer!.Resynchronize(node, static () => false);
            if (ops.Create(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(name),
                new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _) == Errno.None
                && ops.Sync() == Errno.None) acknowledged.Add(name);
            return acknowledged.Contains(name);
        }
        catch (MediaException) when (calls >= cutAfter)
        {
            return false;
        }
        catch (PfsException) when (calls >= cutAfter)
        {
            return false;
        }
    }

    private static ClusterMount Mount(SimulatedDisk[] disks)
    {
        VolumeSet[] sets = [.. disks.Select(
            disk => VolumeSet.Open([disk], new VolumeSetOptions(IsReadOnly: false)))];
        var options = new ClusterMountOptions(
            new MediaSourceOptions(IsReadOnly: false), 4 << 20, AllowDegraded: true);
        return OpenFilesystems.MountAlone(sets, NewVolume.ClusterLabel, options, NullLoggerFactory.Instance);
    }
}
