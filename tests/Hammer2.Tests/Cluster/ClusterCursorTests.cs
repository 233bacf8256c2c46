// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Chains;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: a walk over a cluster shows each leaf that any node can show, once and in order, and reports a fault where no
/// node can say what there is.
/// Method: equal keys below trees of drawn shapes, damage drawn for each node, every node as the focus. HAMMER2_SEED=n
/// replays one case.
/// </summary>
public sealed class ClusterCursorTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(60));

    [Theory, MemberData(nameof(Seeds))]
    public void Every_leaf_that_some_node_shows_comes_once_and_in_order(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticCluster cluster = Grow(random, nodes: 2 + random.Below(3));
        cluster.Damage(random, blocksMax: 15);
        for (int focus = 0; focus < cluster.Trees.Length; focus++)
        {
            (ulong first, ulong last) = focus == 0 ? (0, ulong.MaxValue) : DrawRange(random, cluster);
            List<ulong> seen = Walk(cluster, focus, first, last, out int faults);
            List<ulong> wanted = [.. cluster.Keys.Where(key => key >= first && key <= last)];
            Assert.Equal(wanted.Where(key => cluster.Showing(key).Any()), seen);
            if (seen.Count < wanted.Count) Assert.NotEqual(0, faults);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void One_whole_node_is_enough(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticCluster cluster = Grow(random, nodes: 3);
        int whole = random.Below(3);
        cluster.Damage(random, blocksMax: 12, whole);
        for (int focus = 0; focus < cluster.Trees.Length; focus++)
        {
            long before = cluster.Pfs.RepairedReads;
            Assert.Equal(cluster.Keys, Walk(cluster, focus, 0, ulong.MaxValue, out int faults));
            Assert.Equal(0, faults);
            bool isFocusWhole = cluster.Trees[focus].Damaged.Count == 0;
            Assert.Equal(isFocusWhole, cluster.Pfs.RepairedReads == before);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_fenced_sibling_repairs_nothing(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticCluster cluster = Grow(random, nodes: 3);
        cluster.Damage(random, blocksMax: 4, 1, 2);
        Assert.True(cluster.Pfs.View[1].TryFence());
        Assert.Equal(cluster.Keys, Walk(cluster, focus: 0, 0, ulong.MaxValue, out _));
        long reads = cluster.Pfs.RepairedReads;
        Assert.True(cluster.Pfs.View[2].TryFence());
        List<ulong> alone = Walk(cluster, focus: 0, 0, ulong.MaxValue, out int faults);
        Assert.Equal(cluster.Keys.Where(key => cluster.IsShown(0, key)), alone);
        Assert.Equal(cluster.Trees[0].Damaged.Count > 0, faults > 0);
        Assert.Equal(reads, cluster.Pfs.RepairedReads);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void After_a_repair_the_focus_is_read_again(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticCluster cluster = Grow(random, nodes: 2);
        cluster.Damage(random, blocksMax: 2, 1);
        var cursor = new ClusterCursor(cluster.Seen(0), 0, ulong.MaxValue);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) == Hammer2Error.None)
        {
            int expected = cluster.IsShown(0, cursor.Current.Key) ? 0 : 1;
            Assert.Equal(expected, cursor.Node);
            Assert.Same(cluster.Trees[expected].Device, cursor.Device);
        }
        Assert.Equal(Hammer2Error.NoEntry, error);
    }

    [Theory]
    [InlineData(1, 2, 4)]
    [InlineData(1, 4, 2)]
    [InlineData(2, 1, 4)]
    [InlineData(4, 2, 1)]
    public void Where_all_nodes_are_damaged_only_what_is_damaged_on_all_is_missing(int focus, int next, int last)
    {
        const ulong distance = 1UL << 57;
        List<ulong> keys = [.. Enumerable.Range(0, 64).Select(i => Media.EntryKeyBit + ((ulong)i * distance))];
        int[] parts = [focus, next, last];
        using var cluster = new SyntheticCluster([.. parts.Select((count, slot) => SyntheticTree.Split(
            count, LeafKind.Entries, keys, memoryBytes: 1, filesystem: (uint)slot + 1))]);
        for (int slot = 0; slot < 3; slot++) cluster.Damage(slot, block: 0);
        for (int seen = 0; seen < 3; seen++)
        {
            Assert.Equal(keys.Skip(16), Walk(cluster, seen, 0, ulong.MaxValue, out int faults));
            Assert.Equal(1, faults);
        }
    }

    private static SyntheticCluster Grow(SeededRandom random, int nodes)
    {
        var keys = new SortedSet<ulong>();
        int count = 50 + random.Below(400);
        int spread = 10 + random.Below(50);
        while (keys.Count < count) keys.Add(Media.EntryKeyBit | (random.NextUInt64() >> (64 - spread)));
        return new SyntheticCluster(random, nodes, LeafKind.Entries, [.. keys]);
    }

    private static (ulong, ulong) DrawRange(SeededRandom random, SyntheticCluster cluster)
    {
        SyntheticTree tree = cluster.Trees[0];
        ulong one = tree.DrawKey(random), other = tree.DrawKey(random);
        return (Math.Min(one, other), Math.Max(one, other));
    }

    private static List<ulong> Walk(SyntheticCluster cluster, int focus, ulong first, ulong last, out int faults)
    {
        faults = 0;
        var keys = new List<ulong>();
        var cursor = new ClusterCursor(cluster.Seen(focus), first, last);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error == Hammer2Error.None)
            {
                keys.Add(cursor.Current.Key);
                continue;
            }
            faults++;
            Assert.True(error.IsNodeFault(), $"{error}");
            Assert.True(faults < 10_000, "the walk ends");
        }
        Assert.Equal(Hammer2Error.NoEntry, cursor.MoveNext());
        return keys;
    }
}
