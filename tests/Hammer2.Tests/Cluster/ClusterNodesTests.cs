// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>The last commit is read from whichever node can show it; the smallest node decides about space.</summary>
public sealed class ClusterNodesTests : IDisposable
{
    private const int NodesTotal = 3;
    private const ulong NoSuchInode = 1 << 20;

    private readonly MemoryBlockDevice[] _disks = [new(512L << 20), new(256L << 20), new(512L << 20)];
    private readonly FaultyBlockDevice[] _devices;
    private readonly ClusterMount _mount;

    public ClusterNodesTests()
    {
        for (int i = 0; i < NodesTotal; i++) NewVolume.Format([_disks[i]], NewVolume.Describe(1, i, NodesTotal));
        using (ClusterMount mount = RecordedScript.Mount(_disks, NewVolume.ClusterLabel))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            TestCluster.Make(mount, "file");
        }
        _devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        _mount = RecordedScript.Mount(_devices, NewVolume.ClusterLabel, cacheBytes: 1);
    }

    private ClusterNodes Nodes => _mount.Pfs.ClusterNodes;

    private ulong LastInum => Nodes.View.Nodes[0].Root.Meta.PfsInum - 1;

    public void Dispose()
    {
        _mount.Dispose();
        foreach (FaultyBlockDevice device in _devices) device.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void A_committed_inode_comes_from_the_first_node_that_can_show_it(int failed)
    {
        ClusterView view = Nodes.View;
        ulong inum = LastInum;
        var order = new List<int>();
        foreach (int slot in view.ReadOrderOf(inum)) order.Add(slot);
        foreach (int slot in order.Take(failed)) Fail(slot);
        Assert.Equal(Hammer2Error.None, Nodes.LoadCommitted(view, inum, out PresentNode? node, out Chain? chain));
        Assert.Equal((order[failed], inum), (node!.Slot, chain!.Meta.Inum));
        Assert.Equal(Math.Min(failed, 1), Nodes.RepairedReads);
    }

    [Fact]
    public void What_no_node_can_show_is_the_faults_of_all()
    {
        for (int slot = 0; slot < NodesTotal; slot++) Fail(slot);
        Assert.Equal(
            Hammer2Error.Io, Nodes.LoadCommitted(Nodes.View, LastInum, out PresentNode? none, out Chain? nothing));
        Assert.Null(none);
        Assert.Null(nothing);
        // It is not taken for an inode that no commit has.
        Assert.Equal(Hammer2Error.Io, Nodes.FindFocus(Nodes.View, LastInum, isNew: true, out _, out _));
        Assert.Equal(0, Nodes.RepairedReads);
    }

    [Fact]
    public void A_new_inode_has_the_focus_of_its_number_and_no_chain()
    {
        ClusterView view = Nodes.View;
        Assert.Equal(Hammer2Error.NoEntry, Nodes.LoadCommitted(view, NoSuchInode, out _, out _));
        Assert.Equal(Hammer2Error.NoEntry, Nodes.FindFocus(view, NoSuchInode, isNew: false, out _, out _));
        Assert.Equal(Hammer2Error.None,
            Nodes.FindFocus(view, NoSuchInode, isNew: true, out PresentNode? node, out Chain? chain));
        Assert.Same(view.FocusOf(NoSuchInode), node);
        Assert.Null(chain);
        Assert.Equal(Hammer2Error.None,
            Nodes.FindFocus(view, Media.PfsRootInum, isNew: true, out node, out chain));
        Assert.Same(node!.Root, chain);
    }

    [Fact]
    public void Space_is_that_of_the_smallest_node_without_what_is_kept()
    {
        PfsSpace all = Nodes.GetSpace();
        MediaDevice smallest = Nodes.View.Nodes.MinBy(node => node.Device.Header.Fields.AllocatorBytes)!.Device;
        Assert.Equal(
            (smallest.Header.Fields.AllocatorBytes, smallest.FreeBytes, smallest.FreeBytes, 2UL),
            (all.TotalBytes, all.FreeBytes, all.AvailableBytes, all.InodesTotal));
        PfsSpace some = Nodes.GetSpace(reserveBytes: 1 << 20, unwrittenBytes: 3 << 20);
        Assert.Equal(all with { AvailableBytes = all.FreeBytes - (4 << 20) }, some);
        PfsSpace none = Nodes.GetSpace(reserveBytes: (long)all.FreeBytes, unwrittenBytes: 1);
        Assert.Equal(all with { AvailableBytes = 0 }, none);
    }

    [Fact]
    public void A_view_is_replaced_only_by_a_change_of_the_current_one()
    {
        ClusterView before = Nodes.View, after = before.Without(0);
        Assert.True(Nodes.TrySwapView(before, after));
        Assert.False(Nodes.TrySwapView(before, before.Without(1)));
        Assert.Same(after, Nodes.View);
    }

    private void Fail(int slot) => _devices[slot].FailReads(0, _disks[slot].LengthBytes);
}
