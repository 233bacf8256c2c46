// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Membership;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: no node is read, written or overwritten that must not be, and none is in a state for ever.
/// Method: a table of all pairs of state and event; laws over all pairs and all facts; and walks through the graph of
/// states.
/// </summary>
public sealed class NodeTransitionsTests
{
    // A row a state, in the order of the events as they are declared: DeviceFound DeviceLost TakenOffline Identified
    // IdentityRefused WriteFailed SpaceExhausted SpaceFreed ResyncStarted SourceChosen SourceLost PassDone DeltaSmall
    // FinalPassDone DigestEqual DigestDiffers TreeProven GivenUp DeadlinePassed. With a quorum, content that was kept,
    // and a node that holds the commit that is shown. A dash: the event does not belong to the state.
    private const string Table = """
        Synced:         -    Fail Offl -    -    Fail Full -    -    -    -    -    -    -    -    -    -    -    -
        Stale:          -    Offl Offl -    -    -    -    -    Choo -    -    -    -    -    -    -    -    -    -
        Newer:          -    Offl Offl -    -    -    -    -    Choo -    -    -    -    -    -    -    -    -    -
        Foreign:        -    Offl Offl -    -    -    -    -    Choo -    -    -    -    -    -    -    -    -    -
        Uncertain:      -    Offl Offl -    -    -    -    -    Choo -    -    -    -    -    -    -    Stal -    -
        Passive:        -    Offl Offl -    -    -    -    -    Choo -    -    -    -    -    -    -    -    -    -
        Offline:        Iden -    -    -    -    -    -    -    -    -    -    -    -    -    -    -    -    -    -
        Failed:         Iden -    Offl -    -    -    -    -    -    -    -    -    -    -    -    -    -    -    -
        Full:           -    Offl Offl -    -    -    -    Stal -    -    -    -    -    -    -    -    -    -    Stal
        Split:          -    Offl Offl -    -    -    -    -    -    -    -    -    -    -    -    -    -    Newe -
        Identifying:    -    Offl Offl Stal Offl -    -    -    -    -    -    -    -    -    -    -    -    -    Offl
        ChoosingSource: -    Offl Offl -    -    -    -    -    -    Copy -    -    -    -    -    -    -    -    Stal
        Copying:        -    Offl Offl -    -    Fail Full -    -    -    Choo Catc -    -    -    -    -    -    Choo
        CatchingUp:     -    Offl Offl -    -    Fail Full -    -    -    Choo Catc Fini -    -    -    -    -    Fini
        Finishing:      -    Offl Offl -    -    Fail Full -    -    -    Choo -    -    Veri -    -    -    -    Catc
        Verifying:      -    Offl Offl -    -    Fail Full -    -    -    Choo -    -    -    Sync Stal -    -    Stal
""";

    private static readonly CommitPoint Shown = new(7, 70);
    private static readonly NodeState[] States = Enum.GetValues<NodeState>();
    private static readonly NodeEvent[] Events = Enum.GetValues<NodeEvent>();
    private static readonly TransitionFacts[] Facts = [.. AllFacts()];

    private static readonly TransitionFacts Level =
        new(new NodeFacts(NodeRole.Master, Shown, StampState.Valid, 3), Shown, HasQuorum: true, IsContentKept: true);

    // The states that a resynchronization goes through, in which the node is overwritten.
    private static readonly NodeState[] Overwritten =
        [NodeState.Copying, NodeState.CatchingUp, NodeState.Finishing, NodeState.Verifying];

    [Fact]
    public void Users_are_told_what_ends_each_state()
    {
        foreach (NodeState state in Enum.GetValues<NodeState>())
            Assert.Equal(state == NodeState.Synced, MembershipText.LeftWhen(state).Length == 0);
    }

    [Theory]
    [InlineData(0x100000000005UL, 0x100000000009UL, 4UL)]
    [InlineData(0x100000000009UL, 0x100000000009UL, 0UL)]
    [InlineData(0x100000000009UL, 0x100000000005UL, null)]
    [InlineData(0x100000000009UL, 0x200000000015UL, null)]
    [InlineData(7UL, 9UL, 2UL)]
    public void Commits_between_two_are_counted_within_an_epoch(ulong earlier, ulong later, ulong? expected) =>
        Assert.Equal(expected, CommitNumber.Between(earlier, later));

