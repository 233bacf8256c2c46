// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Transactions;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>Each queued block is written by the one thread that claimed it, whatever claims it elsewhere.</summary>
public sealed class WriteBackQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Claimed_entries_are_passed_over_and_others_come_in_order()
    {
        using var queue = new WriteBackQueue();
        SealedBlock[] blocks = Add(queue, 40);
        foreach (int claimed in new[] { 0, 3, 17, 39 }) Assert.True(blocks[claimed].Block.TryClaim());
        var batch = new WriteBackBatch();
        var taken = new List<ulong>();
        while (queue.TryTake(batch))
        {
            Assert.InRange(batch.Count, 1, WriteBackBatch.BlocksMax);
            foreach (WriteBackItem item in batch.Items)
            {
                Assert.False(item.Sealed.Block.TryClaim());
                taken.Add(item.Sealed.Key);
            }
            batch.Clear();
        }
        Assert.Equal(Enumerable.Range(0, 40).Except([0, 3, 17, 39]).Select(key => (ulong)key), taken);
        Assert.Equal(0, queue.Count);
        Assert.False(queue.HasWorkers);
    }

    [Fact]
    public void A_whole_batch_wakes_a_worker_and_fewer_blocks_wait()
    {
        using var queue = new WriteBackQueue();
        using var written = new BlockingCollection<int>();
        queue.Start(1, batch =>
        {
            written.Add(batch.Count);
            batch.Clear();
        });
        for (int round = 0; round < 5; round++)
        {
            // The worker has a whole batch, so that it did not take the first blocks when they came.
            _ = Add(queue, WriteBackBatch.BlocksMax - 1);
            _ = Add(queue, 1);
            Assert.True(written.TryTake(out int count, Patience));
            Assert.Equal(WriteBackBatch.BlocksMax, count);
        }
        Assert.True(queue.HasWorkers);
    }

    [Theory, InlineData(1), InlineData(3)]
    public void Dispose_writes_what_is_queued(int workers)
    {
        var queue = new WriteBackQueue();
        int written = 0;
        queue.Start(workers, batch =>
        {
            _ = Interlocked.Add(ref written, batch.Count);
            batch.Clear();
        });
        SealedBlock[] blocks = Add(queue, WriteBackBatch.BlocksMax - 3);
        Assert.True(blocks[5].Block.TryClaim());
        queue.Dispose();
        Assert.Equal(blocks.Length - 1, written);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void With_many_threads_each_block_has_one_writer()
    {
        const int Producers = 3, BlocksEach = 3000;
        var queue = new WriteBackQueue();
        int[] writers = new int[Producers * BlocksEach];
        queue.Start(3, batch =>
        {
            foreach (WriteBackItem item in batch.Items) _ = Interlocked.Increment(ref writers[item.Sealed.Key]);
            batch.Clear();
        });
        Thread[] threads = [.. Enumerable.Range(0, Producers).Select(producer => new Thread(() =>
        {
            var random = new SeededRandom((ulong)producer);
            for (int i = 0; i < BlocksEach; i++)
            {
                SealedBlock block = Make((ulong)((producer * BlocksEach) + i));
                queue.Add(block);
                // As a commit does, with blocks of its own group.
                if (random.OneIn(3) && block.Block.TryClaim()) _ = Interlocked.Increment(ref writers[block.Key]);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) Assert.True(thread.Join(Patience));
        queue.Dispose();
        Assert.All(writers, count => Assert.Equal(1, count));
    }

    private static SealedBlock[] Add(WriteBackQueue queue, int count)
    {
        var blocks = new SealedBlock[count];
        for (int i = 0; i < count; i++)
        {
            blocks[i] = Make((ulong)i);
            queue.Add(blocks[i]);
        }
        return blocks;
    }

    private static SealedBlock Make(ulong key)
    {
        DirtyBlock block = DirtyBlock.OfContent(new byte[16], 1, 0);
        Assert.True(block.TrySeal());
        return new SealedBlock(TestInodes.Make(1024), key, block, Media.FileBlockBytes, 0, CheckMethod.XxHash64);
    }
}
