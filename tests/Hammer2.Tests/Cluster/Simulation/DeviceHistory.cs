// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>What happens to the device of a node while the cluster is not mounted.</summary>
internal static class DeviceHistory
{
    private const byte AllBits = 0xFF;
    private const long HeaderByte = 600;

    /// <summary>Commits another PFS of the device: the record of a prepared commit is void after that.</summary>
    /// <returns>False when the device cannot be used.</returns>
    public static bool WriteOtherPfs(SimulatedCluster cluster, SimulatedNode node)
    {
        // What was drawn to fail may be met here as well as by the cluster.
        bool mayFail = node.IsDamaged || node.Disk.HasFailingWrites;
        var options = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), 4 << 20);
        try
        {
            VolumeSet set = VolumeSet.Open([node.Disk], new VolumeSetOptions(IsReadOnly: false));
            using ClusterMount mount = OpenFilesystems.MountAlone(
                [set], NewPfs.LocalLabel, options, new TraceLog(cluster));
            Hammer2Error opened = mount.Pfs.OpenForWriting(
                RecordedScript.Options(cluster.Random.NextUInt64()) with { Time = cluster.Time });
            Assert.True(opened == Hammer2Error.None || mayFail, $"the other PFS of {node.Name}: {opened}");
            if (opened != Hammer2Error.None) return false;
            TestCluster.Make(mount, $"other{cluster.Calls}");
            return true;
        }
        catch (Exception failure) when (mayFail
            && failure is MediaException or PfsException or Xunit.Sdk.XunitException)
        {
            return false;
        }
    }

    /// <summary>Has the newest copy of the volume header go bad, with what could stand in for it.</summary>
    /// <returns>False when it is the only copy.</returns>
    public static bool LoseHeader(SimulatedNode node)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(node.Disk)]);
        if (node.Disk.LengthBytes < Media.HeaderZoneBytes) return false;
        node.Disk.Spoil((volumes.Header.CopyIndex * Media.HeaderZoneBytes) + HeaderByte, AllBits);
        node.Disk.Spoil(Media.PreparedRecordOffset, AllBits);
        return true;
    }
}
