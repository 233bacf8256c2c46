// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Goal: requests are counted by operation, error and duration, over all threads. Method: requests with known
/// durations on a clock that the test moves.</summary>
public sealed class FuseStatisticsTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(1023, 10)]
    [InlineData(long.MaxValue, FuseStatistics.RangesTotal - 1)]
    public void Ranges_double(long microseconds, int range) =>
        Assert.Equal(range, FuseStatistics.RangeOf(microseconds));

    [Fact]
    public void Requests_of_all_threads_are_added_up()
    {
        var clock = new TickClock();
        var statistics = new FuseStatistics(clock);
        Assert.Empty(statistics.Read());
        for (int thread = 0; thread < 5; thread++)
        {
            Count(FuseOpcode.Read, thread, microseconds: 3, FuseErrno.None);
            Count(FuseOpcode.Read, thread, microseconds: 100, FuseErrno.EIO);
        }
        Count(FuseOpcode.Lookup, 0, microseconds: 0, FuseErrno.None);
        FuseOperationStatistics[] found = [.. statistics.Read()];
        Assert.Equal([FuseOpcode.Lookup, FuseOpcode.Read], found.Select(operation => operation.Opcode));
        Assert.Equal((10L, 5L, 515L), (found[1].Count, found[1].Errors, found[1].TotalMicroseconds));
        Assert.Equal((5L, 5L), (found[1].Ranges[2], found[1].Ranges[7]));
        Assert.Equal(10, found[1].Ranges.Sum());

        void Count(FuseOpcode opcode, int thread, long microseconds, int error)
        {
            long start = statistics.Begin();
            clock.Ticks += microseconds;
            statistics.End(thread, opcode, error, start);
        }
    }

    private sealed class TickClock : TimeProvider
    {
        public long Ticks { get; set; }

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => Ticks;
    }
}
