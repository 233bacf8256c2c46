// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Concurrency;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Tests.Transactions;
using Xunit;

namespace Hammer2.Tests.Concurrency;

/// <summary>Goal: no interleaving of the threads of small types loses a wake-up or a block. Method: threads run one at
/// a time, in orders drawn from seeds; HAMMER2_SEED=n replays one.</summary>
public sealed class InterleavingTests
{
    private const int Seeds = 150;

    [Fact]
    public void Each_queued_block_is_written_once_and_no_worker_is_left_behind() =>
        SeededScheduler.Explore(Seeds, scheduler =>
        {
            const int BlocksEach = WriteBackBatch.BlocksMax + 3;
            int[] writers = new int[2 * BlocksEach];
            var queue = new WriteBackQueue(scheduler);
            queue.Start(2, batch =>
            {
                foreach (WriteBackItem item in batch.Items) writers[item.Sealed.Key]++;
                batch.Clear();
            });
            IStartedThread[] producers = [.. Enumerable.Range(0, 2).Select(producer => scheduler.Start("producer", () =>
            {
                for (int i = 0; i < BlocksEach; i++) queue.Add(Block((ulong)((producer * BlocksEach) + i)));
            }))];
            foreach (IStartedThread producer in producers) producer.Join();
            queue.Dispose();
            Assert.All(writers, count => Assert.Equal(1, count));
        });

    [Fact]
    public void A_full_batch_is_written_without_a_further_block() => SeededScheduler.Explore(Seeds, scheduler =>
    {
        var written = new RankedMonitor(LockRank.WriteBackProgress);
        int count = 0;
        var queue = new WriteBackQueue(scheduler);
        queue.Start(2, batch =>
        {
            using (written.EnterScope())
            {
                count += batch.Count;
                written.PulseAll();
            }
            batch.Clear();
        });
        for (int i = 0; i < WriteBackBatch.BlocksMax; i++) queue.Add(Block((ulong)i));
        using (written.EnterScope())
        {
            while (count < WriteBackBatch.BlocksMax) written.Wait();
        }
        queue.Dispose();
    });

    [Fact]
    public void A_commit_goes_on_after_its_last_step() => SeededScheduler.Explore(Seeds, scheduler =>
    {
        const int Nodes = 3;
        using var threads = new NodeThreads(scheduler);
        int[] runs = new int[Nodes];
        for (int round = 1; round <= 3; round++)
        {
            threads.RunAll([.. Enumerable.Range(0, Nodes).Select(
                node => new NodeStep($"n{node}", () => runs[node]++))]);
            Assert.All(runs, count => Assert.Equal(round, count));
        }
    });

    [Fact]
    public void A_wait_for_progress_ends_when_there_was_some() => SeededScheduler.Explore(Seeds, scheduler =>
    {
        var progress = new WriteProgress();
        int left = 3;
        IStartedThread[] waiters = [.. Enumerable.Range(0, 2).Select(_ => scheduler.Start("waiter", () =>
        {
            while (left > 0) progress.Await(static test => test() > 0, () => left);
        }))];
        while (left > 0)
        {
            left--;
            progress.Signal();
            scheduler.Pause(TimeSpan.Zero);
        }
        foreach (IStartedThread waiter in waiters) waiter.Join();
    });

    [Fact]
    public void Operations_are_in_the_group_that_was_open_when_they_began() =>
        SeededScheduler.Explore(Seeds, scheduler =>
        {
            using var gate = new TransactionGate();
            var running = new HashSet<int>();
            IStartedThread[] operations = [.. Enumerable.Range(0, 3).Select(number => scheduler.Start("operation", () =>
            {
                for (int i = 0; i < 3; i++)
                {
                    gate.Enter();
                    Assert.True(running.Add(number));
                    scheduler.Pause(TimeSpan.Zero);
                    gate.CountLeaf();
                    Assert.True(running.Remove(number));
                    gate.Exit();
                    gate.AwaitClose(1);
                }
            }))];
            int leaves = 0;
            for (int i = 0; i < 3; i++)
            {
                using (gate.EnterExclusive())
                {
                    Assert.Empty(running);
                    leaves += gate.Close().Leaves;
                }
            }
            foreach (IStartedThread operation in operations) operation.Join();
            Assert.Equal(9, leaves + gate.OpenLeaves);
        });

    private static SealedBlock Block(ulong key)
    {
        DirtyBlock block = DirtyBlock.OfContent(new byte[16], 1, 0);
        Assert.True(block.TrySeal());
        return new SealedBlock(TestInodes.Make(1024), key, block, Media.FileBlockBytes, 0, CheckMethod.XxHash64);
    }
}
