// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
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
            Bound, time, () => new MemoryState(heap, heap, heap, 0), done.Add, _ => { });
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

    [Theory]
    [InlineData(100, 150, 140, false)]  // within the limit: gaps do no harm
    [InlineData(150, 310, 5, false)]    // nothing to gain: all of it is objects, or free already
    [InlineData(150, 310, 130, true)]
    [InlineData(200, 330, 130, true)]
    public void Gaps_are_closed_when_much_memory_is_in_use_for_them(
        int heap, int committed, int fragmented, bool isCompacted)
    {
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(Bound, time, () => default, _ => { }, _ => { });
        var state = new MemoryState(heap * MiB, committed * MiB, 4 * MiB, fragmented * MiB);
        Assert.Equal(isCompacted ? MemoryStep.Compact : MemoryStep.None, keeper.Decide(state));
    }

    [Fact]
    public void After_load_memory_is_returned_once()
    {
        long allocated = 0, heap = 100 * MiB;
        var done = new List<MemoryStep>();
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(
            Bound, time, () => new MemoryState(heap, heap + (100 * MiB), allocated, 0), done.Add, wake => wake());
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

    [Fact]
    public void Without_allocations_it_sleeps_until_garbage_is_collected()
    {
        long allocated = 50 * MiB;
        int reads = 0;
        Action? wake = null;
        var done = new List<MemoryStep>();
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(
            Bound, time, () =>
            {
                reads++;
                return new MemoryState(10 * MiB, 100 * MiB, allocated, 0);
            },
            done.Add, action => wake = action);
        while (time.IsSet) time.Tick();
        // It sleeps after the memory was returned, not before.
        Assert.Equal([MemoryStep.Trim], done);
        Assert.InRange(reads, 2, 50);
        allocated += 50 * MiB;
        wake!();
        Assert.True(time.IsSet);
        wake = null;
        while (time.IsSet) time.Tick();
        Assert.Equal([MemoryStep.Trim, MemoryStep.Trim], done);
        Assert.NotNull(wake);
    }

    [Fact]
    public void Objects_that_are_allocated_all_the_time_keep_it_awake()
    {
        long allocated = 0;
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(
            Bound, time, () => new MemoryState(MiB, MiB, allocated += 4 * MiB, 0), _ => { },
            _ => Assert.Fail("It sleeps."));
        for (int i = 0; i < 1000; i++) time.Tick();
        Assert.True(time.IsSet);
    }

    [Fact]
    public void After_a_collection_an_action_is_called_once()
    {
        using var called = new SemaphoreSlim(0);
        Await(called);
        GC.Collect();
        Assert.True(called.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(0, called.CurrentCount);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Shares_leave_room_below_the_bound(bool isReadOnly)
    {
        foreach (long bytes in (long[])[MiB, 64 * MiB, Bound, 64L << 30])
        {
            var shares = MemoryShares.Of(bytes, isReadOnly);
            Assert.InRange(shares.CacheBytes + shares.DirtyBytes, bytes / 2, bytes - (bytes / 8));
            Assert.True(shares.DirtyBytes > 0);      // a remount may make the mount writable
        }
    }

    // Not in the frame of the test, which would keep the object alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Await(SemaphoreSlim called) => NextCollection.Await(() => called.Release());

    private static List<MemoryStep> Steps(int ticks, long heap, long perTick)
    {
        var time = new SteppedTime();
        using var keeper = new MemoryKeeper(Bound, time, () => default, _ => { }, _ => { });
        var steps = new List<MemoryStep>();
        for (int tick = 1; tick <= ticks; tick++)
            steps.Add(keeper.Decide(new MemoryState(heap, heap, tick * perTick, 0)));
        return steps;
    }

    /// <summary>One timer, which goes off when a test says so.</summary>
    private sealed class SteppedTime : TimeProvider, ITimer
    {
        private TimerCallback? _callback;
        private object? _state;

        public bool IsSet { get; private set; }

        public void Tick()
        {
            Assert.True(IsSet);
            IsSet = false;
            _callback!(_state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            return IsSet = dueTime != Timeout.InfiniteTimeSpan;
        }

        public void Dispose() => IsSet = false;

        public ValueTask DisposeAsync()
        {
            IsSet = false;
            return default;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            _ = Change(dueTime, period);
            return this;
        }
    }
}
