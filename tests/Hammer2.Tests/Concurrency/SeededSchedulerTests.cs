// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Concurrency;
using Xunit;

namespace Hammer2.Tests.Concurrency;

/// <summary>Goal: the scheduler of tests finds what it is for. Method: small programs with a known defect.</summary>
public sealed class SeededSchedulerTests
{
    private static readonly LockRank s_rank = new(1, LockRankFixture.Intended + " test");

    [Fact]
    public void A_lost_wake_up_is_found_and_its_seed_repeats_it()
    {
        ulong[] failing = [.. Enumerable.Range(1, 100).Select(seed => (ulong)seed)
            .Where(seed => SeededScheduler.Run(seed, LosesWakeUp) is not null)];
        Assert.InRange(failing.Length, 1, 99);
        Exception failure = SeededScheduler.Run(failing[0], LosesWakeUp)!;
        Assert.Contains("deadlock", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_order_and_others_give_others()
    {
        HashSet<string> orders = [.. Enumerable.Range(1, 30).Select(seed => OrderOf((ulong)seed))];
        Assert.True(orders.Count > 5);
        for (ulong seed = 1; seed <= 5; seed++) Assert.Equal(OrderOf(seed), OrderOf(seed));
    }

    [Fact]
    public void A_time_out_ends_a_wait_without_a_pulse() => SeededScheduler.Explore(20, _ =>
    {
        var monitor = new RankedMonitor(s_rank);
        using (monitor.EnterScope()) Assert.False(monitor.Wait(TimeSpan.FromDays(1)));
    });

    [Fact]
    public void Endless_threads_and_exceptions_of_any_thread_are_reported()
    {
        Exception endless = SeededScheduler.Run(1, scheduler =>
        {
            while (true) scheduler.Pause(TimeSpan.Zero);
        })!;
        Assert.Contains("without end", endless.Message, StringComparison.Ordinal);
        Exception thrown = SeededScheduler.Run(1, scheduler =>
            scheduler.Start("second", () => throw new FormatException("on purpose")).Join())!;
        Assert.IsType<FormatException>(thrown);
    }

    // The flag is tested before the lock is acquired, and not again.
    private static void LosesWakeUp(IScheduler scheduler)
    {
        var monitor = new RankedMonitor(s_rank);
        bool isDone = false;
        IStartedThread waiter = scheduler.Start("waiter", () =>
        {
            if (isDone) return;
            using (monitor.EnterScope()) monitor.Wait();
        });
        isDone = true;
        using (monitor.EnterScope()) monitor.PulseAll();
        waiter.Join();
    }

    private static string OrderOf(ulong seed)
    {
        var steps = new List<int>();
        Exception? failure = SeededScheduler.Run(seed, scheduler =>
        {
            var monitor = new RankedMonitor(s_rank);
            IStartedThread[] threads = [.. Enumerable.Range(0, 3).Select(number => scheduler.Start("step", () =>
            {
                for (int i = 0; i < 3; i++)
                    using (monitor.EnterScope()) steps.Add(number);
            }))];
            foreach (IStartedThread thread in threads) thread.Join();
        });
        Assert.Null(failure);
        return string.Join(' ', steps);
    }
}
