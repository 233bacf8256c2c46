// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>A stored block is found until it is forgotten, and space that another block shares is not free.</summary>
public sealed class DedupTableTests
{
    // Hashes this far apart share a set of four.
    private const ulong SetsTotal = 8192;
    private const int StoredBytes = 1 << 16;

    private static readonly BlockMethods Methods = new(CheckMethod.XxHash64, CompressionMethod.None);
    private static readonly Blockref Like = new() { Methods = Methods };

    [Fact]
    public void A_block_that_was_found_is_shared_and_its_space_is_not_free()
    {
        var table = new DedupTable();
        DirtyBlock found = Stored(7), alone = Stored(8);
        table.Add(found);
        table.Add(alone);
        Assert.False(found.IsShared);
        Assert.Same(found, table.Find(7, Like, StoredBytes));
        Assert.Equal((true, false), (found.IsShared, alone.IsShared));
        Assert.False(table.Forget(found));
        Assert.True(table.Forget(alone));
        Assert.Null(table.Find(7, Like, StoredBytes));
        Assert.Null(table.Find(8, Like, StoredBytes));
        Assert.False(alone.IsShared);
    }

    [Fact]
    public void Only_a_block_with_the_same_hash_methods_and_length_is_found()
    {
        var table = new DedupTable();
        DirtyBlock block = Stored(7);
        table.Add(block);
        var other = new Blockref { Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.Lz4) };
        Assert.Null(table.Find(7 + SetsTotal, Like, StoredBytes));
        Assert.Null(table.Find(8, Like, StoredBytes));
        Assert.Null(table.Find(7, other, StoredBytes));
        Assert.Null(table.Find(7, Like, StoredBytes / 2));
        Assert.False(block.IsShared);
        Assert.Same(block, table.Find(7, Like, StoredBytes));
    }

    [Fact]
    public void A_block_that_was_dropped_or_is_not_stored_yet_is_not_taken_in()
    {
        var table = new DedupTable();
        DirtyBlock dropped = Stored(7);
        _ = dropped.Drop();
        DirtyBlock open = DirtyBlock.OfContent(new byte[16], 1, 0);
        open.Hash = 8;
        table.Add(dropped);
        table.Add(open);
        Assert.Null(table.Find(7, Like, StoredBytes));
        Assert.Null(table.Find(8, Like, StoredBytes));
    }

    [Fact]
    public void A_set_keeps_four_blocks_and_a_newer_block_replaces_one_with_its_hash()
    {
        var table = new DedupTable();
        for (ulong i = 0; i < 5; i++) table.Add(Stored(7 + (i * SetsTotal)));
        int found = 0;
        for (ulong i = 0; i < 5; i++)
            if (table.Find(7 + (i * SetsTotal), Like, StoredBytes) is not null) found++;
        Assert.Equal(4, found);
        ulong kept = table.Find(7 + (4 * SetsTotal), Like, StoredBytes)!.Hash;
        DirtyBlock newer = Stored(kept);
        table.Add(newer);
        Assert.Same(newer, table.Find(kept, Like, StoredBytes));
        Assert.True(newer.IsShared);
    }

    [Fact]
    public void Nothing_is_found_after_a_clear()
    {
        var table = new DedupTable();
        for (ulong hash = 0; hash < 20_000; hash++) table.Add(Stored(hash));
        table.Clear();
        for (ulong hash = 0; hash < 20_000; hash++) Assert.Null(table.Find(hash, Like, StoredBytes));
        table.Add(Stored(7));
        Assert.NotNull(table.Find(7, Like, StoredBytes));
    }

    private static DirtyBlock Stored(ulong hash)
    {
        DirtyBlock block = DirtyBlock.OfContent(new byte[16], 1, 0);
        block.Hash = hash;
        Assert.True(block.TrySeal());
        Assert.True(block.TryFinish([new Blockref { Methods = Methods, Data = new DataOffset(1 << 20, 16) }]));
        return block;
    }
}
