// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.PfsRoots;

/// <summary>Goal: a PFS that is held cannot be deleted, whatever was done to it meanwhile, and once its last hold is
/// released it can.</summary>
public sealed class HoldTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_held_snapshot_is_deleted_after_its_last_release_alone(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        using (OpenedPfses opened = Open(devices))
        {
            PfsAdministration pfses = Administration(opened);
            Assert.Equal(Hammer2Error.None, pfses.Snapshot("s"u8));
            Assert.Equal(Hammer2Error.None, pfses.Hold("s"u8, "a"u8));
            Assert.Equal(Hammer2Error.None, pfses.Hold("s"u8, "b"u8));
            Assert.Equal(Hammer2Error.Exists, pfses.Hold("s"u8, "a"u8));
            Assert.Equal(Hammer2Error.Held, pfses.Delete("s"u8, out _));
            Assert.Equal(Hammer2Error.None, pfses.Rename("s"u8, "t"u8, out _));
        }
        using OpenedPfses again = Open(devices);
        PfsAdministration later = Administration(again);
        Assert.All(again.Pfses[0].Nodes, node => Assert.Equal(["a", "b"], Holds(node, "t")));
        Assert.Equal(Hammer2Error.None, later.Release("t"u8, "a"u8));
        Assert.Equal(Hammer2Error.Held, later.Delete("t"u8, out _));
        Assert.Equal(Hammer2Error.NoEntry, later.Release("t"u8, "a"u8));
        Assert.Equal(Hammer2Error.None, later.Release("t"u8, "b"u8));
        Assert.Equal(Hammer2Error.None, later.Delete("t"u8, out _));
    }

    [Fact]
    public void A_snapshot_that_is_written_keeps_its_holds_and_its_snapshots_have_none()
    {
        IBlockDevice[] devices = Devices(1);
        using OpenedPfses opened = Open(devices);
        PfsAdministration pfses = Administration(opened);
        Assert.Equal(Hammer2Error.None, pfses.Snapshot("s"u8));
        Assert.Equal(Hammer2Error.None, pfses.Hold("s"u8, "kept"u8));
        VnodeOps snapshot = opened.Open("s", 1);
        Assert.Equal(Errno.None, snapshot.Create(VnodeOps.RootInum, "f"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _));
        Assert.Equal(Errno.None, snapshot.Sync());
        var inner = new PfsAdministration(
            opened.Pfses[1], static _ => null, TimeProvider.System, new SeededRandom(8).NextUInt64);
        Assert.Equal(Hammer2Error.None, inner.Snapshot("u"u8));
        Assert.Equal(["kept"], Holds(opened.Pfses[0].Nodes[0], "s"));
        Assert.Equal([], Holds(opened.Pfses[0].Nodes[0], "u"));
        Assert.Equal(Hammer2Error.Held, pfses.Delete("s"u8, out _));
        Assert.Equal(Hammer2Error.None, pfses.Delete("u"u8, out _));
    }

    [Fact]
    public void What_does_not_fit_into_a_root_is_refused_and_changes_nothing()
    {
        IBlockDevice[] devices = Devices(1);
        using OpenedPfses opened = Open(devices);
        PfsAdministration pfses = Administration(opened);
        byte[] name = [.. Enumerable.Repeat((byte)'n', PfsHolds.NameBytesMax)];
        Assert.Equal(Hammer2Error.None, pfses.Snapshot("s"u8));
        for (byte i = 0; i < 3; i++)
        {
            name[0] = (byte)('a' + i);
            Assert.Equal(Hammer2Error.None, pfses.Hold("s"u8, name));
        }
        name[0] = (byte)'d';
        Assert.Equal(Hammer2Error.TooLarge, pfses.Hold("s"u8, name));
        byte[] label = [.. Enumerable.Repeat((byte)'l', 100)];
        Assert.Equal(Hammer2Error.TooLarge, pfses.Rename("s"u8, label, out _));
        Assert.Equal(Hammer2Error.Invalid, pfses.Hold("s"u8, "a b"u8));
        Assert.Equal(Hammer2Error.NoEntry, pfses.Hold("none"u8, "a"u8));
        Assert.Equal(3, Holds(opened.Pfses[0].Nodes[0], "s").Count());
    }

    [Fact]
    public void PFSs_of_a_device_are_held_while_none_is_mounted()
    {
        MemoryBlockDevice device = NewVolume.InMemory(256L << 20);
        using (OfflinePfsAdministration opened = OpenOffline(device))
        {
            Assert.Equal(Hammer2Error.None, opened.Pfses.Hold("LOCAL"u8, "a"u8));
            Assert.Equal(Hammer2Error.Held, opened.Pfses.Delete("LOCAL"u8, out _));
        }
        MediaAudit.AssertSound(device, "with a hold");
        using OfflinePfsAdministration again = OpenOffline(device);
        Assert.Equal(Hammer2Error.None, again.Pfses.Release("LOCAL"u8, "a"u8));
        Assert.Equal(Hammer2Error.None, again.Pfses.Delete("LOCAL"u8, out _));
    }

    private static IEnumerable<string> Holds(PresentNode node, string label)
    {
        Assert.Equal(Hammer2Error.None, PfsReports.FindPfs(
            node, Encoding.ASCII.GetBytes(label), out PfsDescription? found));
        return found!.Holds.Select(static hold => Encoding.ASCII.GetString(hold.Name.Span));
    }

    private static IBlockDevice[] Devices(int nodes) => [.. NewVolume.NodesInMemory(nodes, 256L << 20)];

    private static OpenedPfses Open(IBlockDevice[] devices) => new(
        devices, [(devices.Length == 1 ? NewVolume.Label : NewVolume.ClusterLabel, devices.Length)], 1);

    private static OfflinePfsAdministration OpenOffline(IBlockDevice device)
    {
        Assert.Equal(Hammer2Error.None, OfflinePfsAdministration.Open(
            VolumeSet.Open([new UnownedDevice(device)]), TimeProvider.System, new SeededRandom(9).NextUInt64,
            new LogCapture(), out OfflinePfsAdministration? opened));
        return opened!;
    }

    private static PfsAdministration Administration(OpenedPfses opened) => new(
        opened.Pfses[0], static _ => null, TimeProvider.System, new SeededRandom(5).NextUInt64);
}
