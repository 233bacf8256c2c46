// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: a cursor returns exactly the leaves below an inode, in order, for any valid shape of the tree, and with damage
/// exactly those that are not below the damage. Method: a tree of random shape is built over random keys, and the
/// cursor is compared with the sorted keys. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class ChainCursorTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(60));

    [Theory, MemberData(nameof(Seeds))]
    public void Every_leaf_comes_once_and_in_order(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticTree tree = SyntheticTree.Grow(random);
        Assert.Equal(tree.Keys, Walk(tree, 0, ulong.MaxValue, out List<(ulong, ulong)> hidden));
        Assert.Empty(hidden);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_range_shows_the_leaves_within_it(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticTree tree = SyntheticTree.Grow(random);
        for (int round = 0; round < 20; round++)
        {
            ulong first = tree.DrawKey(random), last = tree.DrawKey(random);
            Assert.Equal(
                tree.Keys.Where(key => key >= first && key <= last), Walk(tree, first, last, out _));
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Damage_hides_only_keys_below_it(ulong seed)
    {
        var random = new SeededRandom(seed);
        using SyntheticTree tree = SyntheticTree.Grow(random);
        if (tree.Checked.Count == 0) return;
        int victim = random.Below(tree.Checked.Count), other = random.Below(tree.Checked.Count);
        tree.Damage(tree.Checked[victim]);
        if (other != victim) tree.Damage(tree.Checked[other]);

        List<ulong> seen = Walk(tree, 0, ulong.MaxValue, out List<(ulong First, ulong Last)> hidden);
        Assert.NotEmpty(hidden);
        Assert.Equal(
            tree.Keys.Where(key => !hidden.Any(range => key >= range.First && key <= range.Last)), seen);
        foreach ((ulong first, ulong last) in hidden)
            Assert.Contains(tree.Damaged, block => first >= block.Key && last <= block.KeyEnd);
    }

    [Fact]
    public void A_block_that_refers_to_itself_is_corrupt()
    {
        var media = new SyntheticMedia();
        byte[] empty = new byte[Media.IndirectBytesMin];
        Blockref self = media.WriteBlock(BlockrefType.Indirect, 0, 63, CheckMethod.None, empty);
        // Writes the same block again with a reference to itself; it has no check code.
        byte[] block = new byte[Media.IndirectBytesMin];
        System.Runtime.InteropServices.MemoryMarshal.Write(block, in self);
        Assert.Equal(Hammer2Error.None, media.Device.Write((long)self.Data.Bytes, block));
        using MediaDevice device = media.Open(media.WriteInode(0, 0, [self]));

        Assert.Equal(Hammer2Error.None, SyntheticTree.LoadTop(device, out Chain? top));
        var cursor = new ChainCursor(device, top!, 0, ulong.MaxValue);
        Assert.Equal(Hammer2Error.Corrupt, cursor.MoveNext());
        Assert.Equal(Hammer2Error.NoEntry, cursor.MoveNext());
    }

    private static List<ulong> Walk(
        SyntheticTree tree, ulong first, ulong last, out List<(ulong First, ulong Last)> hidden)
    {
        hidden = [];
        var keys = new List<ulong>();
        Assert.Equal(Hammer2Error.None, SyntheticTree.LoadTop(tree.Device, out Chain? top));
        var cursor = new ChainCursor(tree.Device, top!, first, last);
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
        return keys;
    }
}
