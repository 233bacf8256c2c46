// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Cluster.Transactions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Locks of inodes exclude each other, and no order in which inodes are named leads to a deadlock.</summary>
public sealed class InodeLocksTests
{
    // Numbers this far apart share a lock.
    private const ulong StripesTotal = 1024;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(4));

    [Theory, MemberData(nameof(Seeds))]
    public void Four_inodes_in_any_order_from_many_threads_never_deadlock(ulong seed)
    {
        const int ThreadsTotal = 8;
        using var locks = new InodeLocks();
        ulong[] inodes = [1, 2, 3, 4, 5, StripesTotal + 1, StripesTotal + 4, (2 * StripesTotal) + 2];
        int[] holders = new int[StripesTotal];
        int violations = 0;
        using var start = new Barrier(ThreadsTotal);
        var threads = new List<Thread>();
        for (int i = 0; i < ThreadsTotal; i++)
        {
            var random = new SeededRandom((seed * 100) + (ulong)i);
            threads.Add(new Thread(() =>
            {
                start.SignalAndWait();
                for (int round = 0; round < 3000; round++) Hold(locks, inodes, random, holders, ref violations);
            })
            { IsBackground = true });
        }
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads)
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)), $"seed {seed}: the threads wait for each other");
        Assert.True(violations == 0, $"seed {seed}: {violations} times a lock had two holders");
        Assert.All(holders, count => Assert.Equal(0, count));
    }

    [Fact]
    public void An_inode_named_twice_and_inodes_that_share_a_lock_are_locked_once_and_unlocked()
    {
        using var locks = new InodeLocks();
        var inodes = new LockedInodes(7, StripesTotal + 7, 0, 7);
        locks.Write(inodes).Dispose();
        using (locks.Write(inodes)) AssertLocked(locks, 7, isLocked: true);
        AssertLocked(locks, 7, isLocked: false);
        AssertLocked(locks, StripesTotal + 7, isLocked: false);
    }

    [Fact]
    public void Readers_share_an_inode_and_keep_writers_out()
    {
        using var locks = new InodeLocks();
        using (locks.Read(7))
        {
            Run(() => locks.Read(StripesTotal + 7).Dispose());
            AssertLocked(locks, 7, isLocked: true);
        }
        AssertLocked(locks, 7, isLocked: false);
    }

    // A thread that takes the lock comes to an end, or waits.
    private static void AssertLocked(InodeLocks locks, ulong inum, bool isLocked)
    {
        bool isTaken = false;
        var thread = new Thread(() =>
        {
            locks.Write(new LockedInodes(0, inum, 0, 0)).Dispose();
            Volatile.Write(ref isTaken, true);
        })
        { IsBackground = true };
        thread.Start();
        if (!isLocked)
        {
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
            return;
        }
        Assert.True(SpinWait.SpinUntil(
            () => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || Volatile.Read(ref isTaken),
            TimeSpan.FromSeconds(60)));
        Assert.False(Volatile.Read(ref isTaken));
    }

    private static void Run(Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
    }

    private static void Hold(
        InodeLocks locks, ulong[] inodes, SeededRandom random, int[] holders, ref int violations)
    {
        var named = new LockedInodes(
            random.Pick<ulong>(inodes), random.OneIn(3) ? 0 : random.Pick<ulong>(inodes),
            random.OneIn(3) ? 0 : random.Pick<ulong>(inodes), random.OneIn(3) ? 0 : random.Pick<ulong>(inodes));
        var stripes = new HashSet<ulong> { named.First % StripesTotal };
        foreach (ulong inum in new[] { named.Second, named.Third, named.Fourth })
            if (inum != 0) _ = stripes.Add(inum % StripesTotal);
        using InodeLocks.Guard guard = locks.Write(named);
        foreach (ulong stripe in stripes)
            if (Interlocked.Increment(ref holders[stripe]) != 1) _ = Interlocked.Increment(ref violations);
        foreach (ulong stripe in stripes) _ = Interlocked.Decrement(ref holders[stripe]);
    }
}
