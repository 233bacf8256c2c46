// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Numbers grow, no attempt uses one again, and what a partial commit left out is newer than it.</summary>
public sealed class CommitNumbersTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(10));

    [Theory, MemberData(nameof(Seeds))]
    public void Numbers_of_operations_groups_and_attempts_are_all_different_and_grow(ulong seed)
    {
        var random = new SeededRandom(seed);
        using ClusterMount mount = Mount(nodes: random.OneIn(2) ? 3 : 1);
        var numbers = new CommitNumbers(mount.Pfs.ClusterNodes, random.NextUInt64);
        var used = new HashSet<ulong>();
        var ids = new HashSet<ulong>();
        ulong lastOperation = 0, lastGroup = 0;
        for (int group = 0; group < 50; group++)
        {
            for (int i = random.Below(4); i > 0; i--)
            {
                ulong operation = numbers.NextOperation();
                Assert.True(operation > lastOperation && used.Add(operation), $"seed {seed}: {operation}");
                lastOperation = operation;
            }
            ulong commitBefore = numbers.LastCommit;
            CommitIds attempt = random.OneIn(4) ? numbers.NextEmptyCommit() : numbers.NextCommit();
            Assert.True(attempt.Tid > lastOperation && attempt.Tid > lastGroup, $"seed {seed}: {attempt}");
            Assert.True(attempt.Floor > commitBefore, $"seed {seed}: {attempt} after {commitBefore}");
            Assert.True(attempt.Floor <= attempt.Tid, $"seed {seed}: {attempt}");
            AssertNew(attempt);
            lastGroup = attempt.Tid;
        }

        void AssertNew(CommitIds attempt)
        {
            Assert.True(used.Add(attempt.Tid), $"seed {seed}: {attempt.Tid} was used before");
            Assert.Equal(numbers.IsCluster, attempt.Cluster is not null);
            if (attempt.Cluster is not { } cluster) return;
            Assert.True(ids.Add(cluster.CommitId), $"seed {seed}: {cluster.CommitId} was used before");
            Assert.Equal((3, true), (cluster.Masters, cluster.CommitId != 0));
        }
    }

    [Theory, InlineData(1), InlineData(3)]
    public void Attempts_have_numbers_of_their_own_below_those_of_the_next_group(int nodes)
    {
        using ClusterMount mount = Mount(nodes);
        var random = new SeededRandom(1);
        var numbers = new CommitNumbers(mount.Pfs.ClusterNodes, random.NextUInt64);
        CommitIds attempt = numbers.NextCommit();
        ulong nextOperation = numbers.NextOperation();
        var tids = new HashSet<ulong> { attempt.Tid };
        var ids = new HashSet<ClusterCommit?> { attempt.Cluster };
        for (int before = 1; before < 8; before++)
        {
            CommitIds next = numbers.NextAttempt(attempt, before);
            Assert.True(next.Tid > attempt.Tid);
            Assert.Equal(attempt.Floor, next.Floor);
            Assert.True(tids.Add(next.Tid));
            Assert.Equal(numbers.IsCluster, ids.Add(next.Cluster));
            Assert.Equal(next.Tid, numbers.LastCommit);
            if (before < 4) Assert.True(next.Tid < nextOperation);
            attempt = next;
        }
        CommitIds following = numbers.NextCommit();
        Assert.True(following.Floor > attempt.Tid && following.Tid >= following.Floor);
    }

    [Fact]
    public void A_random_number_of_zero_is_no_id()
    {
        using ClusterMount mount = Mount(nodes: 3);
        Assert.NotEqual(0UL, new CommitNumbers(mount.Pfs.ClusterNodes, () => 0).NextCommit().Cluster!.Value.CommitId);
    }

    [Fact]
    public void An_epoch_begins_above_all_numbers_in_use()
    {
        using ClusterMount mount = Mount(nodes: 3);
        var numbers = new CommitNumbers(mount.Pfs.ClusterNodes, new SeededRandom(1).NextUInt64);
        for (int i = 0; i < 3; i++)
        {
            ulong last = numbers.NextOperation(), commit = numbers.NextCommit().Tid;
            Assert.True(numbers.TryBeginEpoch(out CommitIds first));
            Assert.Equal(CommitNumber.EpochOf(commit) + 1, CommitNumber.EpochOf(first.Tid));
            Assert.Equal(commit + 1, first.Floor);
            Assert.Equal(first.Tid, numbers.LastCommit);
            Assert.True(first.Tid > last && numbers.NextOperation() > first.Tid);
            Assert.False(numbers.NeedsEpoch);
        }
    }

    [Fact]
    public void Threads_never_get_the_same_number()
    {
        using ClusterMount mount = Mount(nodes: 1);
        var numbers = new CommitNumbers(mount.Pfs.ClusterNodes, new SeededRandom(1).NextUInt64);
        ulong[][] drawn = [.. Enumerable.Range(0, 4).Select(_ => new ulong[5000])];
        Thread[] threads = [.. drawn.Select(own => new Thread(() =>
        {
            for (int i = 0; i < own.Length; i++) own[i] = numbers.NextOperation();
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(20_000, drawn.SelectMany(own => own).Distinct().Count());
        foreach (ulong[] own in drawn) Assert.Equal(own.Order(), own);
    }

    private static ClusterMount Mount(int nodes)
    {
        IBlockDevice[] disks = NewVolume.NodesInMemory(nodes);
        return ModelMount.Open(disks, nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel);
    }
}
