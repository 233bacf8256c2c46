// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Threading;
using Hammer2.Cluster.Transactions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>The nodes' parts of a commit: all run, side by side, and the caller goes on after the last.</summary>
public sealed class NodeThreadsTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(8)]
    public void Every_step_runs_once_in_each_of_many_rounds(int nodes)
    {
        using var threads = new NodeThreads();
        int[] runs = new int[nodes];
        for (int round = 1; round <= 500; round++)
        {
            threads.RunAll([.. Enumerable.Range(0, nodes).Select(
                node => new NodeStep($"n{node}", () => Interlocked.Increment(ref runs[node])))]);
            foreach (int count in runs) Assert.Equal(round, count);
        }
    }

    [Fact]
    public void Steps_run_side_by_side()
    {
        const int Nodes = 4;
        using var threads = new NodeThreads();
        using var together = new Barrier(Nodes);
        int met = 0;
        for (int round = 0; round < 20; round++)
        {
            threads.RunAll([.. Enumerable.Range(0, Nodes).Select(node => new NodeStep($"n{node}", () =>
            {
                if (together.SignalAndWait(TimeSpan.FromSeconds(60))) _ = Interlocked.Increment(ref met);
            }))]);
        }
        Assert.Equal(20 * Nodes, met);
    }

    [Fact]
    public void An_exception_of_a_step_reaches_the_caller_when_the_others_ended_and_the_threads_go_on()
    {
        using var threads = new NodeThreads();
        int caller = Environment.CurrentManagedThreadId;
        using var together = new Barrier(2);
        using var isThrown = new ManualResetEventSlim();
        bool isOtherEnded = false;
        // The step that the caller runs throws; the other one ends after that.
        void Work()
        {
            _ = together.SignalAndWait(TimeSpan.FromSeconds(60));
            if (Environment.CurrentManagedThreadId == caller)
            {
                isThrown.Set();
                throw new InvalidOperationException("on purpose");
            }
            _ = isThrown.Wait(TimeSpan.FromSeconds(60));
            Thread.Yield();
            Volatile.Write(ref isOtherEnded, true);
        }
        NodeStep[] steps = [new("a", Work), new("b", Work)];
        for (int round = 0; round < 50; round++)
        {
            isThrown.Reset();
            isOtherEnded = false;
            Assert.Equal("on purpose", Assert.Throws<InvalidOperationException>(() => threads.RunAll(steps)).Message);
            Assert.True(Volatile.Read(ref isOtherEnded));
        }
        int runs = 0;
        threads.RunAll([.. Enumerable.Range(0, 3).Select(
            node => new NodeStep($"n{node}", () => Interlocked.Increment(ref runs)))]);
        Assert.Equal(3, runs);
    }

    // Steps that no thread began when the caller's step threw belong to a commit that failed.
    [Fact]
    public void Steps_that_were_not_begun_are_not_run_after_an_exception()
    {
        using var threads = new NodeThreads();
        int runs = 0;
        Assert.Throws<InvalidOperationException>(() => threads.RunAll(
            [new NodeStep("a", () => throw new InvalidOperationException())]));
        threads.RunAll([]);
        threads.RunAll([new NodeStep("b", () => runs++)]);
        Assert.Equal(1, runs);
    }
}
