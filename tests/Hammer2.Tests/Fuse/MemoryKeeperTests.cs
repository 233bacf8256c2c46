// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>When the daemon collects garbage, and when it returns memory to the system.</summary>
public sealed class MemoryKeeperTests
{
    private const long MiB = 1 << 20;
    private const long Bound = 256 * MiB;

    [Fact]
    public void Below_the_bound_nothing_is_done_as_long_as_objects_are_allocated()
    {
        Assert.All(Steps(ticks: 1000, heap: Bound, perTick: 4 * MiB), step => Assert.Equal(MemoryStep.None, step));
    }

    [Fact]
    public void Above_the_bound_garbage_is_collected()
    {
        Assert.Equal(MemoryStep.Collect, Steps(ticks: 1, heap: Bound + MiB, perTick: 4 * MiB)[0]);
    }

    [Fact]
    public void What_a_collection_left_is_not_collected_again_before_more_has_come()
    {
        long heap = Bound + (10 * MiB);
        var done = new List<MemoryStep>();
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(
            Bound, time, () => new MemoryState(heap, heap, heap), done.Add);
        time.Tick();
        Assert.Equal([MemoryStep.Collect], done);
        // All of it is live.
        heap += MiB;
        time.Tick();
        Assert.Single(done);
        heap += Bound / 4;
        time.Tick();
        Assert.Equal([MemoryStep.Collect, MemoryStep.Collect], done);
    }

    [Fact]
    public void After_load_memory_is_returned_once()
    {
        long allocated = 0, heap = 100 * MiB;
        var done = new List<MemoryStep>();
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(
            Bound, time, () => new MemoryState(heap, heap + (100 * MiB), allocated), done.Add);
        for (int i = 0; i < 100; i++) time.Tick();
        // Nothing was ever allocated: there is nothing to return.
        Assert.Empty(done);
        allocated += 50 * MiB;
        for (int i = 0; i < 500; i++) time.Tick();
        Assert.Equal([MemoryStep.Trim], done);
        allocated += 50 * MiB;
        for (int i = 0; i < 500; i++) time.Tick();
        Assert.Equal([MemoryStep.Trim, MemoryStep.Trim], done);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Shares_leave_room_below_the_bound(bool isReadOnly)
    {
        foreach (long bytes in (long[])[MiB, 64 * MiB, Bound, 64L << 30])
        {
            var shares = MemoryShares.Of(bytes, isReadOnly);
            Assert.InRange(shares.CacheBytes + shares.DirtyBytes, bytes / 2, bytes - (bytes / 8));
            Assert.Equal(isReadOnly, shares.DirtyBytes == 0);
        }
    }

    private static List<MemoryStep> Steps(int ticks, long heap, long perTick)
    {
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(Bound, time, () => default, _ => { });
        var steps = new List<MemoryStep>();
        for (int tick = 1; tick <= ticks; tick++)
            steps.Add(keeper.Decide(new MemoryState(heap, heap, tick * perTick)));
        return steps;
    }

    /// <summary>Timers that go off when a test says so.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private TimerCallback? _callback;
        private object? _state;

        public void Tick() => _callback!(_state);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return new NoTimer();
        }
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public System.Threading.Tasks.ValueTask DisposeAsync() => default;
    }
}
