// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Hammer2.Admin.Newfs;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: nodes leave and join a PFS that is written, with changes under way, and each node gets its own blocks and no
/// other's.
/// Method: three nodes on devices in memory; views change between writes and their commit; afterwards the media are
/// judged without the driver and mounted again.
/// </summary>
public sealed class ClusterViewWriteTests : IDisposable
{
    private const int NodesTotal = 3;
    private const int BlocksTotal = 24;
    private const int FileBytes = BlocksTotal * Media.FileBlockBytes;

    private readonly MemoryBlockDevice[] _disks = NewVolume.ClusterInMemory(NodesTotal, 256L << 20);
    private readonly FaultyBlockDevice[] _devices;
    private readonly List<ulong> _files = [];
    private readonly byte[] _content = new byte[FileBytes];
    private readonly SeededRandom _random = new(1);
    private ClusterMount? _mount;

    public ClusterViewWriteTests()
    {
        _devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        _mount = RecordedScript.Mount(_devices, NewVolume.ClusterLabel, cacheBytes: 1);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        Ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _random.Fill(_content);
        for (int i = 0; i < NodesTotal; i++) _files.Add(Make($"file {i}"));
        Assert.Equal(Errno.None, Ops.Sync());
    }

    private VnodeOps Ops { get; }

    private Pfs Pfs => _mount!.Pfs;

    public void Dispose()
    {
        _mount?.Dispose();
        foreach (FaultyBlockDevice device in _devices) device.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    [Fact]
    public void A_node_leaves_while_bulkfree_waits_for_a_commit()
    {
        Hammer2Error reclaimed = Hammer2Error.Internal;
        ulong[] before = Tids();
        using var isChanging = new ManualResetEventSlim();
        using var isWalking = new ManualResetEventSlim();
        var bulkfree = new Thread(() => reclaimed = Pfs.Writer!.Reclaim(new ReclaimOptions(IsCancelled: Meet), out _));
        bulkfree.Start();
        isWalking.Wait();
        Assert.Equal(Hammer2Error.None, Pfs.ChangeView(view =>
        {
            // Within the change no commit can run. The freemap of the first pass is written without one; what bulkfree
            // waits for after that is the commit of its second pass, for which it calls the PFS by its first node.
            isChanging.Set();
            while (Tids().Zip(before).Any(pair => pair.First <= pair.Second)
                || (bulkfree.ThreadState & ThreadState.WaitSleepJoin) == 0) _ = Thread.Yield();
            return view.Without(0);
        }));
        bulkfree.Join();
        Assert.Equal(Hammer2Error.None, reclaimed);
        OverwriteAll();
        Assert.Equal(Errno.None, Ops.Sync());
        foreach (ulong file in _files) AssertContent(Ops, file);
        AssertAfterUnmount(stale: 0);

        ulong[] Tids() => [.. _mount!.Devices.Select(device => device.Header.Fields.MirrorTid)];

        bool Meet()
        {
            if (!isWalking.IsSet) before = Tids();
            isWalking.Set();
            isChanging.Wait();
            return false;
        }
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void A_node_that_leaves_with_changes_under_way_is_neither_written_nor_read_any_more(int leaver)
    {
        OverwriteAll();
        PresentNode node = Pfs.View[leaver];
        Assert.True(node.Device.Committer!.Space.ReservedBytes > 0);
        Assert.Equal(Hammer2Error.None, Pfs.ChangeView(view => view.Without(leaver)));
        Assert.Equal(0, node.Device.Committer.Space.ReservedBytes);

        (long reads, long writes) = (_devices[leaver].ReadCount, _devices[leaver].WriteCount);
        foreach (ulong file in _files) AssertContent(Ops, file);
        OverwriteAll();
        _files.Add(Make("later"));
        Assert.Equal(Errno.None, Ops.Sync());
        foreach (ulong file in _files) AssertContent(Ops, file);
        Assert.Equal((reads, writes), (_devices[leaver].ReadCount, _devices[leaver].WriteCount));
        Assert.All(Pfs.View.Nodes, member => Assert.Equal(0, member.Device.Committer!.Space.ReservedBytes));
        AssertAfterUnmount(stale: leaver);
    }

    [Fact]
    public void A_node_joins_a_PFS_that_is_written_only_when_no_change_is_under_way()
    {
        PresentNode node = Pfs.View[1];
        Assert.Equal(Hammer2Error.None, Pfs.ChangeView(view => view.Without(1)));
        ClusterView without = Pfs.View;
        var dirty = (byte[])_content.Clone();
        Assert.Equal(Errno.None, Ops.Write(_files[0], 0, dirty.AsSpan(0, 10), dropsPrivileges: false));
        Assert.Equal(Hammer2Error.NotEmpty, Pfs.ChangeView(view => view.Reuse(1)));
        Assert.Same(without, Pfs.View);
        PresentNode elsewhere = new(3, node.Entry, NodeState.Synced, node.Facts);
        Assert.Equal(Hammer2Error.NotEmpty, Pfs.ChangeView(view => view.With(elsewhere)));
        Assert.Same(without, Pfs.View);
        Assert.Equal(Hammer2Error.None, Pfs.ChangeView(view => view.Without(0)));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2)]
    public void A_node_that_joins_gets_every_later_change(int slot)
    {
        PresentNode node = Pfs.View[slot];
        Assert.Equal(Hammer2Error.None, Pfs.ChangeView(view => view.Without(slot)));
        // It misses no commit: nothing has to be resynchronized.
        Assert.Equal(Hammer2Error.None, Pfs.ChangeView(view => view.Reuse(slot).With(node)));
        Assert.Equal(SlotSet.FirstSlots(NodesTotal), Pfs.View.Readers);
        OverwriteAll();
        // Equal blocks are shared with stored ones, on each node with its own.
        _files.Add(Make("equal"));
        Assert.Equal(Errno.None, Ops.Sync());
        AssertAfterUnmount(stale: null);
    }

    [Fact]
    public void A_device_that_one_PFS_fenced_is_fenced_for_the_other()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(256L << 20);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
        using var device = new MediaDevice(
            VolumeSet.Open([faulty]), new MediaCaches(16 << 20), NullLogger<MediaDevice>.Instance);
        var table = new MountTable(NullLogger<MountTable>.Instance);
        table.Add(device);
        Pfs[] both = [table.Open(NewVolume.Label, default), table.Open(NewPfs.LocalLabel, default)];
        VnodeOps[] ops = [.. both.Select(pfs => new VnodeOps(pfs, NullLogger<VnodeOps>.Instance))];
        Assert.All(both, pfs => Assert.Equal(Hammer2Error.None, pfs.OpenForWriting()));
        foreach (VnodeOps each in ops) _ = Make(each, "kept");
        Assert.All(ops, each => Assert.Equal(Errno.None, each.Sync()));
        PfsSpace before = both[1].GetSpace();

        _ = Make(ops[0], "lost");
        _ = Make(ops[1], "lost too");
        faulty.IsGone = true;
        Assert.Equal(Errno.EIO, ops[0].Sync());
        Assert.Equal(NodeState.Failed, both[1].Nodes[0].State);
        faulty.IsGone = false;
        long writes = faulty.WriteCount;
        // The first sync after it must not say that anything is durable.
        Assert.Equal(Errno.EIO, ops[1].Sync());
        Assert.True(both[1].Writer!.IsStopped);
        Assert.Equal(Errno.EIO, ops[1].Sync());
        Assert.Equal(writes, faulty.WriteCount);
        Assert.Equal(Errno.None, ops[1].Lookup(VnodeOps.RootInum, "kept"u8, out _));
        Assert.Equal(before.TotalBytes, both[1].GetSpace().TotalBytes);
        foreach (Pfs pfs in both) pfs.Writer!.Dispose();
    }

