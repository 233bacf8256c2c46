// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Chains;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: names and data come from whichever node has them, however references, name blocks and data blocks are damaged
/// on each.
/// Method: equal leaves below trees of drawn shapes, damage drawn for each node, every node as the focus.
/// HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class RepairedReadTests
{
    private const int NodesTotal = 3;
    private const int LeavesTotal = 120;

    // Names in the reference, and longer ones in a block of their own.
    private static readonly LeafKind Names = new(ObjectType.Directory, Media.EntryKeyBit, 63, (media, key) =>
        LayName(media, key, NameOf(key)));

    // Blocks whose first KiB is stored: the rest is zeros.
    private static readonly LeafKind FileBlocks = new(ObjectType.RegularFile, 0, 63, (media, key) =>
        media.WriteBlock(BlockrefType.Data, key, Media.BufferRadix, CheckMethod.XxHash64, DataOf(key)));

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(40));

    [Theory, MemberData(nameof(Seeds))]
    public void An_entry_is_listed_when_some_node_shows_it_and_some_node_has_its_name(ulong seed)
    {
        var random = new SeededRandom(seed);
        var keys = new SortedSet<ulong>();
        while (keys.Count < LeavesTotal) keys.Add(Media.EntryKeyBit | (random.NextUInt64() >> 24));
        using var cluster = new SyntheticCluster(random, NodesTotal, Names, [.. keys]);
        cluster.Damage(random, blocksMax: 3);
        bool[][] isWhole = DamageLeaves(random, cluster);

        for (int focus = 0; focus < NodesTotal; focus++)
        {
            var seen = new List<ulong>();
            int faults = 0;
            var cursor = new EntryCursor(cluster.Seen(focus), 0, ulong.MaxValue);
            Hammer2Error error;
            while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
            {
                if (error != Hammer2Error.None)
                {
                    Assert.True(error.IsNodeFault(), $"{error}");
                    faults++;
                    continue;
                }
                Assert.Equal(Encoding.ASCII.GetString(NameOf(cursor.Entry.Key)), Encoding.ASCII.GetString(cursor.Name));
                Assert.Equal(cursor.Entry.Key & 0xFFFF, cursor.Entry.Inum);
                seen.Add(cursor.Entry.Key);
            }
            Assert.Equal(Shown(cluster, isWhole), seen);
            if (seen.Count < LeavesTotal) Assert.NotEqual(0, faults);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_name_is_looked_up_on_every_node_before_it_is_a_fault(ulong seed)
    {
        var random = new SeededRandom(seed);
        var names = new SortedDictionary<ulong, byte[]>();
        for (int i = 0; i < LeavesTotal; i++)
        {
            byte[] name = Encoding.ASCII.GetBytes(new string('n', random.OneIn(2) ? 3 : 100) + i);
            names[DirectoryHash.Compute(name)] = name;
        }
        LeafKind kind = Names with { LayLeaf = (media, key) => LayName(media, key, names[key]) };
        using var cluster = new SyntheticCluster(random, NodesTotal, kind, [.. names.Keys]);
        cluster.Damage(random, blocksMax: 3);
        bool[][] isWhole = DamageLeaves(random, cluster);
        HashSet<ulong> shown = [.. Shown(cluster, isWhole)];

        foreach ((ulong key, byte[] name) in names)
        {
            Inode directory = cluster.Seen(random.Below(NodesTotal));
            Hammer2Error error = NameOperations.FindEntry(directory, name, out DirectoryEntry entry);
            Assert.Equal(shown.Contains(key), error == Hammer2Error.None);
            if (error == Hammer2Error.None) Assert.Equal(key, entry.Key);
            // Never "no such name" for one that is there.
            else Assert.True(error.IsNodeFault(), $"{error}");
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_block_of_a_file_is_read_when_some_node_has_reference_and_data(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticCluster cluster = GrowFile(random, out HashSet<ulong> keys);
        cluster.Damage(random, blocksMax: 3);
        bool[][] isWhole = DamageLeaves(random, cluster);

        byte[] block = new byte[Media.FileBlockBytes];
        for (ulong key = 0; key <= cluster.Keys[^1]; key += Media.FileBlockBytes)
        {
            Inode file = cluster.Seen(random.Below(NodesTotal));
            Hammer2Error error = DataOperations.Read(file, key, block, out int read);
            bool canRead = cluster.Showing(key).Any(slot => !keys.Contains(key) || isWhole[slot][Index(cluster, key)]);
            Assert.Equal(canRead, error == Hammer2Error.None);
            if (!canRead) continue;
            Assert.Equal(Media.FileBlockBytes, read);
            byte[] wanted = new byte[Media.FileBlockBytes];
            if (keys.Contains(key)) DataOf(key).CopyTo(wanted, 0);
            Assert.Equal(wanted, block);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Blocks_with_data_are_found_around_damage(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticCluster cluster = GrowFile(random, out _);
        cluster.Damage(random, blocksMax: 4);
        for (int focus = 0; focus < NodesTotal; focus++)
        {
            var seen = new List<ulong>();
            int faults = 0;
            var cursor = new BlockCursor(cluster.Seen(focus), 0, ulong.MaxValue >> 1);
            Hammer2Error error;
            while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
            {
                if (error == Hammer2Error.None) seen.Add(cursor.Key);
                else faults++;
            }
            Assert.Equal(cluster.Keys.Where(key => cluster.Showing(key).Any()), seen);
            if (seen.Count < cluster.Keys.Count) Assert.NotEqual(0, faults);
        }
    }

    private static SyntheticCluster GrowFile(SeededRandom random, out HashSet<ulong> keys)
    {
        var sorted = new SortedSet<ulong>();
        while (sorted.Count < LeavesTotal) sorted.Add((ulong)random.Below(2 * LeavesTotal) * Media.FileBlockBytes);
        keys = [.. sorted];
        ulong size = sorted.Max + Media.FileBlockBytes;
        return new SyntheticCluster(random, NodesTotal, FileBlocks, [.. sorted], size);
    }

    // One flag a node and leaf: true while the leaf's own block is whole, or it has none.
    private static bool[][] DamageLeaves(SeededRandom random, SyntheticCluster cluster)
    {
        var isWhole = new bool[NodesTotal][];
        for (int slot = 0; slot < NodesTotal; slot++)
        {
            SyntheticTree tree = cluster.Trees[slot];
            isWhole[slot] = [.. cluster.Keys.Select(key =>
            {
                Blockref leaf = tree.Leaves[key];
                if (leaf.Data.SizeBytes == 0 || !random.OneIn(2)) return true;
                tree.Damage(leaf);
                return false;
            })];
        }
        return isWhole;
    }

    private static IEnumerable<ulong> Shown(SyntheticCluster cluster, bool[][] isWhole) => cluster.Keys.Where(
        key => cluster.Showing(key).Any(slot => isWhole[slot][Index(cluster, key)]));

    private static int Index(SyntheticCluster cluster, ulong key) => cluster.Keys.BinarySearch(key);

    private static Blockref LayName(SyntheticMedia media, ulong key, byte[] name)
    {
        byte[] block = new byte[Media.AllocationBytesMin];
        name.CopyTo(block, 0);
        bool isLong = name.Length > Media.EntryNameInlineBytesMax;
        Blockref entry = isLong
            ? media.WriteBlock(BlockrefType.Dirent, key, 0, CheckMethod.XxHash64, block)
            : new Blockref { Type = BlockrefType.Dirent, Key = key, ModifyTid = 1 };
        entry.Dirent.NameBytes = (ushort)name.Length;
        entry.Dirent.Inum = key & 0xFFFF;
        entry.Dirent.Type = ObjectType.RegularFile;
        if (!isLong) name.CopyTo(entry.Check);
        return entry;
    }

    private static byte[] NameOf(ulong key) =>
        Encoding.ASCII.GetBytes($"{key:x}{new string('-', (int)(key % 3) * 40)}");

    private static byte[] DataOf(ulong key)
    {
        byte[] data = new byte[Media.AllocationBytesMin];
        new SeededRandom(key).Fill(data);
        return data;
    }
}
