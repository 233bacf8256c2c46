// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Membership;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// The laws of assembling a cluster, over every combination of up to five nodes that have one of a few roles,
/// commits and stamps; and the single rules.
/// </summary>
public sealed class QuorumResolverTests
{
    private const int NodesMax = 5;

    private static readonly NodeFacts[] Choices =
    [
        NodeFacts.Missing,
        Node(9, 3, StampState.Valid) with { Role = NodeRole.Returning },
        Node(7, 3) with { Role = NodeRole.Slave },
        Node(7, 3),
        Node(7, 3, StampState.Valid),
        Node(7, 3, StampState.Valid) with { IsUncertain = true },
        Node(7, 3, StampState.Foreign),
        Node(8, 3),
        Node(8, 0, StampState.Valid),
        Node(7, 3, StampState.Valid) with { Prepared = new(8, 80), IsPreparedTorn = true },
    ];

    [Fact]
    public void Only_nodes_with_one_and_the_same_commit_are_read()
    {
        foreach (NodeFacts[] facts in All())
        {
            MembershipDecision membership = QuorumResolver.Resolve(facts);
            for (int i = 0; i < facts.Length; i++)
            {
                if (membership.States[i] != NodeState.Synced) continue;
                CommitPoint held = membership.Adopts[i] ? facts[i].Prepared!.Value : facts[i].Commit;
                Assert.Equal(membership.Commit, held);
                Assert.True(facts[i].Role is NodeRole.Master or NodeRole.Slave);
            }
        }
    }

    [Fact]
    public void Only_the_commit_that_is_shown_is_finished()
    {
        foreach (NodeFacts[] facts in All())
        {
            MembershipDecision membership = QuorumResolver.Resolve(facts);
            for (int i = 0; i < facts.Length; i++)
                if (membership.Adopts[i]) Assert.Equal(membership.Commit, facts[i].Prepared);
        }
    }

    [Fact]
    public void Something_is_read_whenever_a_master_or_slave_is_there()
    {
        foreach (NodeFacts[] facts in All())
        {
            bool hasReadable = facts.Any(node => node.Role is NodeRole.Master or NodeRole.Slave);
            Assert.Equal(hasReadable, QuorumResolver.Resolve(facts).SyncedTotal > 0);
        }
    }

    [Fact]
    public void A_slave_is_read_only_where_there_is_no_master()
    {
        foreach (NodeFacts[] facts in All())
        {
            if (!facts.Any(node => node.Role == NodeRole.Master)) continue;
            MembershipDecision membership = QuorumResolver.Resolve(facts);
            for (int i = 0; i < facts.Length; i++)
                if (facts[i].Role == NodeRole.Slave) Assert.Equal(NodeState.Passive, membership.States[i]);
        }
    }

    [Fact]
    public void The_order_of_the_nodes_does_not_matter()
    {
        foreach (NodeFacts[] facts in All())
        {
            MembershipDecision forward = QuorumResolver.Resolve(facts);
            NodeFacts[] turned = [.. facts.AsEnumerable().Reverse()];
            MembershipDecision backward = QuorumResolver.Resolve(turned);
            Assert.Equal(forward.States, backward.States.Reverse());
            Assert.Equal(forward.Adopts, backward.Adopts.Reverse());
            Assert.Equal((forward.Commit, forward.Obstacle), (backward.Commit, backward.Obstacle));
        }
    }

    [Fact]
    public void Nothing_is_written_unless_a_quorum_certainly_holds_the_commit()
    {
        foreach (NodeFacts[] facts in All())
        {
            MembershipDecision membership = QuorumResolver.Resolve(facts);
            if (membership.Obstacle != WriteObstacle.None || membership.MastersTotal == 1) continue;
            int certain = Enumerable.Range(0, facts.Length).Count(i =>
                membership.States[i] == NodeState.Synced && facts[i] is { Role: NodeRole.Master, IsUncertain: false });
            Assert.InRange(certain, membership.Quorum, NodesMax);
            Assert.InRange(membership.MastersPresent, membership.Quorum, membership.MastersTotal);
        }
    }

