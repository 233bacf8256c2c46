// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: nodes come to a mounted PFS and leave it while it is read, and no operation ever takes one node for another.
/// Method: the nodes of a filled cluster on devices in memory that count their reads, with a cache so small that every
/// read reaches them; views are swapped between the steps of operations.
/// </summary>
public sealed class ClusterViewTests : IDisposable
{
    private const int NodesTotal = 4;
    private const int FilesTotal = 24;
    private const int FileBytes = 3 * Media.FileBlockBytes;

    private readonly MemoryBlockDevice[] _disks;
    private readonly FaultyBlockDevice[] _devices;
    private readonly byte[] _content = new byte[FileBytes];
    private readonly List<ulong> _files = [];
    private readonly List<ClusterMount> _mounts = [];

    public ClusterViewTests()
    {
        new SeededRandom(1).Fill(_content);
        _disks = NewVolume.ClusterInMemory(NodesTotal, 256L << 20);
        using (ClusterMount mount = RecordedScript.Mount(_disks, NewVolume.ClusterLabel))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            for (int i = 0; i < FilesTotal; i++)
            {
                Assert.Equal(Errno.None, ops.Create(
                    VnodeOps.RootInum, [(byte)('a' + i)], new NewObject(ObjectType.RegularFile, UnixMode.O644),
                    new Credentials(0, 0), out VnodeAttributes made));
                _files.Add(made.Inum);
                Assert.Equal(Errno.None, ops.Write(made.Inum, 0, _content, dropsPrivileges: false));
            }
            Assert.Equal(Errno.None, ops.Sync());
        }
        _devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
    }

    public void Dispose()
    {
        foreach (ClusterMount mount in _mounts) mount.Dispose();
        foreach (FaultyBlockDevice device in _devices) device.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    [Fact]
    public void Synced_nodes_get_the_first_slots_and_an_absent_one_gets_none()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        Assert.Equal([0, 1, 2], pfs.View.Nodes.Select(node => node.Slot));
        Assert.Equal(SlotSet.FirstSlots(3), pfs.View.Readers);
        Assert.Equal((3, 3), (pfs.View.SlotsTotal, pfs.View.FreeSlot));
        Assert.Equal(pfs.Membership.Quorum, pfs.View.Quorum);
        var absent = new AbsentNode(["n9"], "it is not here");
        ClusterView view = ClusterView.Of([absent, .. pfs.View.Members], quorum: 2);
        Assert.Equal((4, 3, 3), (view.Members.Length, view.Nodes.Length, view.SlotsTotal));
        Assert.Equal((NodeState.Offline, "it is not here"), (view.Members[0].State, view.Members[0].Reason));
    }

    [Fact]
    public void The_slot_of_a_node_that_left_is_empty_until_it_may_be_reused()
    {
        ClusterView three = Mount([0, 1, 2]).Pfs.View;
        ClusterView two = three.Without(1);
        Assert.Null(two.NodeAt(1));
        Assert.Equal([0, 2], two.Nodes.Select(node => node.Slot));
        Assert.Equal((3, 3), (two.SlotsTotal, two.FreeSlot));
        Assert.Throws<InvalidOperationException>(() => two.Without(1));
        Assert.Throws<InvalidOperationException>(() => two.Reuse(2));
        PresentNode newcomer = NodeOf(3, slot: 1);
        Assert.Contains("retired", Assert.Throws<InvalidOperationException>(() => two.With(newcomer)).Message);
        ClusterView again = two.Reuse(1).With(newcomer);
        Assert.Same(newcomer, again[1]);
        Assert.Equal([0, 2, 1], again.Nodes.Select(node => node.Slot));
        Assert.Equal(SlotSet.FirstSlots(3), again.Readers);
        Assert.True(again.Has(newcomer));
        Assert.False(again.Has(three[1]));
        Assert.Equal([0, 1, 2], three.Nodes.Select(node => node.Slot));
    }

    [Fact]
    public void One_slot_is_one_nodes_and_one_node_is_a_member_once()
    {
        ClusterView view = Mount([0, 1, 2]).Pfs.View;
        Assert.Throws<InvalidOperationException>(() => view.With(NodeOf(3, slot: 2)));
        Assert.Contains("the same node",
            Assert.Throws<InvalidOperationException>(() => view.With(NodeOf(1, slot: 3))).Message);
        Assert.Throws<InvalidOperationException>(() => ClusterView.Of([.. view.Members, NodeOf(3, slot: 0)], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => NodeOf(3, slot: Media.NodesMax));
    }

    [Fact]
    public void A_node_that_left_is_not_read_by_operations_that_begin_after_that()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        for (int slot = 0; slot < 2; slot++)
        {
            int leaver = slot;
            ulong file = _files.First(inum => pfs.View.FocusOf(inum).Slot == leaver);
            Assert.Equal(Hammer2Error.None, pfs.GetInode(file, out Inode before));
            _ = pfs.ChangeView(view => view.Without(leaver));
            AssertReads(before);
            long reads = _devices[leaver].ReadCount;
            foreach (ulong inum in _files) AssertReads(pfs, inum);
            Assert.Equal(reads, _devices[leaver].ReadCount);
            AssertReads(before);
            Assert.True(_devices[leaver].ReadCount > reads, "the operation with the old view reads the node that left");
        }
        Assert.Equal(0, pfs.RepairedReads);
    }

    [Fact]
    public void A_cursor_goes_on_over_a_swap_and_asks_the_siblings_of_its_own_view()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        ulong file = _files.First(inum => pfs.View.FocusOf(inum).Slot == 2);
        Assert.Equal(Hammer2Error.None, pfs.GetInode(file, out Inode inode));
        var cursor = new BlockCursor(inode, 0, FileBytes - 1);
        Assert.Equal(Hammer2Error.None, cursor.MoveNext());
        _ = pfs.ChangeView(view => view.Without(0).Without(1));
        // Its focus fails: a node that left meanwhile has what it needs.
        _devices[2].FailReads(0, _disks[2].LengthBytes);
        Assert.Equal(Hammer2Error.None, cursor.MoveNext());
        AssertReads(inode);
        Assert.True(pfs.RepairedReads > 0);
        Assert.Equal(Hammer2Error.None, pfs.GetInode(file, out Inode later));
        Assert.Equal(Hammer2Error.Io, DataOperations.Read(later, 0, new byte[FileBytes], out _));
    }

    [Fact]
    public void A_node_that_joins_is_read_and_stands_in_for_the_others()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        PresentNode newcomer = NodeOf(3, pfs.View.FreeSlot);
        Assert.Equal(Hammer2Error.None, pfs.GetInode(_files[0], out Inode before));
        _ = pfs.ChangeView(view => view.With(newcomer));
        Assert.Equal((4, 4), (pfs.View.SlotsTotal, pfs.View.Readers.Count));
        long reads = _devices[3].ReadCount;
        AssertReads(before);
        Assert.Equal(reads, _devices[3].ReadCount);
        foreach (ulong inum in _files) AssertReads(pfs, inum);
        Assert.True(_devices[3].ReadCount > reads);
        for (int other = 0; other < 3; other++) _devices[other].FailReads(0, _disks[other].LengthBytes);
        foreach (ulong inum in _files) AssertReads(pfs, inum);
        Assert.True(pfs.RepairedReads > 0);
    }

    [Fact]
    public void A_node_that_joins_without_being_synced_is_not_read()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        PresentNode newcomer = NodeOf(3, pfs.View.FreeSlot, NodeState.Copying);
        _ = pfs.ChangeView(view => view.With(newcomer));
        Assert.Equal(3, pfs.View.Readers.Count);
        long reads = _devices[3].ReadCount;
        foreach (ulong inum in _files) AssertReads(pfs, inum);
        Assert.Equal(reads, _devices[3].ReadCount);
    }

    [Fact]
    public void A_fence_acts_at_once_on_operations_that_have_begun()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        ulong file = _files.First(inum => pfs.View.FocusOf(inum).Slot == 0);
        Assert.Equal(Hammer2Error.None, pfs.GetInode(file, out Inode inode));
        int next = pfs.View.ReadOrderOf(file).Except(0).First;
        _ = pfs.View[next].TryFence();
        Assert.Equal(NodeState.Failed, pfs.View[next].State);
        foreach (int slot in inode.ReadOrder) Assert.NotEqual(next, slot);
        Assert.Equal(Hammer2Error.NodeDown, inode.TryOnNode(next, out _));
        Assert.NotEqual(next, pfs.View.FocusOf(file).Slot);
    }

    [Fact]
    public void Once_every_node_is_fenced_those_with_the_newest_commit_are_shown()
    {
        int[] all = [0, 1, 2, 3];
        ClusterMount mount = Mount(all);
        Pfs pfs = mount.Pfs;
        Assert.Equal(Hammer2Error.None, pfs.OpenForWriting());
        PresentNode[] nodes = [.. pfs.View.Nodes];
        Assert.True(nodes[1].TryFence());
        TestCluster.Make(mount, "later");
        foreach (int slot in new[] { 3, 0, 2 }) Assert.True(nodes[slot].TryFence());
        for (ulong inum = 0; inum < 30; inum++)
        {
            var shown = new List<int>();
            foreach (int slot in pfs.View.ReadOrderOf(inum)) shown.Add(slot);
            Assert.Equal([0, 2, 3], shown.Order());
        }
        Assert.True(TestCluster.Shows(mount, "later"));
    }

    [Fact]
    public void Views_that_are_changed_at_the_same_time_have_both_changes()
    {
        Pfs pfs = Mount([0, 1, 2]).Pfs;
        int calls = 0;
        _ = pfs.ChangeView(view =>
        {
            if (calls++ == 0) _ = pfs.ChangeView(other => other.Without(0));
            return view.Without(1);
        });
        Assert.Equal(2, calls);
        Assert.Equal([2], pfs.View.Nodes.Select(node => node.Slot));
    }

    private ClusterMount Mount(int[] nodes)
    {
        ClusterMount mount = RecordedScript.Mount(
            [.. nodes.Select(node => _devices[node])], NewVolume.ClusterLabel, cacheBytes: 1);
        _mounts.Add(mount);
        return mount;
    }

    // A node as another mount finds it.
    private PresentNode NodeOf(int device, int slot, NodeState state = NodeState.Synced)
    {
        PresentNode found = Mount([0, 1, 2, 3]).Pfs.Nodes[device];
        return new PresentNode(slot, found.Entry, state, found.Facts);
    }

    private void AssertReads(Pfs pfs, ulong inum)
    {
        Assert.Equal(Hammer2Error.None, pfs.GetInode(inum, out Inode inode));
        AssertReads(inode);
    }

    private void AssertReads(in Inode inode)
    {
        byte[] read = new byte[FileBytes];
        Assert.Equal(Hammer2Error.None, DataOperations.Read(inode, 0, read, out int bytes));
        Assert.Equal(FileBytes, bytes);
        Assert.Equal(_content, read);
    }
}
