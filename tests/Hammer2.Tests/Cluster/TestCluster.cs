// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>The nodes of a cluster on devices in memory, with what can happen to them between mounts.</summary>
internal sealed class TestCluster
{
    /// <summary>Room for all four copies of the volume header.</summary>
    public const long ManyHeaders = (6L << 30) + (8 << 20);

    /// <summary>New nodes.</summary>
    /// <param name="nodes">How many.</param>
    /// <param name="masters">How many masters they say there are; 0: they do not say, as upstream's.</param>
    /// <param name="lengthBytes">Size of each device.</param>
    public TestCluster(int nodes, int masters, long lengthBytes = ManyHeaders)
    {
        Devices = new MemoryBlockDevice[nodes];
        for (int node = 0; node < nodes; node++)
        {
            Devices[node] = new MemoryBlockDevice(lengthBytes, $"n{node}");
            NewFilesystem(node, masters);
        }
    }

    public MemoryBlockDevice[] Devices { get; }

    public LogCapture Log { get; } = new();

    /// <summary>Puts a blank node in the place of one.</summary>
    public void NewFilesystem(int node, int masters)
    {
        var wanted = NewVolume.Describe(1, node, Math.Max(2, Devices.Length));
        NewVolume.Format(
            [Devices[node]], wanted with { Pfses = [wanted.Pfses[0], wanted.Pfses[1] with { Masters = masters }] });
    }

    /// <summary>Mounts some of the nodes.</summary>
    public ClusterMount Mount(int[] nodes, bool isDegraded = false, int? masters = null)
    {
        VolumeSet[] sets = [.. nodes.Select(node => VolumeSet.Open([new UnownedDevice(Devices[node])]))];
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20, isDegraded, masters);
        return OpenFilesystems.MountAlone(sets, NewVolume.ClusterLabel, options, Log);
    }

    /// <summary>Mounts some of the nodes for writing, makes a file and acknowledges it.</summary>
    public void Write(string name, params int[] nodes)
    {
        using ClusterMount mount = Mount(nodes);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        Make(mount, name);
    }

    public static void Make(ClusterMount mount, string name)
    {
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.RegularFile, UnixMode.O644),
            new Credentials(0, 0), out _));
        Assert.Equal(Errno.None, ops.Sync());
    }

    public static bool Shows(ClusterMount mount, string name)
    {
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        return ops.Lookup(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), out _) == Errno.None;
    }

    /// <summary>The headers of a node, to go back to.</summary>
    public List<(long Offset, byte[] Bytes)> SaveHeaders(int node)
    {
        var saved = new List<(long, byte[])>();
        for (long at = 0; at + Media.VolumeHeaderBytes <= Devices[node].LengthBytes; at += Media.HeaderZoneBytes)
        {
            byte[] bytes = new byte[Media.VolumeHeaderBytes];
            Assert.Equal(Hammer2Error.None, Devices[node].Read(at, bytes));
            saved.Add((at, bytes));
        }
        return saved;
    }

    public void RestoreHeaders(int node, List<(long Offset, byte[] Bytes)> saved)
    {
        foreach ((long offset, byte[] bytes) in saved)
            Assert.Equal(Hammer2Error.None, Devices[node].Write(offset, bytes));
    }

    /// <summary>Damages the newest copy of a node's volume header.</summary>
    public void TearNewestHeader(int node)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(Devices[node])]);
        Damage(node, (volumes.Header.CopyIndex * Media.HeaderZoneBytes) + 600);
    }

    /// <summary>Makes the prepared record of a node unreadable.</summary>
    public void DropRecord(int node) => Damage(node, Media.PreparedRecordOffset);

    /// <summary>Commits to one node as a writer does that knows no stamps: its number goes up, the stamp
    /// stays.</summary>
    public void ModifyForeign(int node, ulong by = 1) => ForeignWriter.Commit(Devices[node], by);

    private void Damage(int node, long offset)
    {
        byte[] one = new byte[1];
        Assert.Equal(Hammer2Error.None, Devices[node].Read(offset, one));
        one[0] ^= 0xFF;
        Assert.Equal(Hammer2Error.None, Devices[node].Write(offset, one));
    }
}
