// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Cluster;
using Hammer2.Tests.Cluster.Simulation;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a volume with one copy of its header is never without a whole one, also where a daemon was killed between a
/// header and its flush, so that the header that the next mount reads is in the cache of the device alone. Method: the
/// daemon ends at one of the last calls of a commit, and power fails at each call of the next mount.
/// </summary>
public sealed class UnflushedHeaderTests
{
    private const long OneHeader = 256L << 20;

    private int _calls;

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Power_that_fails_after_a_killed_daemon_leaves_a_header(int callsBeforeTheEnd)
    {
        var random = new SeededRandom((ulong)callsBeforeTheEnd);
        SimulatedDisk whole = NewDisk(random);
        Assert.True(Use(whole, int.MaxValue, isPower: false, "second"));
        int kill = _calls - callsBeforeTheEnd + 1;
        for (int cut = 1, isDone = 0; isDone == 0; cut++)
        {
            SimulatedDisk disk = NewDisk(random);
            Assert.False(Use(disk, kill, isPower: false, "second"));
            if (Use(disk, cut, isPower: true, "third")) isDone = 1;
            disk.RestorePower();
            Assert.True(Use(disk, int.MaxValue, isPower: false, "fourth"), $"power failed at call {cut}");
            using ClusterMount mount = Mount(disk);
            Assert.True(TestCluster.Shows(mount, "first"));
        }
    }

    private SimulatedDisk NewDisk(SeededRandom random)
    {
        var disk = new SimulatedDisk("disk", OneHeader, random);
        NewVolume.Format([disk], NewVolume.Describe(1, 0, 2));
        Assert.True(Use(disk, int.MaxValue, isPower: false, "first"));
        return disk;
    }

    // False when it was ended.
    private bool Use(SimulatedDisk disk, int endAfter, bool isPower, string name)
    {
        _calls = 0;
        disk.BeforeCall = () =>
        {
            if (++_calls != endAfter) return;
            if (isPower) disk.FailPower(isHonest: true);
            else disk.IsDetached = true;
        };
        try
        {
            using ClusterMount mount = Mount(disk);
            if (mount.Pfs.OpenForWriting(RecordedScript.Options(seed: 1)) != Hammer2Error.None) return false;
            TestCluster.Make(mount, name);
            return _calls < endAfter;
        }
        catch (System.Exception) when (_calls >= endAfter)
        {
            return false;
        }
        finally
        {
            disk.BeforeCall = null;
            disk.IsDetached = false;
        }
    }

    private static ClusterMount Mount(SimulatedDisk disk)
    {
        var options = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), 4 << 20);
        return OpenFilesystems.MountAlone([VolumeSet.Open([disk], new VolumeSetOptions(IsReadOnly: false))],
            NewPfs.LocalLabel, options, NullLoggerFactory.Instance);
    }
}
