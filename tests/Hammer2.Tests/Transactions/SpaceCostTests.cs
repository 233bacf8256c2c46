// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>
/// Goal: a commit never runs out of space that was reserved for it.
/// Method: random operations on small volumes in memory, with trees of several levels; each commit and each write-back
/// is compared, on each node, with what was reserved for it. Groups of one operation are the hardest: they pay whole
/// paths for one leaf.
/// </summary>
public sealed class SpaceCostTests
{
    private const int GroupsTotal = 40;
    private const long VolumeBytes = 512L << 20;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(16));

    [Theory, MemberData(nameof(Seeds))]
    public void A_commit_allocates_at_most_what_was_reserved_for_it(ulong seed)
    {
        int nodes = seed % 5 == 0 ? 3 : 1;
        using ClusterMount mount = Mount(seed, nodes, out VnodeOps ops);
        PfsWriter writer = mount.Pfs.Writer!;
        var random = new SeededRandom(seed);
        var changes = new RandomChanges(ops, random);
        var space = new SpaceMeter(mount.Pfs, seed);
        changes.Populate(directories: random.Below(10), files: random.Pick<int>([0, 3, 300, 3000]));
        space.AssertCovered("the first group", writer.Commit);
        for (int group = 0; group < GroupsTotal; group++)
        {
            int operations = random.Pick<int>([1, 1, 2, 3, 10, 100]);
            for (int i = 0; i < operations; i++)
            {
                changes.Change();
                space.AssertCovered("write-back", () => writer.Throttle());
            }
            int parts = random.Below(3);
            for (int i = 0; i < parts; i++)
            {
                ulong inum = changes.AnyInode();
                space.AssertCovered($"fsync of a part of group {group}", () => writer.Commit(inum));
            }
            space.AssertCovered($"group {group}", writer.Commit);
            space.AssertNothingReserved();
            if (space.LeastFreeBytes < VolumeBytes / 3)
                Assert.Equal(Errno.None, ops.Reclaim(default, out _));
        }
    }

    // Each group is one change of one inode, far from the others in an index of two levels and more.
    [Fact]
    public void A_group_of_one_change_pays_for_its_whole_path()
    {
        using ClusterMount mount = Mount(seed: 1, nodes: 1, out VnodeOps ops);
        PfsWriter writer = mount.Pfs.Writer!;
        var changes = new RandomChanges(ops, new SeededRandom(1));
        var space = new SpaceMeter(mount.Pfs, seed: 1);
        changes.Populate(directories: 1, files: 9000);
        space.AssertCovered("the files", writer.Commit);
        for (int i = 0; i < 50; i++)
        {
            var change = new AttributeChange { ModifyTime = (ulong)i };
            Assert.Equal(Errno.None, ops.SetAttributes(changes.AnyInode(), change, out _));
            space.AssertCovered($"change {i}", writer.Commit);
        }
        Assert.True(space.MostUsedPercent > 30, $"{space.MostUsedPercent} %: the tree is too shallow to show anything");
    }

    // Offsets of all magnitudes, counted from either end: the blocks of references at that end are seven levels
    // below the inode.
    [Theory, InlineData("write"), InlineData("truncate"), InlineData("punch")]
    public void A_group_of_one_change_of_a_sparse_file_pays_for_its_whole_path(string change)
    {
        const ulong End = 1UL << 62;
        using ClusterMount mount = Mount(seed: 1, nodes: 1, out VnodeOps ops);
        PfsWriter writer = mount.Pfs.Writer!;
        var changes = new RandomChanges(ops, new SeededRandom(1));
        var space = new SpaceMeter(mount.Pfs, seed: 1);
        changes.Populate(directories: 1, files: 9000);
        ulong[] files = [changes.AnyInode(), changes.AnyInode(), changes.AnyInode()];
        bool isFromEnd = change == "truncate";
        foreach (ulong distance in SparseDistances())
        {
            foreach (ulong file in files)
            {
                ulong at = isFromEnd ? End - distance : distance;
                Assert.Equal(Errno.None, ops.Write(file, at, [1, 2, 3], dropsPrivileges: false));
            }
        }
        space.AssertCovered("the blocks", writer.Commit);
        for (int i = 0; i < files.Length; i++)
        {
            ulong at = (ulong)(70 - i) * Media.FileBlockBytes;
            Errno error = change switch
            {
                "write" => ops.Write(files[i], at, [4, 5], dropsPrivileges: false),
                "truncate" => ops.SetAttributes(files[i], new AttributeChange { SizeBytes = End - at }, out _),
                _ => ops.PunchHole(files[i], at, Media.FileBlockBytes),
            };
            Assert.Equal(Errno.None, error);
            space.AssertCovered($"{change} {i}", writer.Commit);
        }
        Assert.True(space.MostUsedPercent > 50, $"{space.MostUsedPercent} %: the tree is too shallow to show anything");
    }

    [Fact]
    public void What_an_operation_may_need_grows_with_its_leaves_and_data()
    {
        Assert.Equal(0, SpaceCost.OfOperation(dataBytes: 0, leaves: 0));
        for (int leaves = 1; leaves < 20; leaves++)
        {
            Assert.True(SpaceCost.OfOperation(0, leaves) > SpaceCost.OfOperation(0, leaves - 1));
            // What is charged while it runs is at most that, whichever inodes and leaves it changes.
            for (int inodes = 1; inodes <= leaves; inodes++)
            {
                long charged = SpaceCost.InodeBytes + ((inodes - 1) * SpaceCost.DependentInodeBytes)
                    + ((leaves - inodes) * SpaceCost.FirstLeafBytes);
                Assert.True(charged <= SpaceCost.OfOperation(0, leaves));
            }
        }
        for (long blocks = 1; blocks < 40; blocks++)
        {
            long data = blocks * Media.FileBlockBytes;
            long charged = SpaceCost.InodeBytes + SpaceCost.FirstBlockBytes(long.MaxValue) + data;
            Assert.True(charged <= SpaceCost.OfOperation(data, leaves: 2));
            Assert.True(charged + SpaceCost.TruncationBytes(long.MaxValue) <= SpaceCost.OfOperation(data, leaves: 3));
            Assert.True(SpaceCost.OfOperation(data, 1) >= SpaceCost.OfOperation(0, 1) + data + Media.FileBlockBytes);
        }
    }

    private static IEnumerable<ulong> SparseDistances()
    {
        foreach (int bits in new[] { 16, 23, 30, 37, 44, 51, 55 })
            for (ulong part = 1; part < 128; part++) yield return part << bits;
    }

    private static ClusterMount Mount(ulong seed, int nodes, out VnodeOps ops)
    {
        IBlockDevice[] disks = NewVolume.NodesInMemory(nodes, VolumeBytes, seed);
        ClusterMount mount = ModelMount.Open(disks, nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        return mount;
    }

    /// <summary>Free and reserved bytes of each node, before and after something.</summary>
    private sealed class SpaceMeter(Pfs pfs, ulong seed)
    {
        private readonly MediaCommitter[] _nodes = [.. pfs.Nodes.Select(node => node.Device.Committer!)];

        public long LeastFreeBytes => _nodes.Min(node => (long)node.FreeBytes);

        /// <summary>The largest part of what was reserved for a commit that it allocated.</summary>
        public long MostUsedPercent { get; private set; }

        public void AssertCovered(string what, Func<Hammer2Error> work)
        {
            List<(long Free, long Reserved)> before = Read();
            Hammer2Error error = work();
            Assert.True(error == Hammer2Error.None, $"seed {seed}, {what}: {error}");
            List<(long Free, long Reserved)> after = Read();
            for (int node = 0; node < before.Count; node++)
            {
                long allocated = before[node].Free - after[node].Free;
                long released = before[node].Reserved - after[node].Reserved;
                Assert.True(allocated <= released,
                    $"seed {seed}, {what}, node {node}: {allocated} bytes allocated, {released} reserved");
                if (released > 0) MostUsedPercent = Math.Max(MostUsedPercent, allocated * 100 / released);
            }
        }

        public void AssertNothingReserved()
        {
            foreach ((_, long reserved) in Read())
                Assert.True(reserved == 0, $"seed {seed}: {reserved} bytes stay reserved");
        }

        private List<(long Free, long Reserved)> Read() =>
            [.. _nodes.Select(node => ((long)node.FreeBytes, node.Space.ReservedBytes))];
    }
}
