// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: the cache of decoded file blocks copies out what was put in for exactly this block, and has each buffer either
/// itself or has handed it out, never both.
/// Method: drawn calls against a dictionary. HAMMER2_SEED=n replays one.
/// </summary>
public sealed class DataBlockCacheTests
{
    private const int Blocks = 8;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(20));

    [Theory, MemberData(nameof(Seeds))]
    public void A_block_reads_as_it_was_put_in_and_no_buffer_is_used_twice(ulong seed)
    {
        var random = new SeededRandom(seed);
        var cache = new DataBlockCache(Blocks * Media.FileBlockBytes);
        var contents = new Dictionary<int, byte>();
        var outside = new List<byte[]>();
        int made = 0, hits = 0;
        for (int step = 0; step < 4000; step++)
        {
            int number = random.Below(3 * Blocks);
            if (random.OneIn(400))
            {
                cache.Clear();
                contents.Clear();
                made = outside.Count;               // the rest belongs to the garbage collector
            }
            else if (random.OneIn(2))
            {
                byte[] part = new byte[1 + random.Below(4096)];
                if (!cache.TryCopy(Key(number), random.Below(Media.FileBlockBytes - part.Length), part)) continue;
                hits++;
                Assert.False(part.AsSpan().ContainsAnyExcept(contents[number]), $"seed {seed}, step {step}");
            }
            else Put(number);
        }
        Assert.InRange(hits, 50, 4000);
        int held = 0;
        foreach (int number in contents.Keys)
            if (cache.TryCopy(Key(number), 0, new byte[1])) held++;
        Assert.InRange(held, 0, Blocks);
        Assert.Equal(made, outside.Count + held);

        void Put(int number)
        {
            byte[] buffer;
            if (outside.Count > 0)
            {
                buffer = outside[^1];
                outside.RemoveAt(outside.Count - 1);
            }
            else
            {
                buffer = new byte[Media.FileBlockBytes];
                made++;
            }
            byte content = random.NextByte();
            Array.Fill(buffer, content);
            bool isThere = cache.TryCopy(Key(number), 0, new byte[1]);
            byte[]? exchanged = cache.Exchange(Key(number), buffer);
            // A block that is there stays; its content cannot differ, since the key has its check code.
            Assert.Equal(isThere, exchanged == buffer);
            if (!isThere) contents[number] = content;
            if (exchanged is null) return;
            Assert.DoesNotContain(outside, other => ReferenceEquals(other, exchanged));
            outside.Add(exchanged);
        }
    }

    [Fact]
    public void Blocks_that_differ_in_device_methods_or_check_code_are_different_blocks()
    {
        var cache = new DataBlockCache(Blocks * Media.FileBlockBytes);
        Blockref reference = Reference(1);
        Assert.Null(cache.Exchange(new DataBlockKey(0, reference), new byte[Media.FileBlockBytes]));
        byte[] part = new byte[1];
        Assert.True(cache.TryCopy(new DataBlockKey(0, reference), 0, part));
        Assert.False(cache.TryCopy(new DataBlockKey(1, reference), 0, part));
        Blockref other = reference;
        other.Check[7] ^= 1;
        Assert.False(cache.TryCopy(new DataBlockKey(0, other), 0, part));
        other = reference;
        other.Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.Lz4);
        Assert.False(cache.TryCopy(new DataBlockKey(0, other), 0, part));
    }

    private static DataBlockKey Key(int number) => new(0, Reference(number));

    private static Blockref Reference(int number) => new()
    {
        Type = BlockrefType.Data,
        Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
        Data = new DataOffset((ulong)(number + 1) * Media.FileBlockBytes, Media.BufferRadix),
    };
}
