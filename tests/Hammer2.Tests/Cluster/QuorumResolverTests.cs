// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// The laws of assembling a cluster, over every combination of up to five nodes that have one of a few roles,
/// tids and stamps.
/// </summary>
public sealed class QuorumResolverTests
{
    private const int NodesMax = 5;

    private static readonly NodeAnswer[] Choices =
    [
        new(NodeRole.Absent, 0, 0, StampState.None),
        new(NodeRole.Returning, 9, 3, StampState.Valid),
        new(NodeRole.Slave, 7, 3, StampState.None),
        new(NodeRole.Master, 7, 3, StampState.None),
        new(NodeRole.Master, 7, 3, StampState.Valid),
        new(NodeRole.Master, 7, 3, StampState.Foreign),
        new(NodeRole.Master, 8, 3, StampState.None),
        new(NodeRole.Master, 8, 0, StampState.Valid),
    ];

    [Fact]
    public void Only_nodes_with_one_and_the_same_commit_are_read()
    {
        foreach (NodeAnswer[] answers in All())
        {
            Assembly assembly = QuorumResolver.Assemble(answers);
            var read = answers.Where((_, i) => assembly.States[i] == NodeState.Synced).ToArray();
            Assert.All(read, answer => Assert.Equal(assembly.CommitTid, answer.CommitTid));
            Assert.True(read.Select(answer => answer.Role).Distinct().Count() <= 1);
            Assert.DoesNotContain(read, answer => answer.Role is NodeRole.Absent or NodeRole.Returning);
        }
    }

    [Fact]
    public void Something_is_read_whenever_a_master_or_slave_is_there()
    {
        foreach (NodeAnswer[] answers in All())
        {
            bool hasReadable = answers.Any(answer => answer.Role is NodeRole.Master or NodeRole.Slave);
            Assert.Equal(hasReadable, QuorumResolver.Assemble(answers).SyncedTotal > 0);
        }
    }

    [Fact]
    public void A_slave_is_read_only_where_there_is_no_master()
    {
        foreach (NodeAnswer[] answers in All())
        {
            if (!answers.Any(answer => answer.Role == NodeRole.Master)) continue;
            Assembly assembly = QuorumResolver.Assemble(answers);
            for (int i = 0; i < answers.Length; i++)
                if (answers[i].Role == NodeRole.Slave) Assert.Equal(NodeState.Passive, assembly.States[i]);
        }
    }

    [Fact]
    public void The_order_of_the_nodes_does_not_matter()
    {
        foreach (NodeAnswer[] answers in All())
        {
            Assembly forward = QuorumResolver.Assemble(answers);
            NodeAnswer[] turned = [.. answers.AsEnumerable().Reverse()];
            Assembly backward = QuorumResolver.Assemble(turned);
            Assert.Equal(forward.States, backward.States.Reverse());
            Assert.Equal(forward.CommitTid, backward.CommitTid);
            Assert.Equal(forward.HasQuorum, backward.HasQuorum);
        }
    }

    /// <summary>The law that all else serves: what was acknowledged is not lost by mounting any majority,
    /// whatever a minority holds beyond or below it.</summary>
    [Fact]
    public void An_acknowledged_commit_is_shown_or_a_later_one_is()
    {
        const ulong acknowledged = 7;
        for (int masters = 1; masters <= NodesMax; masters++)
        {
            int quorum = masters / 2 + 1;
            foreach (int[] held in Tuples(masters, 3))
            {
                if (held.Count(tid => tid >= 1) < quorum) continue;
                foreach (int[] visible in Tuples(masters, 2))
                {
                    var answers = new List<NodeAnswer>();
                    for (int i = 0; i < masters; i++)
                    {
                        if (visible[i] == 1)
                            answers.Add(new(
                                NodeRole.Master, acknowledged - 1 + (ulong)held[i], masters,
                                StampState.None));
                    }
                    if (answers.Count < quorum) continue;
                    Assembly assembly = QuorumResolver.Assemble(answers.ToArray());
                    Assert.True(assembly.HasQuorum);
                    Assert.True(assembly.CommitTid >= acknowledged);
                }
            }
        }
    }

    [Fact]
    public void A_minority_has_no_quorum()
    {
        for (int masters = 1; masters <= 8; masters++)
        {
            for (int present = 1; present <= masters; present++)
            {
                NodeAnswer[] answers = new NodeAnswer[present];
                Array.Fill(answers, new NodeAnswer(NodeRole.Master, 1, masters, StampState.None));
                Assert.Equal(present > masters / 2, QuorumResolver.Assemble(answers).HasQuorum);
            }
        }
    }

    [Fact]
    public void An_unacknowledged_commit_of_one_node_loses_to_the_majority()
    {
        Assembly assembly = QuorumResolver.Assemble(
        [
            new(NodeRole.Master, 6, 3, StampState.None),
            new(NodeRole.Master, 7, 3, StampState.None),
            new(NodeRole.Master, 6, 3, StampState.None),
        ]);
        Assert.Equal([NodeState.Synced, NodeState.Stale, NodeState.Synced], assembly.States);
    }

    [Fact]
    public void Absent_nodes_count_as_masters_where_media_does_not_say_how_many_there_are()
    {
        Assembly assembly = QuorumResolver.Assemble(
        [
            new(NodeRole.Master, 6, 0, StampState.None),
            new(NodeRole.Absent, 0, 0, StampState.None),
            new(NodeRole.Absent, 0, 0, StampState.None),
        ]);
        Assert.Equal((3, 2, false), (assembly.MastersTotal, assembly.Quorum, assembly.HasQuorum));
    }

    private static IEnumerable<NodeAnswer[]> All()
    {
        for (int nodes = 1; nodes <= NodesMax; nodes++)
            foreach (int[] picks in Tuples(nodes, Choices.Length))
                yield return Array.ConvertAll(picks, pick => Choices[pick]);
    }

    private static IEnumerable<int[]> Tuples(int length, int radix)
    {
        var tuple = new int[length];
        while (true)
        {
            yield return tuple;
            int place = 0;
            while (place < length && ++tuple[place] == radix) tuple[place++] = 0;
            if (place == length) yield break;
        }
    }
}
