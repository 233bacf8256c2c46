// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Transactions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Sets of inodes that depend on each other are those that a search along the operations finds.</summary>
public sealed class DependentInodesTests
{
    private const int Total = 60;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(40));

    [Theory, MemberData(nameof(Seeds))]
    public void Sets_are_what_operations_connect(ulong seed)
    {
        var random = new SeededRandom(seed);
        var group = new TransactionGroup(1);
        GroupMember[] members = [.. Enumerable.Range(0, Total).Select(i => group.Add(TestInodes.Make((ulong)i)))];
        var joined = new List<(int Left, int Right)>();
        for (int i = random.Below(2 * Total); i > 0; i--)
        {
            (int Left, int Right) pair = (random.Below(Total), random.Below(Total));
            joined.Add(pair);
            DependentInodes.Join(members[pair.Left], members[pair.Right]);
        }
        for (int i = 0; i < Total; i++)
        {
            HashSet<int> expected = Reachable(i, joined);
            for (int other = 0; other < Total; other++)
            {
                bool isSame = DependentInodes.SetOf(members[i]) == DependentInodes.SetOf(members[other]);
                Assert.True(expected.Contains(other) == isSame, $"seed {seed}: {i} and {other}");
            }
        }
        int[] some = [random.Below(Total), random.Below(Total)];
        HashSet<int> leaving = [.. Reachable(some[0], joined), .. Reachable(some[1], joined)];
        Assert.Equal(leaving.Order(),
            Numbers(DependentInodes.AllOf(group.Members, some.Select(index => members[index]))));

        // The circle of a set holds each of its members once.
        var part = new TransactionGroup(2);
        DependentInodes.MoveSet(members[some[0]], group, part);
        Assert.Equal(Reachable(some[0], joined).Order(), Numbers(part.Members));
        Assert.Equal(Enumerable.Range(0, Total).Except(Reachable(some[0], joined)), Numbers(group.Members));
        foreach (TransactionGroup one in new[] { group, part })
        {
            foreach (GroupMember member in one.Members)
            {
                Assert.Equal(one.Number, member.GroupNumber);
                Assert.Same(member, one.Members[member.Index]);
            }
        }
    }

    private static IEnumerable<int> Numbers(IEnumerable<GroupMember> members) =>
        members.Select(member => (int)member.Inode.Inum).Order();

    private static HashSet<int> Reachable(int from, List<(int Left, int Right)> joined)
    {
        var found = new HashSet<int> { from };
        for (int before = 0; before != found.Count;)
        {
            before = found.Count;
            foreach ((int left, int right) in joined)
                if (found.Contains(left) || found.Contains(right)) found.UnionWith([left, right]);
        }
        return found;
    }
}