    [Fact]
    public void Every_pair_of_state_and_event_leads_where_the_table_says()
    {
        var rows = new Dictionary<NodeState, string[]>();
        foreach (string line in Table.Split('\n'))
        {
            string[] parts = line.Split(':');
            rows.Add(
                Enum.Parse<NodeState>(parts[0]), parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        Assert.Equal(States, rows.Keys.Order());
        foreach (NodeState state in States)
        {
            Assert.Equal(Events.Length, rows[state].Length);
            foreach (NodeEvent e in Events)
            {
                NodeTransition to = NodeTransitions.On(state, e, Level);
                Assert.Equal(rows[state][(int)e], to.IsAccepted ? to.State.ToString()[..4] : "-");
            }
        }
    }

    [Fact]
    public void What_is_not_accepted_changes_nothing()
    {
        foreach ((NodeState from, _, NodeTransition to, _) in All())
            if (!to.IsAccepted) Assert.Equal(from, to.State);
    }

    [Fact]
    public void Only_a_synced_node_is_used() =>
        Assert.Equal([NodeState.Synced], States.Where(NodeTransitions.MayBeUsed));

    [Fact]
    public void A_node_becomes_synced_only_by_equal_digests_at_the_commit_that_is_shown_and_beside_a_quorum()
    {
        int seen = 0;
        foreach ((NodeState from, NodeEvent e, NodeTransition to, TransitionFacts facts) in All())
        {
            if (to.State != NodeState.Synced || from == NodeState.Synced) continue;
            seen++;
            Assert.Equal((NodeState.Verifying, NodeEvent.DigestEqual), (from, e));
            Assert.True(facts.HasQuorum);
            Assert.Equal(Shown, facts.Node.Commit);
            Assert.NotEqual(NodeRole.Slave, facts.Node.Role);
        }
        Assert.NotEqual(0, seen);
    }

    [Fact]
    public void A_failed_node_comes_back_only_by_its_device_being_opened_anew()
    {
        foreach ((NodeState from, NodeEvent e, NodeTransition to, _) in All())
        {
            if (from != NodeState.Failed || to.State == from) continue;
            Assert.Contains(e, new[] { NodeEvent.DeviceFound, NodeEvent.TakenOffline });
            Assert.Contains(to.State, new[] { NodeState.Identifying, NodeState.Offline });
        }
    }

    [Fact]
    public void Whatever_writes_is_fenced_by_a_failed_write_and_no_other_is()
    {
        foreach ((NodeState from, NodeEvent e, NodeTransition to, _) in All())
        {
            bool writes = NodeTransitions.MayBeUsed(from) || Overwritten.Contains(from);
            if (e == NodeEvent.WriteFailed) Assert.Equal(writes, to is { IsAccepted: true, State: NodeState.Failed });
        }
    }

    [Fact]
    public void Nothing_that_needs_a_device_is_left_when_it_is_gone()
    {
        foreach ((_, NodeEvent e, NodeTransition to, _) in All())
            if (e == NodeEvent.DeviceLost) Assert.True(to.State is NodeState.Offline or NodeState.Failed);
    }

    [Fact]
    public void What_the_others_lack_is_not_overwritten_before_it_was_kept()
    {
        NodeState[] precious = [NodeState.Newer, NodeState.Foreign, NodeState.Split];
        foreach (TransitionFacts facts in Facts.Where(facts => !facts.IsContentKept))
        {
            foreach (NodeState state in precious)
            {
                foreach (NodeEvent e in Events)
                {
                    NodeState to = NodeTransitions.On(state, e, facts).State;
                    Assert.DoesNotContain(to, Overwritten.Append(NodeState.ChoosingSource));
                }
            }
            NodeState found = NodeTransitions.On(NodeState.Identifying, NodeEvent.Identified, facts).State;
            if (precious.Contains(found)) Assert.DoesNotContain(NodeState.Copying, Reached(found, facts));
        }
    }

    [Fact]
    public void Resynchronization_never_makes_a_quorum()
    {
        foreach (TransitionFacts facts in Facts.Where(facts => !facts.HasQuorum))
        {
            foreach (NodeState state in States)
                if (state != NodeState.Synced) Assert.DoesNotContain(NodeState.Synced, Reached(state, facts));
        }
    }

    [Fact]
    public void A_slave_never_becomes_a_master()
    {
        foreach (TransitionFacts facts in Facts.Where(facts => facts.Node.Role == NodeRole.Slave))
        {
            foreach (NodeState state in States)
                if (state != NodeState.Synced) Assert.DoesNotContain(NodeState.Synced, Reached(state, facts));
            Assert.Contains(NodeState.Passive, Reached(NodeState.ChoosingSource, facts));
        }
    }

    [Fact]
    public void No_state_is_a_trap()
    {
        foreach (TransitionFacts facts in Facts)
        {
            foreach (NodeState state in States)
                Assert.Contains(Events, e => NodeTransitions.On(state, e, facts).State != state);
        }
        foreach (NodeState state in States) Assert.Contains(NodeState.Synced, Reached(state, Level));
    }

    [Fact]
    public void A_state_that_waits_for_no_device_and_no_user_has_a_deadline()
    {
        NodeState[] waiting =
        [
            NodeState.Synced, NodeState.Stale, NodeState.Newer, NodeState.Foreign, NodeState.Uncertain,
            NodeState.Passive, NodeState.Offline, NodeState.Failed, NodeState.Split,
        ];
        foreach (NodeState state in States.Except(waiting))
            Assert.All(Facts, facts => Assert.True(
                NodeTransitions.On(state, NodeEvent.DeadlinePassed, facts).IsAccepted, $"{state} {facts}"));
    }

    [Theory]
    [InlineData(NodeState.Stale, NodeRole.Master, 6, 60, StampState.Valid, false)]
    [InlineData(NodeState.Stale, NodeRole.Master, 7, 70, StampState.Valid, false)]
    [InlineData(NodeState.Stale, NodeRole.Master, 7, 0, StampState.None, false)]
    [InlineData(NodeState.Stale, NodeRole.Returning, 9, 90, StampState.Valid, true)]
    [InlineData(NodeState.Newer, NodeRole.Master, 8, 80, StampState.Valid, false)]
    [InlineData(NodeState.Newer, NodeRole.Master, 8, 80, StampState.Valid, true)]
    [InlineData(NodeState.Split, NodeRole.Master, 7, 71, StampState.Valid, false)]
    [InlineData(NodeState.Foreign, NodeRole.Master, 8, 0, StampState.Foreign, false)]
    [InlineData(NodeState.Uncertain, NodeRole.Master, 6, 60, StampState.Valid, true)]
    [InlineData(NodeState.Passive, NodeRole.Slave, 7, 70, StampState.Valid, false)]
    [InlineData(NodeState.Offline, NodeRole.Absent, 0, 0, StampState.None, false)]
    public void A_node_that_comes_back_is_judged_by_what_it_holds(
        NodeState expected, NodeRole role, ulong number, ulong id, StampState stamp, bool isUncertain)
    {
        var node = new NodeFacts(role, new CommitPoint(number, id), stamp, 3) { IsUncertain = isUncertain };
        NodeTransition to =
            NodeTransitions.On(NodeState.Identifying, NodeEvent.Identified, Level with { Node = node });
        Assert.Equal(new NodeTransition(expected, IsAccepted: true), to);
    }

    [Fact]
    public void A_commit_during_the_last_comparison_is_caught_up_with()
    {
        TransitionFacts behind = Level with { Shown = new CommitPoint(8, 80) };
        Assert.Equal(
            NodeState.CatchingUp, NodeTransitions.On(NodeState.Verifying, NodeEvent.DigestEqual, behind).State);
    }

    private static IEnumerable<(NodeState From, NodeEvent Event, NodeTransition To, TransitionFacts Facts)> All()
    {
        foreach (NodeState state in States)
            foreach (NodeEvent e in Events)
                foreach (TransitionFacts facts in Facts)
                    yield return (state, e, NodeTransitions.On(state, e, facts), facts);
    }

    private static IEnumerable<TransitionFacts> AllFacts()
    {
        CommitPoint[] commits = [new(6, 60), Shown, new(7, 71), new(8, 80), new(7, 0)];
        foreach (NodeRole role in Enum.GetValues<NodeRole>())
            foreach (CommitPoint commit in commits)
                foreach (StampState stamp in Enum.GetValues<StampState>())
                    for (int bits = 0; bits < 8; bits++)
                    {
                        var node = new NodeFacts(role, commit, stamp, 3) { IsUncertain = (bits & 4) != 0 };
                        yield return new TransitionFacts(node, Shown, (bits & 1) != 0, (bits & 2) != 0);
                    }
    }

    private static HashSet<NodeState> Reached(NodeState from, in TransitionFacts facts)
    {
        var reached = new HashSet<NodeState>();
        var open = new Stack<NodeState>([from]);
        while (open.TryPop(out NodeState state))
        {
            foreach (NodeEvent e in Events)
            {
                NodeTransition to = NodeTransitions.On(state, e, facts);
                if (to.IsAccepted && reached.Add(to.State)) open.Push(to.State);
            }
        }
        return reached;
    }
}
