// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Devices;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>When long writes bypass the page cache of a device: while some of the last ones were fast.</summary>
public sealed class DirectWriteSpeedTests
{
    private const int Megabyte = 1 << 20;
    private static readonly TimeSpan s_fast = TimeSpan.FromMilliseconds(2), s_slow = TimeSpan.FromMilliseconds(3);
    private readonly DirectWriteSpeed _speed = new();

    [Fact]
    public void A_new_device_is_tried()
    {
        Assert.True(_speed.ShouldWriteDirectly());
    }

    [Fact]
    public void One_fast_write_among_slow_ones_is_enough()
    {
        for (int round = 0; round < 3; round++)
        {
            for (int slow = 1; slow < DirectWriteSpeed.SlowWritesMax; slow++) _speed.Add(Megabyte, s_slow);
            Assert.True(_speed.ShouldWriteDirectly());
            _speed.Add(Megabyte, s_fast);
        }
    }

    [Fact]
    public void A_slow_device_is_tried_now_and_then_and_used_again_once_it_is_fast()
    {
        for (int slow = 0; slow < DirectWriteSpeed.SlowWritesMax; slow++) _speed.Add(Megabyte, s_slow);
        Assert.Equal(2, Enumerable.Range(0, 2 * DirectWriteSpeed.WritesPerTrial)
            .Count(_ => _speed.ShouldWriteDirectly()));
        _speed.Add(Megabyte, s_slow);
        Assert.False(_speed.ShouldWriteDirectly());
        _speed.Add(Megabyte, s_fast);
        Assert.True(_speed.ShouldWriteDirectly());
    }

    [Fact]
    public void What_counts_is_time_for_each_byte()
    {
        for (int slow = 0; slow < DirectWriteSpeed.SlowWritesMax; slow++) _speed.Add(Megabyte / 8, s_fast);
        Assert.False(_speed.ShouldWriteDirectly());
    }
}
