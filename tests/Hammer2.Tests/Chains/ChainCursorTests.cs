// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: a cursor shows exactly the leaves below an inode, in order, whatever legal shape the tree has, and
/// around damage exactly those that the damage does not hide.
/// Method: keys are drawn, a tree of random shape is laid over them, and the cursor is compared with the
/// sorted keys. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class ChainCursorTests
{
    private static readonly CheckMethod[] Checks =
        [CheckMethod.None, CheckMethod.Disabled, CheckMethod.Iscsi32, CheckMethod.XxHash64,
            CheckMethod.Sha192];

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(60));

    [Theory, MemberData(nameof(Seeds))]
    public void Every_leaf_comes_once_and_in_order(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        Assert.Equal(forest.Keys, Walk(forest, 0, ulong.MaxValue, out List<(ulong, ulong)> hidden));
        Assert.Empty(hidden);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_range_shows_the_leaves_within_it(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        for (int round = 0; round < 20; round++)
        {
            ulong first = forest.DrawKey(random), last = forest.DrawKey(random);
            Assert.Equal(
                forest.Keys.Where(key => key >= first && key <= last), Walk(forest, first, last, out _));
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Damage_hides_its_own_keys_only(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        if (forest.Checked.Count == 0) return;
        int victim = random.Below(forest.Checked.Count), other = random.Below(forest.Checked.Count);
        forest.Damage(forest.Checked[victim]);
        if (other != victim) forest.Damage(forest.Checked[other]);

        List<ulong> seen = Walk(forest, 0, ulong.MaxValue, out List<(ulong First, ulong Last)> hidden);
        Assert.NotEmpty(hidden);
        Assert.Equal(
            forest.Keys.Where(key => !hidden.Any(range => key >= range.First && key <= range.Last)), seen);
        foreach ((ulong first, ulong last) in hidden)
            Assert.Contains(forest.Damaged, block => first >= block.Key && last <= block.KeyEnd);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void What_was_loaded_ahead_is_shown_whatever_becomes_of_the_device(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        ulong first = forest.DrawKey(random), last = forest.DrawKey(random);
        Assert.Equal(Hammer2Error.None, LoadSuperRoot(forest.Device, out Chain? top));
        Assert.Equal(Hammer2Error.None, forest.Device.LoadAhead(top!, first, last, int.MaxValue));
        foreach (Blockref block in forest.Checked) forest.Damage(block);

        Assert.Equal(forest.Keys.Where(key => key >= first && key <= last), Walk(forest, first, last, out _));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Loading_ahead_stops_at_its_limit_and_at_damage(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        foreach (Blockref block in forest.Checked) forest.Damage(block);
        Assert.Equal(Hammer2Error.None, LoadSuperRoot(forest.Device, out Chain? top));
        Assert.Equal(Hammer2Error.None, forest.Device.LoadAhead(top!, 0, ulong.MaxValue, 0));
        Hammer2Error met = forest.Device.LoadAhead(top!, 0, ulong.MaxValue, int.MaxValue);
        Assert.Equal(forest.Checked.Count > 0 ? Hammer2Error.Check : Hammer2Error.None, met);
    }

    [Fact]
    public void A_block_that_refers_to_itself_is_corrupt()
    {
        var media = new SyntheticMedia();
        byte[] empty = new byte[Media.IndirectBytesMin];
        Blockref self = media.Lay(BlockrefType.Indirect, 0, 63, CheckMethod.None, empty);
        // The same place again, with the reference to it inside: no check code stands in the way.
        byte[] block = new byte[Media.IndirectBytesMin];
        System.Runtime.InteropServices.MemoryMarshal.Write(block, in self);
        Assert.Equal(Hammer2Error.None, media.Device.Write((long)self.Data.Bytes, block));
        using MediaDevice device = media.Open(media.LayInode(0, 0, [self]));

        Assert.Equal(Hammer2Error.None, LoadSuperRoot(device, out Chain? top));
        var cursor = new ChainCursor(device, top!, 0, ulong.MaxValue);
        Assert.Equal(Hammer2Error.Corrupt, cursor.MoveNext());
        Assert.Equal(Hammer2Error.NoEntry, cursor.MoveNext());
        Assert.Equal(Hammer2Error.None, device.LoadAhead(top!, 0, ulong.MaxValue, int.MaxValue));
    }

    private static Hammer2Error LoadSuperRoot(MediaDevice device, out Chain? top)
    {
        top = null;
        var cursor = new ChainCursor(device, device.RootChain, 0, 0);
        Hammer2Error error = cursor.MoveNext();
        return error == Hammer2Error.None ? device.Load(cursor.Current, out top) : error;
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_walk_that_passes_leaves_nothing_of_the_lowest_blocks_in_the_cache(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        _ = Walk(forest, 0, ulong.MaxValue, out _, keepsLeaves: false);
        foreach (Blockref block in forest.Lowest) forest.Damage(block);
        _ = Walk(forest, 0, ulong.MaxValue, out List<(ulong First, ulong Last)> hidden, keepsLeaves: false);
        // Where there is only one, it is also the one that was passed last, which is still at hand.
        IEnumerable<Blockref> expected = forest.Lowest.Count > 1 ? forest.Lowest : [];
        Assert.Equal(expected.Select(block => block.Key).Order(), hidden.Select(range => range.First).Order());
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_walk_that_goes_on_where_another_ended_does_not_read_its_block_again(ulong seed)
    {
        var random = new SeededRandom(seed);
        using Forest forest = Forest.Grow(random);
        List<ulong> keys = Walk(forest, 0, ulong.MaxValue, out _, keepsLeaves: false);
        if (keys.Count < 2) return;
        int steps = 1 + random.Below(keys.Count - 1);
        Assert.Equal(Hammer2Error.None, LoadSuperRoot(forest.Device, out Chain? top));
        var cursor = new ChainCursor(forest.Device, top!, 0, ulong.MaxValue, keepsLeaves: false);
        for (int i = 0; i < steps; i++) Assert.Equal(Hammer2Error.None, cursor.MoveNext());
        cursor.End();

        foreach (Blockref block in forest.Lowest) forest.Damage(block);
        ulong last = keys[steps - 1];
        List<ulong> rest = Walk(forest, last + 1, ulong.MaxValue, out _, keepsLeaves: false);
        Blockref? here = LowestOf(last);
        Assert.Equal(
            keys.Skip(steps).Where(key => LowestOf(key) is not { } block || block.Key == here?.Key), rest);

        // Once another block was passed, it is read.
        if (forest.Lowest.Count > 1)
        {
            List<ulong> again = Walk(forest, 0, ulong.MaxValue, out _, keepsLeaves: false);
            Assert.DoesNotContain(again, key => LowestOf(key) is not null);
        }

        Blockref? LowestOf(ulong key)
        {
            foreach (Blockref block in forest.Lowest)
            {
                if (key >= block.Key && key <= block.KeyEnd) return block;
            }
            return null;
        }
    }

    // What is kept makes no difference to what is seen.
    private static List<ulong> Walk(
        Forest forest, ulong first, ulong last, out List<(ulong First, ulong Last)> hidden)
    {
        List<ulong> passed = Walk(forest, first, last, out List<(ulong First, ulong Last)> passedHidden, false);
        List<ulong> keys = Walk(forest, first, last, out hidden, keepsLeaves: true);
        Assert.Equal(keys, passed);
        Assert.Equal(hidden, passedHidden);
        return keys;
    }

    private static List<ulong> Walk(
        Forest forest, ulong first, ulong last, out List<(ulong First, ulong Last)> hidden, bool keepsLeaves)
    {
        hidden = [];
        var keys = new List<ulong>();
        Assert.Equal(Hammer2Error.None, LoadSuperRoot(forest.Device, out Chain? top));
        var cursor = new ChainCursor(forest.Device, top!, first, last, keepsLeaves);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error == Hammer2Error.None) keys.Add(cursor.Current.Key);
            else
            {
                Assert.Equal(Hammer2Error.Check, error);
                hidden.Add((cursor.HiddenFirst, cursor.HiddenLast));
            }
        }
        Assert.Equal(Hammer2Error.NoEntry, cursor.MoveNext());
        cursor.End();
        return keys;
    }

    /// <summary>Entries under one inode, in blocks whose sizes, depths, gaps and checks are drawn.</summary>
    private sealed class Forest : IDisposable
    {
        private readonly SyntheticMedia _media = new();

        public required List<ulong> Keys { get; init; }

        public List<Blockref> Checked { get; } = [];

        public List<Blockref> Damaged { get; } = [];

        /// <summary>Those of <see cref="Checked"/> that lead to no other block.</summary>
        public List<Blockref> Lowest { get; } = [];

        public MediaDevice Device { get; private set; } = null!;

        public static Forest Grow(SeededRandom random)
        {
            var keys = new SortedSet<ulong>();
            int count = random.Below(600);
            int spread = 8 + random.Below(55);
            while (keys.Count < count)
                keys.Add(Media.EntryKeyBit | (random.NextUInt64() >> (64 - spread)));
            var forest = new Forest { Keys = [.. keys] };
            var blockset = new Blockref[Media.BlocksetCount];
            foreach ((int slot, Blockref reference) in
                forest.Table(random, Media.EntryKeyBit, 63, Media.BlocksetCount, forest.Keys, 0))
                blockset[slot] = reference;
            forest.Device = forest._media.Open(forest._media.LayInode(0, 0, blockset));
            return forest;
        }

        /// <summary>Changes one byte of a block and has it read anew.</summary>
        public void Damage(in Blockref block)
        {
            byte[] one = new byte[1];
            Assert.Equal(Hammer2Error.None, _media.Device.Read((long)block.Data.Bytes, one));
            one[0] ^= 0x40;
            Assert.Equal(Hammer2Error.None, _media.Device.Write((long)block.Data.Bytes, one));
            Damaged.Add(block);
        }

        /// <summary>A key of the forest, or one beside it.</summary>
        public ulong DrawKey(SeededRandom random)
        {
            if (Keys.Count == 0 || random.OneIn(4)) return random.NextUInt64();
            return Keys[random.Below(Keys.Count)] + (ulong)random.Below(3) - 1;
        }

        public void Dispose() => Device.Dispose();

        // Spreads the keys of one range over a table: leaves while they fit, else indirect blocks for the
        // halves of the range, cut again and again.
        private List<(int, Blockref)> Table(
            SeededRandom random, ulong first, int bits, int slots, List<ulong> keys, int depth)
        {
            var references = new List<Blockref>();
            Spread(random, first, bits, slots, keys, depth, references);
            int gaps = slots - references.Count;
            var used = new List<(int, Blockref)>();
            int slot = 0;
            foreach (Blockref reference in references)
            {
                int skip = gaps > 0 ? random.Below(Math.Min(gaps, 4) + 1) : 0;
                gaps -= skip;
                slot += skip;
                used.Add((slot++, reference));
            }
            return used;
        }

        private void Spread(SeededRandom random, ulong first, int bits, int room, List<ulong> keys, int depth,
            List<Blockref> references)
        {
            if (keys.Count == 0) return;
            bool splits = keys.Count > room || (depth < 12 && bits > 8 && random.OneIn(6));
            if (!splits)
            {
                foreach (ulong key in keys) references.Add(Entry(key));
                return;
            }
            if (room < 2 || (bits > 1 && random.OneIn(3)))
            {
                references.Add(Indirect(random, first, bits, keys, depth + 1));
                return;
            }
            ulong middle = first + (1UL << (bits - 1));
            int cut = keys.TakeWhile(key => key < middle).Count();
            Spread(random, first, bits - 1, room / 2, keys[..cut], depth, references);
            Spread(random, middle, bits - 1, room - (room / 2), keys[cut..], depth, references);
        }

        private Blockref Indirect(SeededRandom random, ulong first, int bits, List<ulong> keys, int depth)
        {
            int slots = random.Pick<int>([32, 128, 512]);
            CheckMethod check = random.Pick<CheckMethod>(Checks);
            List<(int, Blockref Reference)> table = Table(random, first, bits, slots, keys, depth);
            Blockref laid = _media.LayIndirect(first, bits, slots, check, table);
            if (!CheckCode.Protects(check)) return laid;
            Checked.Add(laid);
            if (table.TrueForAll(used => used.Reference.Type != BlockrefType.Indirect)) Lowest.Add(laid);
            return laid;
        }

        private static Blockref Entry(ulong key)
        {
            var entry = new Blockref { Type = BlockrefType.Dirent, Key = key };
            entry.Dirent.NameBytes = 1;
            entry.Dirent.Inum = 1024;
            entry.Dirent.Type = ObjectType.RegularFile;
            entry.Check[0] = (byte)'x';
            return entry;
        }
    }
}
