// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Scrubbing;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>What a scrub remembers of the blocks that snapshots share, which is bounded.</summary>
public sealed class ScrubSeenTests
{
    private const int Further = 200_000;
    private const long GrowthBytesMax = 64L << 20;       // all tables that it outgrew, and the last one

    [Fact]
    public void No_more_is_remembered_than_the_bound_and_what_is_not_is_read_again()
    {
        var seen = new ScrubSeen();
        Assert.InRange(AllocatedBytes(() => AddRange(seen, 0, ScrubSeen.RememberedMax)), 1 << 20, GrowthBytesMax);
        Assert.Equal(0, AllocatedBytes(() => AddRange(seen, ScrubSeen.RememberedMax, Further)));
        Assert.True(seen.Contains(BlockOf(0)));
        Assert.True(seen.Contains(BlockOf(ScrubSeen.RememberedMax - 1)));
        Assert.False(seen.Contains(BlockOf(ScrubSeen.RememberedMax)));
        Assert.False(seen.Contains(BlockOf(ScrubSeen.RememberedMax + Further - 1)));
        // It stays so when the same ones come again.
        AddRange(seen, 0, Further);
        Assert.False(seen.Contains(BlockOf(ScrubSeen.RememberedMax)));
    }

    [Fact]
    public void Another_check_code_for_the_same_place_is_another_block()
    {
        var seen = new ScrubSeen();
        Blockref block = BlockOf(5);
        seen.Add(block);
        block.Check[0] ^= 1;
        Assert.False(seen.Contains(block));
    }

    // By this thread alone: other tests run at the same time.
    private static long AllocatedBytes(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void AddRange(ScrubSeen seen, int first, int count)
    {
        for (int number = first; number < first + count; number++) seen.Add(BlockOf(number));
    }

    private static Blockref BlockOf(int number)
    {
        var block = new Blockref
        {
            Type = BlockrefType.Data,
            Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
            Data = new DataOffset((ulong)number << 16, 16),
        };
        BitConverter.TryWriteBytes(block.Check, (ulong)number * 0x1234_5678_9ABC_DEF1);
        return block;
    }
}
