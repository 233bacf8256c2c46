// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Membership;
using Xunit;

namespace Hammer2.Tests.Cluster.Members;

/// <summary>Changes of membership records, and what they mean to the nodes of a mount.</summary>
public sealed class MembershipRecordTests
{
    private static readonly MembershipRecord Three = MembershipRecord.Create(
        [(Tag(0), MemberRole.Master), (Tag(1), MemberRole.Master), (Tag(2), MemberRole.Master)]);

    [Fact]
    public void A_node_keeps_its_slot_and_a_new_one_gets_the_lowest_free()
    {
        MembershipRecord changed = Three.Without(Tag(1)).With(Tag(3), MemberRole.Joining);
        Assert.Equal((3u, 2, 2), (changed.Number, changed.Masters, changed.Quorum));
        Assert.Equal((0, 1, 2, -1), (
            changed.SlotOf(Tag(0)), changed.SlotOf(Tag(3)), changed.SlotOf(Tag(2)), changed.SlotOf(Tag(1))));
        changed = changed.With(Tag(3), MemberRole.Master);
        Assert.Equal((MemberRole.Master, 1, 3), (changed.RoleOf(Tag(3)), changed.SlotOf(Tag(3)), changed.Masters));
        for (ulong node = 4; node < 9; node++) changed = changed.With(Tag(node), MemberRole.Slave);
        Assert.Throws<InvalidOperationException>(() => changed.With(Tag(9), MemberRole.Slave));
    }

    [Fact]
    public void What_is_stored_is_the_record()
    {
        Assert.True(PfsMembers.TryJoin(5, [], Three.ToBytes(), out byte[] after));
        Assert.Equal(Three, MembershipRecord.Read(after));
        Assert.NotEqual(Three, Three.With(Tag(1), MemberRole.Slave));
        Assert.Null(MembershipRecord.Read(new byte[100]));
    }

    [Fact]
    public void By_force_only_the_nodes_that_are_kept_vote()
    {
        MembershipRecord forced = Three.Forced(new HashSet<MemberTag> { Tag(1) }, new HashSet<MemberTag> { Tag(2) });
        Assert.Equal((1, 4u), (forced.Masters, forced.Number + 2));
        Assert.Equal((null, MemberRole.Master, MemberRole.Joining), (
            forced.RoleOf(Tag(0)), forced.RoleOf(Tag(1)), forced.RoleOf(Tag(2))));
    }

    [Fact]
    public void The_ids_of_cluster_filesystem_and_node_are_one_identity()
    {
        var cluster = new MediaUuid { Low = 1 };
        var node = new NodeIdentity(new MediaUuid { Low = 2, High = 3 }, new MediaUuid { Low = 4 });
        MemberTag tag = MemberTag.Of(cluster, node);
        Assert.Equal(tag, MemberTag.Of(cluster, node));
        Assert.NotEqual(tag, MemberTag.Of(new MediaUuid { Low = 9 }, node));
        Assert.NotEqual(tag, MemberTag.Of(cluster, node with { PfsId = new MediaUuid { Low = 5 } }));
        Assert.NotEqual(tag, MemberTag.Of(cluster, node with { FilesystemId = new MediaUuid { Low = 2, High = 4 } }));
        Assert.StartsWith(node.FilesystemId.ToString()[..18], tag.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_was_removed_neither_votes_nor_speaks_against_a_commit()
    {
        MembershipRecord two = Three.Without(Tag(2));
        NodeFacts removed = Node(2, 5, Three), first = Node(0, 9, two), second = Node(1, 9, two);
        Assert.Equal((WriteObstacle.None, 2, 2), Decide(out NodeState[] states, first, second, removed));
        Assert.Equal([NodeState.Synced, NodeState.Synced, NodeState.Passive], states);
        // Alone with one of the two it is no quorum.
        Assert.Equal((WriteObstacle.NoQuorum, 2, 1), Decide(out states, first, removed));
        Assert.Equal([NodeState.Synced, NodeState.Passive], states);
        // By its own word it is one of three.
        Assert.Equal(WriteObstacle.NoQuorum, Decide(out _, removed).Obstacle);
    }

    [Fact]
    public void A_node_that_is_to_become_a_master_does_not_vote_even_if_its_root_says_so()
    {
        MembershipRecord joining = Three.With(Tag(3), MemberRole.Joining);
        NodeFacts joiner = Node(3, 9, joining), first = Node(0, 9, joining), second = Node(1, 9, joining);
        Assert.Equal((WriteObstacle.NoQuorum, 3, 1), Decide(out NodeState[] states, first, joiner));
        Assert.Equal([NodeState.Synced, NodeState.Stale], states);
        Assert.Equal((WriteObstacle.None, 3, 2), Decide(out _, first, second, joiner));
        // What another program wrote on it is kept, as that of a master.
        Assert.Equal((WriteObstacle.None, 3, 2), Decide(
            out states, first, second, joiner with { Stamp = StampState.Foreign }));
        Assert.Equal([NodeState.Synced, NodeState.Synced, NodeState.Foreign], states);
    }

    [Fact]
    public void The_record_counts_where_the_root_of_a_node_still_has_its_former_part()
    {
        MembershipRecord joining = Three.With(Tag(3), MemberRole.Joining);
        NodeFacts promoted = Node(3, 9, joining) with { Role = NodeRole.Slave };
        Assert.Equal((WriteObstacle.None, 3, 2), Decide(
            out NodeState[] states, Node(0, 9, joining), Node(1, 9, joining), promoted));
        Assert.Equal([NodeState.Synced, NodeState.Synced, NodeState.Stale], states);
        Assert.Equal(NodeRole.Returning, promoted.AsIn(joining).Role);
        MembershipRecord fewer = Three.With(Tag(2), MemberRole.Slave);
        NodeFacts demoted = Node(2, 5, Three);
        Assert.Equal((WriteObstacle.None, 2, 2), Decide(
            out states, Node(0, 9, fewer), Node(1, 9, fewer), demoted));
        Assert.Equal([NodeState.Synced, NodeState.Synced, NodeState.Passive], states);
        Assert.Equal(NodeRole.Slave, demoted.AsIn(fewer).Role);
        Assert.Equal(NodeRole.Master, demoted.AsIn(Three).Role);
    }

    [Fact]
    public void A_record_that_cannot_be_read_forbids_writing()
    {
        NodeFacts unknown = Node(0, 9, Three) with { Record = null, HasUnknownRecord = true };
        Assert.Equal(WriteObstacle.UnknownRecord, Decide(out _, unknown, unknown, unknown).Obstacle);
    }

    private static (WriteObstacle Obstacle, int Total, int Present) Decide(
        out NodeState[] states, params NodeFacts[] facts)
    {
        MembershipDecision decision = QuorumResolver.Resolve(facts);
        states = decision.States;
        return (decision.Obstacle, decision.MastersTotal, decision.MastersPresent);
    }

    private static NodeFacts Node(ulong node, ulong number, MembershipRecord record) =>
        new(NodeRole.Master, new CommitPoint(number, number * 10), StampState.Valid, record.Masters)
        {
            Tag = Tag(node),
            Record = record,
            NumberKnown = number,
        };

    private static MemberTag Tag(ulong node) => new(node, (uint)node);
}
