// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: after any batches of changes, each committed, a tree read back from the volume has exactly the leaves of a
/// sorted dictionary, every block in it is valid, its statistics are exact, and the freemap has every block of it
/// marked. Method: random batches are applied to both. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class TreeEditorTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(40));

    [Theory, MemberData(nameof(Seeds))]
    public void A_tree_has_the_leaves_that_were_inserted_and_not_removed(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var volume = new WritableVolume("empty-newfs");
        var model = new SortedDictionary<ulong, Blockref>();
        KeyKind kind = random.Pick<KeyKind>([KeyKind.Dense, KeyKind.Names, KeyKind.Data, KeyKind.Sparse]);
        for (int batch = 1 + random.Below(5); batch > 0; batch--)
        {
            TreeEditor editor = volume.Edit(kind == KeyKind.Data);
            PlayBatch(random, kind, model, editor);
            volume.Commit(editor);
            volume.Reopen();
            Assert.Equal(model.Keys, volume.Walk(out SubtreeStatistics statistics, out _));
            Assert.Equal(statistics, volume.TopStatistics);
        }
        volume.AssertFreemapCoversTree();
    }

    [Fact]
    public void Removing_everything_leaves_an_empty_table()
    {
        using var volume = new WritableVolume("empty-newfs");
        TreeEditor editor = volume.Edit(isFile: false);
        for (ulong key = 0; key < 5000; key++)
            Assert.Equal(Hammer2Error.None, editor.Put(Leaf(KeyKind.Names, key)));
        volume.Commit(editor);
        editor = volume.Edit(isFile: false);
        for (ulong key = 0; key < 5000; key++)
            Assert.Equal(Hammer2Error.None, editor.Remove(Leaf(KeyKind.Names, key).Key));
        Assert.Equal(Hammer2Error.NoEntry, editor.Remove(Leaf(KeyKind.Names, 1).Key));
        volume.Commit(editor);
        volume.Reopen();
        Assert.Empty(volume.Walk(out _, out int indirects));
        Assert.Equal(0, indirects);
    }

    [Fact]
    public void Changes_after_a_tree_was_written_leave_the_written_inode_as_it_is()
    {
        using var volume = new WritableVolume("empty-newfs");
        TreeEditor editor = volume.Edit(isFile: false);
        Assert.Equal(Hammer2Error.None, editor.Put(Leaf(KeyKind.Names, 1)));
        volume.Commit(editor);
        byte[] written = volume.Root.Block.ToArray();
        Chain root = volume.Root;
        Assert.Equal(Hammer2Error.None, editor.Put(Leaf(KeyKind.Names, 2)));
        Assert.True(root.Block.SequenceEqual(written));
        volume.Commit(editor);
        Assert.True(root.Block.SequenceEqual(written));
        volume.Reopen();
        Assert.Equal(2, volume.Walk(out _, out _).Count);
    }

    private static void PlayBatch(
        SeededRandom random, KeyKind kind, SortedDictionary<ulong, Blockref> model, TreeEditor editor)
    {
        int changes = random.Below(3000);
        int removes = random.Below(100);
        ulong next = (ulong)model.Count;
        for (int change = 0; change < changes; change++)
        {
            if (random.OneIn(400))
            {
                ulong first = random.NextUInt64() >> 1;
                ulong last = first + (random.NextUInt64() >> (1 + random.Below(60)));
                if (kind is KeyKind.Names or KeyKind.Sparse)
                    (first, last) = (first | Media.EntryKeyBit, ulong.MaxValue);
                if (kind == KeyKind.Data) (first, last) = (first & ~0xFFFFUL, last | 0xFFFF);
                foreach (ulong key in model.Keys.Where(key => key >= first && key <= last).ToArray())
                    _ = model.Remove(key);
                Assert.Equal(Hammer2Error.None, editor.RemoveRange(first, last));
            }
            else if (model.Count > 0 && random.Chance(removes))
            {
                ulong key = model.Keys.ElementAt(random.Below(model.Count));
                Assert.Equal(Hammer2Error.None, editor.Remove(key));
                _ = model.Remove(key);
            }
            else
            {
                ulong number = kind == KeyKind.Sparse ? random.NextUInt64() : next++;
                Blockref leaf = Leaf(kind, random.OneIn(10) ? (ulong)random.Below(5000) : number);
                Assert.Equal(Hammer2Error.None, editor.Put(leaf));
                model[leaf.Key] = leaf;
            }
        }
    }

    private static Blockref Leaf(KeyKind kind, ulong number)
    {
        var leaf = new Blockref { Type = BlockrefType.Dirent, ModifyTid = number };
        leaf.Dirent.NameBytes = 8;
        leaf.Dirent.Inum = 1024;
        leaf.Dirent.Type = ObjectType.RegularFile;
        System.Text.Encoding.ASCII.GetBytes($"{number % 100000000:d8}").CopyTo(leaf.Check);
        switch (kind)
        {
            case KeyKind.Names:
                leaf.Key = DirectoryHash.Compute(leaf.Check[..8]) + (number % 7);
                break;
            case KeyKind.Sparse:
                leaf.Key = number | Media.EntryKeyBit;
                break;
            case KeyKind.Dense:
                // Inode numbers do not begin at a block boundary.
                leaf.Key = (number + 1061) | Media.EntryKeyBit;
                break;
            default:
                // No data is read in these tests, so all data blocks may have the same offset.
                leaf = new Blockref { Type = BlockrefType.Data, KeyBits = 16 };
                leaf.Key = (number & 0xFFFFFF) << 16;
                leaf.Data = new DataOffset(Media.SegmentBytes * 100UL, Media.BufferRadix);
                break;
        }
        return leaf;
    }

    private enum KeyKind
    {
        Dense,
        Names,
        Sparse,
        Data,
    }
}
