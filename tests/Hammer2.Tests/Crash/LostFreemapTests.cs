// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Hammer2.Admin.Fsck;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Chains.Commits;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a filesystem whose freemap cannot be read is opened for writing all the same: what is free is what nothing
/// leads to; the node is not fenced, all that was there is read, and whenever power fails this is so the next time,
/// too. When not everything that is in use can be read, nothing is freed.
/// Method: blocks of the freemap are spoiled, or cannot be read, on one node, with one leaf and with several, after a
/// drawn script; power fails in the commits that follow. HAMMER2_SEED=n replays one case; HAMMER2_POWER_CUTS=n tries n
/// cuts in place of 48.
/// </summary>
public sealed class LostFreemapTests(ITestOutputHelper output)
{
    private const long OneLeaf = 256L << 20;
    private const long ThreeLeaves = (2L << 30) + (64L << 20);
    private const long WithNode = (6L << 30) + (64L << 20);
    private const long ManyLeaves = 80L << 30;
    private const int Scripts = 6;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    public static TheoryData<ulong, int, long, bool> Cases
    {
        get
        {
            var cases = new TheoryData<ulong, int, long, bool>();
            foreach (ulong seed in SeededRandom.Seeds(2))
            {
                foreach (int nodes in (int[])[1, 3])
                {
                    foreach (long bytes in (long[])[OneLeaf, ThreeLeaves, WithNode])
                    {
                        cases.Add(seed, nodes, bytes, false);
                        cases.Add(seed, nodes, bytes, true);
                    }
                }
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_mount_makes_it_anew_and_writes(ulong seed, int nodes, long bytes, bool isUnreadable)
    {
        string place = $"seed {seed}, {nodes} nodes of {bytes} bytes, unreadable: {isUnreadable}";
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(nodes, bytes)];
        string label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        var player = new ScriptPlayer(new SeededRandom(seed));
        Prepare(disks, label, player);
        int bad = nodes == 1 ? 0 : 1;
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disks[bad]));
        Lose(disks[bad], faulty, isUnreadable, LeavesOf(disks[bad]));
        IBlockDevice[] devices = [.. disks];
        devices[bad] = faulty;
        var log = new LogCapture();
        using (ClusterMount mount = RecordedScript.Mount(devices, label, loggers: log))
        {
            Hammer2Error error = mount.Pfs.OpenForWriting(RecordedScript.Options(seed));
            Assert.True(error == Hammer2Error.None, $"{place}: {error}");
            Assert.True(log.Contains(LogLevel.Warning, "was rebuilt"), place);
            Assert.All(mount.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
            Assert.All(mount.Pfs.Nodes, node => Assert.Null(node.Device.Faults.LastFault));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            player.Compare(ops);
            player.Play(ops, 60);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
            Assert.All(mount.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
        }
        foreach (IBlockDevice disk in disks) MediaAudit.AssertSound(disk, place);
        using ClusterMount again = RecordedScript.Mount(disks, label);
        player.Compare(new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance));
        Assert.Equal(0, again.Pfs.RepairedReads);
    }

    [Theory]
    [InlineData(OneLeaf, false)]
    [InlineData(ThreeLeaves, false)]
    [InlineData(WithNode, false)]
    [InlineData(WithNode, true)]
    public void What_it_says_is_what_can_be_reached(long bytes, bool losesNode)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(bytes);
        Prepare([disk], NewVolume.Label, new ScriptPlayer(new SeededRandom(7)));
        List<Blockref> lost = losesNode ? NodesOf(disk) : LeavesOf(disk);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
        Lose(disk, faulty, isUnreadable: false, lost);
        using (MediaDevice device = CommitterVolume.Open(disk))
        {
            Assert.Equal(Hammer2Error.None, device.OpenForWriting());
            Assert.True(device.Header.Fields.MirrorTid == device.Header.Fields.FreemapTid);
        }
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.Equal([], report.Findings.Select(finding => finding.ToString()));
        (HashSet<ulong> reached, HashSet<ulong> allocated, long free) = Compare(volumes);
        Assert.Equal(reached.Order(), allocated.Order());
        Assert.Equal((ulong)free, volumes.Header.Fields.AllocatorFree);
    }

