// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Resync;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>What a user is told of a resynchronization at each moment of it.</summary>
public sealed class ResyncProgressTests
{
    [Theory]
    [InlineData(null, 0UL, "pass 1 of its resynchronization has come to 0 %")]
    [InlineData(0UL, 0UL, "has come to 0 %")]
    [InlineData(50UL, 200UL, "has come to 25 %")]
    [InlineData(1UL << 63, 200UL, "has come to 100 %")]
    [InlineData(ulong.MaxValue, 200UL, "has come to 100 %")]
    public void It_is_between_0_and_100_percent(ulong? next, ulong lastInum, string expected)
    {
        var progress = new ResyncProgress(TimeProvider.System);
        progress.BeginPass(lastInum);
        if (next is { } key) progress.Advance(key, changes: 0, copiedBytes: 0);
        Assert.Contains(expected, progress.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Passes_changes_and_data_are_summed_up()
    {
        var progress = new ResyncProgress(TimeProvider.System);
        for (int pass = 0; pass < 3; pass++)
        {
            progress.BeginPass(10);
            progress.Advance(5, changes: 2, copiedBytes: 1 << 20);
            progress.Advance(next: null, changes: 3, copiedBytes: 0);
        }
        Assert.Equal("pass 3 of its resynchronization has come to 100 % of the inode numbers, 15 references were "
            + "changed and 3 MiB of file data copied", progress.ToString());
    }

    [Theory]
    [InlineData(1.9, 100.0, null)]
    [InlineData(50.0, 2.9, null)]
    [InlineData(50.0, 3.0, 3.0)]
    [InlineData(2.0, 100.0, 4900.0)]
    [InlineData(100.0, 100.0, 0.0)]
    [InlineData(2.0, 1e6, null)]
    public void The_rest_is_told_when_enough_is_done_and_is_never_absurd(
        double percent, double elapsedSeconds, double? restSeconds)
    {
        TimeSpan? rest = ResyncProgress.Estimate(percent, TimeSpan.FromSeconds(elapsedSeconds));
        Assert.Equal(restSeconds, rest?.TotalSeconds);
    }
}
