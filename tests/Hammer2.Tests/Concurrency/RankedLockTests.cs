// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;
using Xunit;

namespace Hammer2.Tests.Concurrency;

/// <summary>Goal: a thread that acquires locks against their ranks is stopped before it can wait in a circle. Method:
/// all pairs of low, equal and high ranks, with each kind of lock; waits between real threads.</summary>
public sealed class RankedLockTests
{
    // The names tell the check of the whole run that these violations are intended.
    private static readonly LockRank s_low = new(1, LockRankFixture.Intended + " low");
    private static readonly LockRank s_high = new(2, LockRankFixture.Intended + " high");
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Ascending_ranks_are_acquired_and_released_in_any_order()
    {
        var low = new RankedLock(s_low);
        var high = new RankedReaderWriterLock(s_high);
        low.Enter();
        high.EnterShared();
        low.Exit();
        high.ExitShared();
        using (low.EnterScope()) Assert.True(low.IsHeldByCurrentThread);
        Assert.False(low.IsHeldByCurrentThread);
    }

    [Fact]
    public void An_attempt_fails_while_another_thread_has_the_lock_and_leaves_nothing_held()
    {
        var low = new RankedLock(s_low);
        var high = new RankedLock(s_high);
        low.Enter();
        bool entered = true;
        var other = new Thread(() =>
        {
            entered = low.TryEnter();
            using (new RankedLock(s_low).EnterScope()) { }
        });
        other.Start();
        Assert.True(other.Join(s_patience));
        Assert.False(entered);
        low.Exit();
        Assert.True(low.TryEnter());
        Assert.True(low.IsHeldByCurrentThread);
        Assert.True(high.TryEnter());
        low.Exit();
        Assert.Throws<InvalidOperationException>(() => low.TryEnter());
        high.Exit();
    }

    [Fact]
    public void A_lower_rank_is_refused_by_the_names_of_both_locks()
    {
        var low = new RankedLock(s_low);
        var high = new RankedLock(s_high);
        using (high.EnterScope())
        {
            string message = Assert.Throws<InvalidOperationException>(low.Enter).Message;
            Assert.Contains(s_low.ToString(), message, StringComparison.Ordinal);
            Assert.Contains(s_high.ToString(), message, StringComparison.Ordinal);
        }
        using (low.EnterScope())
        using (high.EnterScope()) Assert.True(high.IsHeldByCurrentThread);
    }

    [Fact]
    public void The_same_rank_is_refused_by_each_kind_of_lock()
    {
        using var held = new RankedReaderWriterLock(s_low);
        using var other = new RankedReaderWriterLock(s_low, order: 7);
        held.EnterExclusive();
        Assert.Throws<InvalidOperationException>(new RankedLock(s_low).Enter);
        Assert.Throws<InvalidOperationException>(() => { using (new RankedMonitor(s_low).EnterScope()) { } });
        Assert.Throws<InvalidOperationException>(other.EnterShared);
        Assert.Throws<InvalidOperationException>(other.EnterExclusive);
        Assert.Throws<InvalidOperationException>(held.EnterShared);
        held.ExitExclusive();
    }

    [Fact]
    public void Locks_of_one_rank_are_acquired_in_the_order_of_their_keys()
    {
        var first = new RankedLock(s_low, order: 1);
        var second = new RankedLock(s_low, order: 2);
        first.Enter();
        second.Enter();
        Assert.Throws<InvalidOperationException>(first.Enter);
        first.Exit();
        Assert.Throws<InvalidOperationException>(first.Enter);
        second.Exit();
        first.Enter();
        first.Exit();
    }

    [Fact]
    public void Each_thread_holds_locks_of_its_own()
    {
        var low = new RankedLock(s_low);
        var high = new RankedLock(s_high);
        using (high.EnterScope())
        {
            var other = new Thread(() =>
            {
                low.Enter();
                low.Exit();
            });
            other.Start();
            Assert.True(other.Join(s_patience));
        }
    }

    [Fact]
    public void A_monitor_wakes_one_waiter_for_each_pulse_and_keeps_its_rank()
    {
        var monitor = new RankedMonitor(s_low);
        int woken = 0;
        bool isReady = false;
        var waiter = new Thread(() =>
        {
            using (monitor.EnterScope())
            {
                isReady = true;
                monitor.PulseAll();
                while (woken == 0) monitor.Wait();
                woken++;
            }
        });
        using (monitor.EnterScope())
        {
            waiter.Start();
            while (!isReady) Assert.True(monitor.Wait(s_patience));
            Assert.False(monitor.Wait(TimeSpan.FromMilliseconds(1)));
            woken = 1;
            monitor.Pulse();
        }
        Assert.True(waiter.Join(s_patience));
        Assert.Equal(2, woken);
        using (monitor.EnterScope()) monitor.PulseAll();
    }

    [Fact]
    public void A_signal_before_a_wait_ends_it_and_is_consumed()
    {
        using var signal = new WakeSignal();
        signal.Set();
        signal.Set();
        signal.Wait();
        bool hasEnded = false;
        IStartedThread waiter = SystemScheduler.Instance.Start("waiter", () =>
        {
            signal.Wait();
            Volatile.Write(ref hasEnded, true);
        });
        Assert.False(Volatile.Read(ref hasEnded));
        signal.Set();
        waiter.Join();
        Assert.True(hasEnded);
    }
}