    // The same new bytes for all files: what one stored the others share.
    private void OverwriteAll()
    {
        _random.Fill(_content);
        foreach (ulong file in _files) Assert.Equal(Errno.None, Ops.Write(file, 0, _content, dropsPrivileges: false));
    }

    private ulong Make(string name)
    {
        ulong inum = Make(Ops, name);
        Assert.Equal(Errno.None, Ops.Write(inum, 0, _content, dropsPrivileges: false));
        return inum;
    }

    private static ulong Make(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.RegularFile, 0x1A4),
            new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private void AssertContent(VnodeOps ops, ulong file)
    {
        byte[] read = new byte[FileBytes];
        Assert.Equal(Errno.None, ops.Read(file, 0, read, out int bytes));
        Assert.Equal(FileBytes, bytes);
        Assert.Equal(_content, read);
    }

    private void AssertAfterUnmount(int? stale)
    {
        _mount!.Dispose();
        _mount = null;
        foreach (MemoryBlockDevice disk in _disks) MediaAudit.AssertSound(disk, disk.Name, allowsOrphans: false);
        using (ClusterMount again = RecordedScript.Mount(_disks, NewVolume.ClusterLabel))
        {
            Assert.All(again.Pfs.Nodes, node => Assert.Equal(
                node.Device == again.Devices[stale ?? 0] && stale is not null ? NodeState.Stale : NodeState.Synced,
                node.State));
        }
        // Each synced node by itself has everything.
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20, AllowDegraded: true);
        foreach (int slot in Enumerable.Range(0, NodesTotal).Where(slot => slot != stale))
        {
            VolumeSet only = VolumeSet.Open([new UnownedDevice(_disks[slot])]);
            using ClusterMount mount =
                OpenFilesystems.MountAlone([only], NewVolume.ClusterLabel, options, NullLoggerFactory.Instance);
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            foreach (ulong file in _files) AssertContent(ops, file);
        }
    }
}