    /// <summary>The law that all else serves: what was acknowledged is not lost by mounting any majority,
    /// whatever a minority holds beyond or below it, and whichever nodes fell back to an older header.</summary>
    [Fact]
    public void An_acknowledged_commit_is_shown_or_a_later_one_is()
    {
        const ulong acknowledged = 7;
        for (int masters = 1; masters <= NodesMax; masters++)
        {
            int quorum = (masters / 2) + 1;
            foreach (int[] held in Tuples(masters, 3))
            {
                if (held.Count(number => number >= 1) < quorum) continue;
                // 0: not here; 1: as it is; 2: its newest header is torn, so that it shows the one before.
                foreach (int[] visible in Tuples(masters, 3))
                {
                    var facts = new List<NodeFacts>();
                    for (int i = 0; i < masters; i++)
                    {
                        ulong number = acknowledged - 1 + (ulong)held[i];
                        if (visible[i] == 1) facts.Add(Node(number, masters, StampState.Valid));
                        if (visible[i] == 2)
                            facts.Add(Node(number - 1, masters, StampState.Valid) with { IsUncertain = true });
                    }
                    // A sole master has no sibling that knows better.
                    if (facts.Count < quorum || (masters == 1 && visible[0] == 2)) continue;
                    MembershipDecision membership = QuorumResolver.Resolve(facts.ToArray());
                    bool isShown = membership.Commit.Number >= acknowledged;
                    Assert.True(isShown || membership.Obstacle != WriteObstacle.None);
                    if (facts.Any(node => node.Commit.Number >= acknowledged)) Assert.True(isShown);
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
                NodeFacts[] facts = new NodeFacts[present];
                Array.Fill(facts, Node(1, masters));
                MembershipDecision membership = QuorumResolver.Resolve(facts);
                Assert.Equal(present > masters / 2, membership.HasQuorum);
                Assert.Equal(present > masters / 2, membership.Obstacle == WriteObstacle.None);
            }
        }
    }

    [Fact]
    public void An_unacknowledged_commit_of_one_node_loses_to_the_majority_and_is_called_newer() =>
        AssertStates(
            [Node(6, 3), Node(7, 3), Node(6, 3)], [NodeState.Synced, NodeState.Newer, NodeState.Synced],
            WriteObstacle.None);

    [Fact]
    public void A_node_that_fell_back_proves_nothing_against_a_newer_commit() =>
        AssertStates(
            [Node(6, 3) with { IsUncertain = true }, Node(7, 3), Node(6, 3)],
            [NodeState.Uncertain, NodeState.Synced, NodeState.Stale], WriteObstacle.Uncertain);

    [Fact]
    public void A_node_in_doubt_is_level_when_a_quorum_without_doubt_holds_its_commit() =>
        AssertStates(
            [Node(7, 3) with { IsUncertain = true }, Node(7, 3), Node(7, 3)],
            [NodeState.Synced, NodeState.Synced, NodeState.Synced], WriteObstacle.None);

    [Fact]
    public void A_prepared_commit_that_was_begun_is_finished()
    {
        NodeFacts behind = Node(6, 3, StampState.Valid) with { Prepared = new(7, 70) };
        NodeFacts done = Node(7, 3, StampState.Valid);
        MembershipDecision membership = QuorumResolver.Resolve([done, behind, behind]);
        Assert.Equal([false, true, true], membership.Adopts);
        Assert.Equal((new CommitPoint(7, 70), WriteObstacle.None), (membership.Commit, membership.Obstacle));
        // Also when the node that began is torn, and when the third is away.
        Assert.Equal([true, true], QuorumResolver.Resolve([behind with { IsPreparedTorn = true }, behind]).Adopts);
        Assert.Equal([false, true], QuorumResolver.Resolve([done, behind]).Adopts);
    }

    [Fact]
    public void A_prepared_commit_stays_where_it_is_unless_it_was_begun_on_a_quorum()
    {
        NodeFacts behind = Node(6, 3, StampState.Valid) with { Prepared = new(7, 70) };
        AssertStates(
            [behind, behind, behind], [NodeState.Synced, NodeState.Synced, NodeState.Synced], WriteObstacle.None);
        // The same number is not the same attempt.
        NodeFacts other = Node(7, 3, StampState.Valid) with { Commit = new(7, 71) };
        AssertStates(
            [other, behind, Node(6, 3, StampState.Valid)],
            [NodeState.Newer, NodeState.Synced, NodeState.Synced], WriteObstacle.None);
    }

    [Fact]
    public void An_older_prepared_commit_is_not_finished_beside_a_later_one()
    {
        NodeFacts newest = Node(8, 7, StampState.Valid), older = Node(7, 7, StampState.Valid);
        NodeFacts lost = older with { IsUncertain = true };
        // A quorum holds or has prepared 7; 8 was acknowledged by four, of which two lost their headers.
        NodeFacts[] facts =
        [
            newest, newest, lost, lost, older with { Prepared = newest.Commit },
            Node(6, 7, StampState.Valid) with { Prepared = older.Commit }, NodeFacts.Missing,
        ];
        MembershipDecision membership = QuorumResolver.Resolve(facts);
        Assert.Equal(newest.Commit, membership.Commit);
        Assert.DoesNotContain(true, membership.Adopts);
        Assert.Equal(WriteObstacle.Uncertain, membership.Obstacle);
    }

    [Fact]
    public void Foreign_changes_do_not_outvote_stamped_commits()
    {
        NodeFacts foreign = Node(9, 3, StampState.Foreign);
        AssertStates(
            [Node(7, 3, StampState.Valid), Node(7, 3, StampState.Valid), foreign],
            [NodeState.Synced, NodeState.Synced, NodeState.Foreign], WriteObstacle.None);
        AssertStates(
            [Node(7, 3, StampState.Valid), foreign, foreign],
            [NodeState.Synced, NodeState.Foreign, NodeState.Foreign], WriteObstacle.Split);
        AssertStates([foreign, foreign], [NodeState.Synced, NodeState.Synced], WriteObstacle.None);
    }

    [Fact]
    public void One_number_with_two_ids_is_a_split()
    {
        NodeFacts other = Node(7, 3, StampState.Valid) with { Commit = new(7, 71) };
        Assert.Equal(
            WriteObstacle.Split, QuorumResolver.Resolve([Node(7, 3, StampState.Valid), other, Node(6, 3)]).Obstacle);
    }

    [Fact]
    public void A_returning_node_never_counts() =>
        AssertStates(
            [Node(7, 3), Node(7, 3) with { Role = NodeRole.Returning }], [NodeState.Synced, NodeState.Stale],
            WriteObstacle.NoQuorum);

    [Fact]
    public void A_node_that_is_to_join_a_sole_master_does_not_keep_it_from_being_written()
    {
        NodeFacts joiner = Node(0, 1) with { Role = NodeRole.Returning };
        AssertStates([Node(7, 0), joiner], [NodeState.Synced, NodeState.Stale], WriteObstacle.None);
        AssertStates(
            [Node(7, 0, StampState.Valid), joiner, joiner], [NodeState.Synced, NodeState.Stale, NodeState.Stale],
            WriteObstacle.None);
        // One that was made for a cluster of three is a sign of others.
        AssertStates(
            [Node(7, 0), joiner with { MastersStored = 3 }], [NodeState.Synced, NodeState.Stale],
            WriteObstacle.MastersUnknown);
    }

    [Fact]
    public void More_masters_than_the_cluster_has_are_not_written() =>
        Assert.Equal(
            WriteObstacle.TooManyMasters,
            QuorumResolver.Resolve([Node(7, 3), Node(7, 3), Node(7, 3), Node(7, 3)]).Obstacle);

    [Fact]
    public void An_absurd_number_of_masters_on_one_node_is_passed_over()
    {
        MembershipDecision membership = QuorumResolver.Resolve([Node(7, 200), Node(7, 3), Node(7, 3)]);
        Assert.Equal((3, WriteObstacle.None), (membership.MastersTotal, membership.Obstacle));
        // One that is possible, and that the others do not share, does not count either.
        Assert.Equal(3, QuorumResolver.Resolve([Node(7, 8), Node(7, 3), Node(7, 3)]).MastersTotal);
        Assert.Equal(WriteObstacle.MastersUnknown, QuorumResolver.Resolve([Node(7, 200)]).Obstacle);
    }

    [Fact]
    public void The_newest_commit_says_how_many_masters_there_are()
    {
        // A survivor that was reduced to one, and the one that it left behind.
        MembershipDecision membership =
            QuorumResolver.Resolve([Node(9, 1, StampState.Valid), Node(7, 2, StampState.Valid)]);
        Assert.Equal((1, WriteObstacle.TooManyMasters), (membership.MastersTotal, membership.Obstacle));
        Assert.Equal(WriteObstacle.None, QuorumResolver.Resolve([Node(9, 1, StampState.Valid)]).Obstacle);
        Assert.Equal(WriteObstacle.NoQuorum, QuorumResolver.Resolve([Node(7, 2, StampState.Valid)]).Obstacle);
    }

    [Fact]
    public void Where_no_number_is_stored_only_a_sole_master_without_a_sign_of_others_is_written()
    {
        Assert.Equal(WriteObstacle.None, QuorumResolver.Resolve([Node(6, 0)]).Obstacle);
        Assert.Equal(
            WriteObstacle.MastersUnknown, QuorumResolver.Resolve([Node(6, 0)], new(HasSiblings: true)).Obstacle);
        Assert.Equal(WriteObstacle.MastersUnknown, QuorumResolver.Resolve([Node(6, 0), Node(6, 0)]).Obstacle);
        Assert.Equal(WriteObstacle.None, QuorumResolver.Resolve([Node(6, 0), Node(6, 0)], new(2)).Obstacle);
        Assert.Equal(WriteObstacle.NoQuorum, QuorumResolver.Resolve([Node(6, 0)], new(2)).Obstacle);
        Assert.Equal(WriteObstacle.None, QuorumResolver.Resolve([Node(6, 0)], new(1, HasSiblings: true)).Obstacle);
        MembershipDecision membership = QuorumResolver.Resolve([Node(6, 0), NodeFacts.Missing, NodeFacts.Missing]);
        Assert.Equal((3, 2, false), (membership.MastersTotal, membership.Quorum, membership.HasQuorum));
    }

    private static NodeFacts Node(ulong number, int masters, StampState stamp = StampState.None) =>
        new(NodeRole.Master, new(number, stamp == StampState.Valid ? number * 10 : 0), stamp, masters)
        {
            NumberKnown = number,
        };

    private static void AssertStates(NodeFacts[] facts, NodeState[] states, WriteObstacle obstacle)
    {
        MembershipDecision membership = QuorumResolver.Resolve(facts);
        Assert.Equal(states, membership.States);
        Assert.Equal(obstacle, membership.Obstacle);
        Assert.Equal(obstacle == WriteObstacle.None, MembershipText.Describe(membership) is null);
    }

    private static IEnumerable<NodeFacts[]> All()
    {
        // Five of ten kinds are 100,000 combinations; the order is another test's.
        for (int nodes = 1; nodes <= NodesMax; nodes++)
            foreach (int[] picks in Tuples(nodes, Choices.Length))
                if (nodes < 4 || picks.SequenceEqual(picks.Order()))
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