    /// <summary>Goal: what is below a block that cannot be read is not given out. Method: an indirect block is
    /// unreadable together with a leaf; then it is readable again, and bulkfree frees the rest.</summary>
    [Theory]
    [InlineData(OneLeaf)]
    [InlineData(ThreeLeaves)]
    public void Nothing_is_freed_while_a_block_in_use_cannot_be_read(long bytes)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(bytes);
        Prepare([disk], NewVolume.Label, new ScriptPlayer(new SeededRandom(3)));
        List<Blockref> leaves = LeavesOf(disk);
        MapBlock[] indirects = BlocksOf(disk, BlockrefType.Indirect);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
        Lose(disk, faulty, isUnreadable: false, leaves);
        faulty.FailReads((long)indirects[^1].Address, 1);
        var log = new LogCapture();
        using (var device = CommitterVolume.Open(faulty, log.CreateLogger<MediaDevice>()))
        {
            Assert.Equal(Hammer2Error.None, device.OpenForWriting());
            Assert.True(log.Contains(LogLevel.Error, "cannot be rebuilt"));
            FreemapAllocator allocator = device.Committer!.Allocator;
            Hammer2Error error = allocator.Allocate(BlockrefType.Data, 16, out _);
            Assert.Equal(Hammer2Error.NoSpace, error);
            Assert.Equal(Hammer2Error.Io, Bulkfree.Run([device.Committer], default, out _));
            Assert.Equal(Hammer2Error.NoSpace, allocator.Allocate(BlockrefType.Inode, 10, out _));
            faulty.Heal();
            Assert.Equal(Hammer2Error.None, Bulkfree.Run([device.Committer], default, out _));
            Assert.Equal(Hammer2Error.None, allocator.Allocate(BlockrefType.Data, 16, out _));
        }
        MediaAudit.AssertSound(disk, $"{bytes}");
    }

    [Fact]
    public void Nodes_high_up_are_left_to_fsck()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(1300L << 30);
        using (MediaDevice device = CommitterVolume.Open(disk))
        {
            Assert.Equal(Hammer2Error.None, device.OpenForWriting());
            for (ulong part = 0; part < 5; part++)
            {
                var block = new DataOffset((part << 38) + (512UL << 20), 16);
                Assert.Equal(Hammer2Error.None, device.Committer!.Allocator.MarkAllocated(block, out _));
            }
            using (CommitTurn.Enter(device.Committer!))
                Assert.Equal(Hammer2Error.None, device.Committer!.CommitFreemap());
        }
        List<Blockref> nodes = NodesOf(disk);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
        Lose(disk, faulty, isUnreadable: false, nodes.FindAll(node => node.KeyBits == 46));
        using MediaDevice again = CommitterVolume.Open(disk);
        Assert.Equal(Hammer2Error.Check, again.OpenForWriting());
        Assert.Contains("fsck --repair", again.Faults.LastFault, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_may_fail_in_the_first_commits(ulong seed)
    {
        var random = new SeededRandom(seed);
        int nodes = seed % 2 == 0 ? 3 : 1;
        long bytes = random.Pick<long>([OneLeaf, ThreeLeaves, WithNode]);
        IBlockDevice[] disks = [.. NewVolume.NodesInMemory(nodes, bytes)];
        string label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        var player = new ScriptPlayer(random);
        Prepare(disks, label, player);
        foreach (IBlockDevice disk in disks)
        {
            using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
            Lose(disk, faulty, isUnreadable: false, LeavesOf(disk));
        }
        string before = Listing(disks, label);
        var history = new WriteHistory(disks);
        IBlockDevice[] devices = history.Open();
        using (ClusterMount mount = RecordedScript.Mount(devices, label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(seed, history)));
        }
        Assert.Contains(history.Events, past => past.Kind == HistoryKind.Flush);
        int rebuilt = 0;
        DrawnCuts.Run(history, random, 0, DrawnCuts.CountForScript(Scripts, usual: 48), $"seed {seed}",
            (_, cut, place) =>
            {
                Assert.Equal(before, Listing(cut, label));
                var log = new LogCapture();
                using (ClusterMount mount = RecordedScript.Mount(cut, label, loggers: log))
                {
                    Hammer2Error error = mount.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64()));
                    Assert.True(error == Hammer2Error.None, $"{place}: {error}");
                    if (log.Contains(LogLevel.Warning, "was rebuilt")) rebuilt++;
                    var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
                    Assert.NotEqual(0UL, RecoveryTests.MakeFile(ops, "after", 300_000, 1));
                    Assert.Equal(Errno.None, ops.Sync());
                    Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "after"u8, out ulong _));
                    Assert.Equal(Errno.None, ops.Sync());
                    Assert.All(mount.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
                }
                foreach (OverlayBlockDevice device in cut) MediaAudit.AssertSound(device, place);
            });
        output.WriteLine($"{rebuilt} cuts came before the freemap was whole, in {history.Events.Count} events");
    }

    /// <summary>Goal: leaves that are not read at the beginning do no harm later. Method: a filesystem with more leaves
    /// than stay in memory. Nothing needs the spoiled ones at first; or all, since the header says that the tree is
    /// newer than the freemap.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Leaves_that_are_met_later_are_made_anew_by_bulkfree(bool isNeeded)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(ManyLeaves);
        Prepare([disk], NewVolume.Label, new ScriptPlayer(new SeededRandom(9)));
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
        Lose(disk, faulty, isUnreadable: false, LeavesOf(disk));
        if (isNeeded) SayFreemapIsOld(disk);
        var log = new LogCapture();
        using (MediaDevice device = CommitterVolume.Open(disk, log.CreateLogger<MediaDevice>()))
        {
            Assert.Equal(Hammer2Error.None, device.OpenForWriting());
            Assert.Equal(isNeeded, log.Contains(LogLevel.Warning, "was rebuilt"));
            Assert.Equal(Hammer2Error.None, Bulkfree.Run([device.Committer!], default, out BulkfreeCounts counts));
            Assert.Equal(0, counts.MissingGranules);
        }
        MediaAudit.AssertSound(disk, "afterwards");
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        (HashSet<ulong> reached, HashSet<ulong> allocated, long free) = Compare(volumes);
        Assert.Equal(reached.Order(), allocated.Order());
        Assert.Equal((ulong)free, volumes.Header.Fields.AllocatorFree);
    }

    private static void SayFreemapIsOld(MemoryBlockDevice disk)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        byte[] bytes = volumes.Header.ToArray();
        var view = new VolumeHeaderView(bytes);
        view.Fields.FreemapTid = 1;
        VolumeHeaderCandidate.StoreCrcs(view);
        Assert.Equal(Hammer2Error.None, disk.Write(volumes.Header.CopyIndex * Media.HeaderZoneBytes, bytes));
    }

    // Content in every GiB that there is, but the last, and much that is allocated and belongs to nothing.
    private static void Prepare(IBlockDevice[] disks, string label, ScriptPlayer player)
    {
        using ClusterMount mount = RecordedScript.Mount(disks, label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(1)));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        _ = ModelMount.MakeRoom(ops, player, "model");
        player.Play(ops, 60);
        Assert.Equal(Errno.None, ops.Sync());
        long zones = Math.Min(disks[0].LengthBytes >> Media.ZoneRadix, 6);
        for (long zone = 0; zone < zones; zone++)
        {
            foreach (PresentNode node in mount.Pfs.Nodes) FillZone(node.Device.Committer!.Allocator, zone);
            player.Play(ops, 10);
            _ = RecoveryTests.MakeFile(ops, $"zone {zone}", 200_000, (ulong)zone);
            Assert.Equal(Errno.None, ops.Sync());
        }
        player.ForgetAll(ops);
        Assert.Equal(Errno.None, ops.Sync());
    }

    private static void FillZone(FreemapAllocator allocator, long zone)
    {
        ulong end = (ulong)(zone + 1) << Media.ZoneRadix;
        foreach (BlockrefType type in (BlockrefType[])[BlockrefType.Data, BlockrefType.Indirect, BlockrefType.Inode])
        {
            DataOffset block;
            do Assert.Equal(Hammer2Error.None, allocator.Allocate(type, 16, out block));
            while (block.Bytes < end);
        }
    }

    private static void Lose(IBlockDevice disk, FaultyBlockDevice faulty, bool isUnreadable, List<Blockref> blocks)
    {
        Assert.NotEmpty(blocks);
        foreach (Blockref block in blocks)
        {
            if (isUnreadable) faulty.FailReads((long)block.Data.Bytes, block.Data.SizeBytes);
            else Assert.Equal(Hammer2Error.None, disk.Write((long)block.Data.Bytes + 4000, "spoiled!"u8));
        }
    }

    private static List<Blockref> LeavesOf(IBlockDevice disk) =>
        [.. BlocksOf(disk, BlockrefType.FreemapLeaf).Select(block => block.Reference)];

    private static List<Blockref> NodesOf(IBlockDevice disk) =>
        [.. BlocksOf(disk, BlockrefType.FreemapNode).Select(block => block.Reference)];

    private static MapBlock[] BlocksOf(IBlockDevice disk, BlockrefType type)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        return [.. MediaMap.Read(volumes).OfType(type)];
    }

    private static string Listing(IReadOnlyList<IBlockDevice> disks, string label)
    {
        using ClusterMount mount = RecordedScript.Mount(disks, label);
        return TreeListing.Of(new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance), VnodeOps.RootInum);
    }

    // Granules that blocks are in, those that are allocated, and bytes that are free.
    private static (HashSet<ulong> Reached, HashSet<ulong> Allocated, long Free) Compare(VolumeSet volumes)
    {
        ulong begin = volumes.Header.Fields.AllocatorBegin;
        var map = MediaMap.Read(volumes);
        var reached = new HashSet<ulong>();
        var allocated = new HashSet<ulong>();
        var leaves = new Dictionary<ulong, byte[]>();
        foreach (MapBlock block in map.Blocks)
        {
            if (block.Type == BlockrefType.FreemapLeaf)
            {
                byte[] bytes = leaves[block.Reference.Key] = new byte[block.SizeBytes];
                Assert.Equal(Hammer2Error.None, volumes.Read(block.Address, bytes));
            }
            if (!FreemapGeometry.IsAllocatable(block.Address, begin, volumes.TotalBytes)) continue;
            ulong end = block.Address + (ulong)block.SizeBytes;
            for (ulong at = block.Address >> Media.GranuleRadix; at << Media.GranuleRadix < end; at++)
                _ = reached.Add(at);
        }
        long free = 0;
        for (ulong at = 0; at < volumes.TotalBytes; at += Media.SegmentBytes)
        {
            if (!FreemapGeometry.IsAllocatable(at, begin, volumes.TotalBytes)) continue;
            FreemapEntry entry = default;
            if (leaves.TryGetValue(FreemapGeometry.KeyOf(at, FreemapGeometry.LevelLeaf), out byte[]? leaf))
                entry = MemoryMarshal.Cast<byte, FreemapEntry>(leaf.AsSpan())[FreemapGeometry.EntryOf(at)];
            for (int granule = 0; granule < FreemapEntry.GranulesTotal; granule++)
            {
                if (entry.StateOf(granule) == GranuleState.Free) free += Media.GranuleBytes;
                else _ = allocated.Add((at >> Media.GranuleRadix) + (ulong)granule);
            }
        }
        return (reached, allocated, free);
    }
}
