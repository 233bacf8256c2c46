// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Bulkfree begins early enough, and not again and again.</summary>
public sealed class ReclaimTimingTests
{
    private const ulong Total = 1UL << 40;

    [Theory]
    [InlineData(Total / 2, Total, false)]               // much is free
    [InlineData(Total / 4, Total, false)]
    [InlineData((Total / 4) - 1, Total, true)]
    [InlineData((Total / 4) - 1, Total / 3, false)]     // little was written since the last one
    [InlineData(Total / 6, Total / 3, false)]
    [InlineData((Total / 6) - 1, Total / 3, true)]
    [InlineData(0UL, Total / 3, true)]
    [InlineData(0UL, 0UL, false)]                       // and nothing can be freed
    public void It_is_due_when_little_is_free_and_much_was_written(ulong free, ulong freeAfterLast, bool expected) =>
        Assert.Equal(expected, ReclaimTiming.IsDue(free, Total, freeAfterLast));

    [Fact]
    public void Where_nothing_can_be_freed_it_runs_a_few_times_until_the_volume_is_full()
    {
        const ulong Written = 1 << 20;
        ulong last = Total / 2;
        int passes = 0;
        for (ulong free = last; free >= Written; free -= Written)
        {
            if (!ReclaimTiming.IsDue(free, Total, last)) continue;
            last = free;
            passes++;
        }
        Assert.InRange(passes, 2, 20);
    }
}
