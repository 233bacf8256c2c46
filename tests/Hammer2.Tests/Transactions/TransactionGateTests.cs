// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster.Transactions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>
/// Goal: a group, or a part of one, holds the changes of whole operations, and the counts of what is open are exact.
/// Method: random operations, closings and reversals beside a model that keeps plain sets of inode numbers.
/// </summary>
public sealed class TransactionGateTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(40));

    [Theory, MemberData(nameof(Seeds))]
    public void Parts_are_exactly_the_sets_of_the_operations(ulong seed)
    {
        using var run = new GateRun(seed);
        for (int step = 0; step < 400; step++) run.Step();
        run.CloseAll();
    }

    [Fact]
    public void Closing_waits_for_the_operations_that_run()
    {
        using var gate = new TransactionGate();
        bool isEnded = false, sawEnd = false, isInside = false;
        gate.Enter();
        var closing = new Thread(() =>
        {
            using TransactionGate.Exclusion exclusion = gate.EnterExclusive();
            sawEnd = Volatile.Read(ref isEnded);
            Volatile.Write(ref isInside, true);
        })
        { IsBackground = true };
        closing.Start();
        Assert.True(SpinWait.SpinUntil(
            () => closing.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || Volatile.Read(ref isInside),
            TimeSpan.FromSeconds(60)));
        Assert.False(Volatile.Read(ref isInside));
        Volatile.Write(ref isEnded, true);
        gate.Exit();
        Assert.True(closing.Join(TimeSpan.FromSeconds(60)));
        Assert.True(sawEnd);
        // The exclusion ended, too.
        gate.Enter();
        gate.Exit();
    }

    [Fact]
    public void Only_an_inode_of_a_closed_group_needs_freezing_and_only_once()
    {
        using var gate = new TransactionGate();
        DirtyInode inode = TestInodes.Make(1024);
        Assert.False(gate.NeedsFreezing(inode));
        Assert.True(gate.TryAdd(inode));
        Assert.False(gate.TryAdd(inode));
        Assert.False(gate.NeedsFreezing(inode));
        TransactionGroup closed = gate.Close();
        Assert.True(gate.NeedsFreezing(inode));
        FrozenInode image = inode.Freeze();
        Assert.Same(image, Assert.Single(closed.Members).Image);
        Assert.False(gate.NeedsFreezing(inode));
        Assert.True(gate.TryAdd(inode));
        Assert.Equal((1, 1), (gate.OpenInodes, closed.Members.Count));
        Assert.NotSame(closed.Members[0], inode.Member);
    }

    [Fact]
    public void Waiting_for_a_close_ends_with_it()
    {
        using var gate = new TransactionGate();
        bool isOver = false;
        var waiting = new Thread(() =>
        {
            gate.AwaitClose(Timeout.Infinite);
            Volatile.Write(ref isOver, true);
        })
        { IsBackground = true };
        waiting.Start();
        Assert.True(SpinWait.SpinUntil(
            () => waiting.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(60)));
        Assert.False(Volatile.Read(ref isOver));
        _ = gate.Close();
        Assert.True(waiting.Join(TimeSpan.FromSeconds(60)));
    }

    /// <summary>The gate beside its model.</summary>
    private sealed class GateRun : IDisposable
    {
        private const int InodesTotal = 40;

        private readonly ulong _seed;
        private readonly SeededRandom _random;
        private readonly TransactionGate _gate = new();
        private readonly DirtyInode[] _inodes = new DirtyInode[InodesTotal];
        private readonly long[] _charged = new long[InodesTotal];
        private readonly List<HashSet<int>> _open = [];
        private int _leaves;

        public GateRun(ulong seed)
        {
            _seed = seed;
            _random = new SeededRandom(seed);
            for (int i = 0; i < InodesTotal; i++) _inodes[i] = TestInodes.Make((ulong)i);
        }

        public void Step()
        {
            switch (_random.Below(12))
            {
                case 0:
                    ClosePart();
                    break;
                case 1:
                    GiveUp();
                    break;
                case 2 when _random.OneIn(5):
                    CloseAll();
                    break;
                default:
                    Operate();
                    break;
            }
            AssertOpen();
        }

        public void CloseAll()
        {
            TransactionGroup closed;
            using (_gate.EnterExclusive()) closed = _gate.Close();
            Assert.True(_leaves == closed.Leaves, $"seed {_seed}: {closed.Leaves} leaves");
            AssertClosed(closed, [.. _open]);
            _leaves = 0;
            AssertOpen();
        }

        public void Dispose() => _gate.Dispose();

        private void Operate()
        {
            _gate.Enter();
            DirtyInode? first = null;
            int count = 1 + _random.Below(_random.OneIn(3) ? InodeLocks.AtOnceMax : 1);
            for (int i = 0; i < count; i++)
            {
                int inum = _random.Below(InodesTotal);
                DirtyInode inode = _inodes[inum];
                if (_gate.NeedsFreezing(inode)) _ = inode.Freeze();
                bool isNew = !_open.Exists(set => set.Contains(inum));
                Assert.True(isNew == _gate.TryAdd(inode), $"seed {_seed}: inode {inum}");
                if (isNew) _open.Add([inum]);
                long bytes = _random.Below(100_000);
                _gate.Charge(inode, bytes);
                _charged[inum] += bytes;
                _gate.CountLeaf();
                _leaves++;
                if (first is null) first = inode;
                else
                {
                    _gate.Join(first, inode);
                    Merge((int)first.Inum, inum);
                }
            }
            _gate.Exit();
        }

        private void Merge(int left, int right)
        {
            HashSet<int> one = _open.Find(set => set.Contains(left))!, other = _open.Find(set => set.Contains(right))!;
            if (one == other) return;
            one.UnionWith(other);
            _ = _open.Remove(other);
        }

        private void ClosePart()
        {
            int[] asked = [.. Enumerable.Range(0, 1 + _random.Below(3)).Select(_ => _random.Below(InodesTotal))];
            TransactionGroup part;
            using (_gate.EnterExclusive()) part = _gate.CloseDependents(asked.Select(inum => _inodes[inum]));
            AssertClosed(part, _open.FindAll(set => set.Overlaps(asked)));
        }

        private void GiveUp()
        {
            int[] asked = [_random.Below(InodesTotal), _random.Below(InodesTotal)];
            List<HashSet<int>> expected = _open.FindAll(set => set.Overlaps(asked));
            using TransactionGate.Exclusion exclusion = _gate.EnterExclusive();
            HashSet<GroupMember> leaving = _gate.DependentsOf(asked.Select(inum => _inodes[inum]));
            AssertSets(expected, leaving);
            foreach (GroupMember member in leaving)
            {
                _gate.Remove(member);
                _ = member.Inode.Revert();
                _charged[member.Inode.Inum] = 0;
            }
            _ = _open.RemoveAll(expected.Contains);
        }

        // Some of a closed group are frozen now, by the commit, and some when an operation changes them.
        private void AssertClosed(TransactionGroup closed, List<HashSet<int>> expected)
        {
            AssertSets(expected, closed.Members);
            long bytes = 0;
            foreach (GroupMember member in closed.Members)
            {
                int inum = (int)member.Inode.Inum;
                Assert.Equal(closed.Number, member.GroupNumber);
                Assert.True(_gate.NeedsFreezing(member.Inode), $"seed {_seed}: inode {inum}");
                Assert.Equal(_charged[inum], member.ReservedBytes);
                bytes += _charged[inum];
                _charged[inum] = 0;
                if (_random.OneIn(2)) _ = member.Inode.Freeze();
            }
            Assert.True(bytes == closed.ReservedBytes, $"seed {_seed}: {closed.ReservedBytes} bytes, not {bytes}");
            _ = _open.RemoveAll(expected.Contains);
        }

        private static void AssertSets(List<HashSet<int>> expected, IEnumerable<GroupMember> members) => Assert.Equal(
            expected.SelectMany(set => set).Order(), members.Select(member => (int)member.Inode.Inum).Order());

        private void AssertOpen()
        {
            Assert.True(_open.Sum(set => set.Count) == _gate.OpenInodes, $"seed {_seed}: {_gate.OpenInodes} inodes");
            Assert.True(_charged.Sum() == _gate.OpenReservedBytes, $"seed {_seed}: {_gate.OpenReservedBytes} bytes");
            Assert.True(_leaves == _gate.OpenLeaves, $"seed {_seed}: {_gate.OpenLeaves} leaves");
        }
    }
}
