// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>Goal: a walk remembers exactly the blocks that it followed. Method: drawn blocks of all sizes, close
/// together and far apart, against a set.</summary>
public sealed class VisitedBlocksTests
{
    [Theory, InlineData(1), InlineData(2)]
    public void Blocks_are_remembered_by_location_and_size(int seed)
    {
        var random = new Random(seed);
        var visited = new VisitedBlocks();
        var expected = new HashSet<ulong>();
        for (int i = 0; i < 20_000; i++)
        {
            int radix = random.Next(Media.AllocationRadixMin, Media.AllocationRadixMax + 1);
            ulong segment = (ulong)random.Next(20) * (i % 2 == 0 ? 1u : 1u << 30);
            ulong address = (segment << Media.SegmentRadix)
                + ((ulong)random.Next(Media.SegmentBytes >> Media.AllocationRadixMin) << Media.AllocationRadixMin);
            var block = new DataOffset(address, radix);
            Assert.Equal(expected.Contains(block.Raw), visited.Contains(block));
            if (random.Next(3) == 0) continue;
            visited.Add(block);
            _ = expected.Add(block.Raw);
            Assert.True(visited.Contains(block));
        }
    }
}
