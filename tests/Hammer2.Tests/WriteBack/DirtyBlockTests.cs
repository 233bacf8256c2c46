// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>States of a dirty block only go forward, and each thing that it owns has one taker.</summary>
public sealed class DirtyBlockTests
{
    private const long ReservedBytes = Media.FileBlockBytes;
    private static readonly Blockref[] References = [new() { Data = new DataOffset(1 << 20, 16) }];
    private static readonly DirtyBlockState[] States = Enum.GetValues<DirtyBlockState>();

    // What seals, fails, finishes and drops a block; a dash where it says no and nothing changes.
    private static readonly Dictionary<DirtyBlockState, string[]> Transitions = new()
    {
        [DirtyBlockState.Open] = ["Sealed", "-", "-", "Dropped"],
        [DirtyBlockState.Sealed] = ["-", "Failed", "Stored", "Dropped"],
        [DirtyBlockState.Stored] = ["-", "-", "-", "Dropped"],
        [DirtyBlockState.Dropped] = ["-", "-", "-", "Dropped"],
        [DirtyBlockState.Failed] = ["-", "-", "-", "Dropped"],
    };

    [Fact]
    public void Every_transition_from_every_state_leads_where_the_table_says()
    {
        Assert.Equal(States, Transitions.Keys.Order());
        foreach (DirtyBlockState state in States)
        {
            Func<DirtyBlock, bool>[] attempts =
            [
                block => block.TrySeal(), block => block.TryFail(), block => block.TryFinish(References),
                block => block.Drop() == state,
            ];
            for (int i = 0; i < attempts.Length; i++)
            {
                DirtyBlock block = In(state);
                string expected = Transitions[state][i];
                bool isDone = attempts[i](block);
                Assert.True(isDone == (expected != "-"), $"{state}, attempt {i}: {isDone}");
                Assert.Equal(expected == "-" ? state.ToString() : expected, block.State.ToString());
            }
        }
    }

    [Fact]
    public void Content_and_reservation_have_one_taker_in_every_state()
    {
        foreach (DirtyBlockState state in States)
        {
            DirtyBlock block = In(state);
            byte[]? content = block.Content;
            Assert.NotNull(content);
            Assert.Same(content, block.TakeContent());
            Assert.Null(block.TakeContent());
            Assert.Null(block.Content);
            Assert.Equal(ReservedBytes, block.TakeReservation());
            Assert.Equal(0, block.TakeReservation());
        }
    }

    [Fact]
    public void A_stored_block_is_known_before_its_content_goes()
    {
        DirtyBlock block = In(DirtyBlockState.Stored);
        Assert.Same(References, block.Stored);
        Assert.NotNull(block.TakeContent());
        Assert.False(block.IsHole);
        DirtyBlock zeros = In(DirtyBlockState.Sealed);
        Assert.False(zeros.IsHole);
        Assert.True(zeros.TryFinish(null));
        Assert.True(zeros.IsHole);
        Assert.NotNull(zeros.TakeContent());
        Assert.True(zeros.IsHole);
    }

    [Fact]
    public void Blocks_that_begin_stored_own_neither_bytes_nor_a_reservation()
    {
        DirtyBlock hole = DirtyBlock.OfHole(5), shared = DirtyBlock.OfStored(References, 5);
        Assert.Equal((true, 0L, false), (hole.IsHole, hole.ChargedBytes, hole.IsShared));
        Assert.Equal((false, (long)Media.FileBlockBytes, true), (shared.IsHole, shared.ChargedBytes, shared.IsShared));
        foreach (DirtyBlock block in new[] { hole, shared })
        {
            Assert.Equal((DirtyBlockState.Stored, 5UL), (block.State, block.ModifyTid));
            Assert.Null(block.TakeContent());
            Assert.Equal(0, block.TakeReservation());
            Assert.False(block.TrySeal());
        }
    }

    [Fact]
    public void Of_threads_that_race_one_seals_one_claims_and_one_takes()
    {
        const int ThreadsTotal = 4, Blocks = 2000;
        DirtyBlock[] blocks = [.. Enumerable.Range(0, Blocks).Select(_ => In(DirtyBlockState.Open))];
        int[] wins = new int[5];
        using var round = new Barrier(ThreadsTotal);
        Thread[] threads = [.. Enumerable.Range(0, ThreadsTotal).Select(_ => new Thread(() =>
        {
            foreach (DirtyBlock block in blocks)
            {
                round.SignalAndWait();
                Count(0, block.TrySeal());
                Count(1, block.TryClaim());
                Count(2, block.TryFinish(References) | block.TryFail());
                Count(3, block.TakeContent() is not null);
                Count(4, block.TakeReservation() != 0);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(wins, count => Assert.Equal(Blocks, count));

        void Count(int what, bool isWon)
        {
            if (isWon) _ = Interlocked.Increment(ref wins[what]);
        }
    }

    // A drop that comes while the block is stored finds it stored, or the thread that stores it is told.
    [Fact]
    public void A_dropped_block_and_the_space_stored_for_it_have_one_owner()
    {
        for (int i = 0; i < 500; i++)
        {
            DirtyBlock block = In(DirtyBlockState.Sealed);
            using var start = new Barrier(2);
            bool isFinished = false;
            var storing = new Thread(() =>
            {
                start.SignalAndWait();
                isFinished = block.TryFinish(References);
            });
            storing.Start();
            start.SignalAndWait();
            DirtyBlockState before = block.Drop();
            storing.Join();
            Assert.Equal(isFinished, before == DirtyBlockState.Stored);
            Assert.Equal(DirtyBlockState.Dropped, block.State);
        }
    }

    private static DirtyBlock In(DirtyBlockState state)
    {
        DirtyBlock block = DirtyBlock.OfContent(new byte[Media.FileBlockBytes], 5, ReservedBytes);
        if (state is DirtyBlockState.Sealed or DirtyBlockState.Stored or DirtyBlockState.Failed)
            Assert.True(block.TrySeal());
        if (state == DirtyBlockState.Stored) Assert.True(block.TryFinish(References));
        if (state == DirtyBlockState.Failed) Assert.True(block.TryFail());
        if (state == DirtyBlockState.Dropped) Assert.Equal(DirtyBlockState.Open, block.Drop());
        Assert.Equal(state, block.State);
        return block;
    }
}
