// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Cluster.WriteBack;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>A thread that waits for write-back goes on with the next signal, and does not wait in vain.</summary>
public sealed class WriteProgressTests
{
    private readonly WriteProgress _progress = new();
    private bool _isWaiting = true;

    [Fact]
    public void A_condition_that_is_false_is_not_waited_for()
    {
        _isWaiting = false;
        _progress.Await(static test => test._isWaiting, this);
        // Nor does a signal without a thread that waits do anything.
        _progress.Signal();
    }

    [Fact]
    public void Each_signal_ends_one_wait_of_every_thread()
    {
        var threads = new Thread[3];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() => _progress.Await(static test => test._isWaiting, this))
            {
                IsBackground = true,
            };
            threads[i].Start();
        }
        foreach (Thread thread in threads)
        {
            Assert.True(SpinWait.SpinUntil(
                () => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(60)));
        }
        _progress.Signal();
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void No_signal_is_missed_between_the_question_and_the_wait()
    {
        const int Rounds = 2000;
        int given = 0, taken = 0;
        var giving = new Thread(() =>
        {
            for (int i = 1; i <= Rounds; i++)
            {
                Volatile.Write(ref given, i);
                _progress.Signal();
                while (Volatile.Read(ref taken) < i) Thread.Yield();
            }
        })
        { IsBackground = true };
        var taking = new Thread(() =>
        {
            for (int i = 1; i <= Rounds; i++)
            {
                while (Volatile.Read(ref given) < i) _progress.Await(round => Volatile.Read(ref given) < round, i);
                Volatile.Write(ref taken, i);
            }
        })
        { IsBackground = true };
        taking.Start();
        giving.Start();
        Assert.True(giving.Join(TimeSpan.FromMinutes(2)));
        Assert.True(taking.Join(TimeSpan.FromMinutes(2)));
    }
}
