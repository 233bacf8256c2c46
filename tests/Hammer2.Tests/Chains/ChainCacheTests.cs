// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: the cache of metadata blocks answers with the block that was added last for exactly this reference, or with
/// none, within its bound.
/// Method: drawn additions, lookups and removals against a dictionary. HAMMER2_SEED=n replays one.
/// </summary>
public sealed class ChainCacheTests
{
    private const long BoundBytes = 2 * Media.AllocationBytesMax;      // one shard
    private const int Devices = 2;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(20));

    [Theory, MemberData(nameof(Seeds))]
    public void A_lookup_finds_the_block_that_was_added_last_or_none(ulong seed)
    {
        var random = new SeededRandom(seed);
        var cache = new ChainCache(BoundBytes);
        var added = new Dictionary<(int Device, ulong Raw), Chain>();
        int hits = 0;
        for (int step = 0; step < 5000; step++)
        {
            int device = random.Below(Devices);
            Blockref reference = Reference(random);
            (int, ulong) key = (device, reference.Data.Raw);
            switch (random.Below(4))
            {
                case 0:
                    cache.Remove(device, reference.Data);
                    _ = added.Remove(key);
                    break;
                case 1:
                    var chain = new Chain(
                        ChainKind.Indirect, reference, new byte[reference.Data.SizeBytes]);
                    cache.Add(device, chain);
                    added[key] = chain;
                    break;
                default:
                    Chain? found = cache.Find(device, reference);
                    if (found is null) break;
                    hits++;
                    Assert.Same(added[key], found);
                    Assert.True(BlockrefComparer.IsSame(reference, found.Reference));
                    break;
            }
            Assert.InRange(cache.HeldBytes, 0, BoundBytes);
        }
        Assert.InRange(hits, 50, 5000);
        long held = added.Sum(one =>
            cache.Find(one.Key.Device, one.Value.Reference) is null ? 0 : one.Value.CostBytes);
        Assert.Equal(held, cache.HeldBytes);
    }

    [Fact]
    public void A_reference_with_another_check_code_finds_nothing()
    {
        var cache = new ChainCache(BoundBytes);
        Blockref reference = At(1);
        cache.Add(0, new Chain(ChainKind.Indirect, reference, new byte[1024]));
        Assert.NotNull(cache.Find(0, reference));
        Assert.Null(cache.Find(1, reference));
        reference.Check[0] ^= 1;
        Assert.Null(cache.Find(0, reference));
    }

    [Fact]
    public void A_block_that_is_used_again_and_again_survives_blocks_that_are_used_once()
    {
        var cache = new ChainCache(BoundBytes);
        Blockref used = At(1);
        cache.Add(0, new Chain(ChainKind.Indirect, used, new byte[1024]));
        for (ulong once = 2; once < 2000; once++)
        {
            Assert.NotNull(cache.Find(0, used));
            cache.Add(0, new Chain(ChainKind.Indirect, At(once), new byte[1024]));
        }
        Assert.Null(cache.Find(0, At(2)));
    }

    private static Blockref Reference(SeededRandom random)
    {
        int number = 1 + random.Below(30);
        Blockref reference = At((ulong)number);
        reference.Data = new DataOffset(reference.Data.Bytes, 10 + (number % 5));
        reference.Check[0] = (byte)random.Below(2);
        return reference;
    }

    private static Blockref At(ulong number) => new()
    {
        Type = BlockrefType.Indirect,
        Data = new DataOffset(number * Media.AllocationBytesMax, 10),
    };
}
