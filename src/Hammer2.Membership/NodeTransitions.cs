// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>The facts that a transition depends on besides state and event.</summary>
/// <param name="Node">The stored state of the node.</param>
/// <param name="Shown">The commit that the cluster shows.</param>
/// <param name="HasQuorum">True when enough masters are present without those that are being resynchronized:
/// resynchronization never makes a quorum.</param>
/// <param name="IsContentKept">True when the content of the node was saved as a snapshot, or has nothing that the
/// others lack.</param>
public readonly record struct TransitionFacts(
    NodeFacts Node, CommitPoint Shown, bool HasQuorum, bool IsContentKept);

/// <summary>The result of an event.</summary>
/// <param name="State">The state after it.</param>
/// <param name="IsAccepted">False when the event does not belong to the state, or a condition for it is not met: the
/// state stays.</param>
public readonly record struct NodeTransition(NodeState State, bool IsAccepted);

/// <summary>The transitions between states of the nodes of a mounted cluster. Pure functions: no locks, no I/O, no
/// state.</summary>
/// <remarks>
/// Laws, which its tests check for all states, events and facts:
/// - <see cref="NodeState.Synced"/> is the only state that is read or written, and a running cluster leads to it only
///   from equal digests, with a quorum of others, at the commit that is shown.
/// - A fenced node comes back only by its device being opened anew.
/// - Content that the others lack is not overwritten before it was saved.
/// - From every state an event or a deadline leads on, and a way back to being synced.
/// </remarks>
public static class NodeTransitions
{
    /// <summary>True when a node in this state may be read, and written by commits.</summary>
    public static bool MayBeUsed(NodeState state) => state == NodeState.Synced;

    /// <summary>Returns the state of a node after an event.</summary>
    public static NodeTransition On(NodeState state, NodeEvent e, in TransitionFacts facts)
    {
        NodeState? next = e switch
        {
            NodeEvent.DeviceLost => OnDeviceLost(state),
            NodeEvent.TakenOffline => state == NodeState.Offline ? null : NodeState.Offline,
            NodeEvent.WriteFailed => IsWritten(state) ? NodeState.Failed : null,
            NodeEvent.SpaceExhausted => IsWritten(state) ? NodeState.Full : null,
            NodeEvent.SourceLost => ReadsSource(state) ? NodeState.ChoosingSource : null,
            NodeEvent.ResyncStarted => MayResync(state, facts) ? NodeState.ChoosingSource : null,
            NodeEvent.DeadlinePassed => OnDeadline(state, facts),
            _ => OnStep(state, e, facts),
        };
        return new NodeTransition(next ?? state, next is not null);
    }

    private static NodeState? OnStep(NodeState state, NodeEvent e, in TransitionFacts facts) => (state, e) switch
    {
        (NodeState.Offline or NodeState.Failed, NodeEvent.DeviceFound) => NodeState.Identifying,
        (NodeState.Identifying, NodeEvent.Identified) => StateOfFound(facts),
        (NodeState.Identifying, NodeEvent.IdentityRefused) => NodeState.Offline,
        (NodeState.ChoosingSource, NodeEvent.SourceChosen) => NodeState.Copying,
        (NodeState.Copying or NodeState.CatchingUp, NodeEvent.PassDone) => NodeState.CatchingUp,
        (NodeState.CatchingUp, NodeEvent.DeltaSmall) => NodeState.Finishing,
        (NodeState.Finishing, NodeEvent.FinalPassDone) => NodeState.Verifying,
        (NodeState.Verifying, NodeEvent.DigestEqual) => StateOfEqual(facts),
        (NodeState.Verifying, NodeEvent.DigestDiffers) => Waiting(facts),
        (NodeState.Uncertain, NodeEvent.TreeProven) => NodeState.Stale,
        (NodeState.Split, NodeEvent.GivenUp) => NodeState.Newer,
        (NodeState.Full, NodeEvent.SpaceFreed) => Waiting(facts),
        _ => null,
    };

    // What a synced node misses from now on is not known on it: it is fenced like one that failed a write.
    private static NodeState? OnDeviceLost(NodeState state) => state switch
    {
        NodeState.Offline or NodeState.Failed => null,
        NodeState.Synced => NodeState.Failed,
        _ => NodeState.Offline,
    };

    private static NodeState? OnDeadline(NodeState state, in TransitionFacts facts) => state switch
    {
        NodeState.Identifying => NodeState.Offline,
        NodeState.Full or NodeState.ChoosingSource or NodeState.Verifying => Waiting(facts),
        NodeState.Copying => NodeState.ChoosingSource,
        // Writers are faster than the copy: they are held up for the rest.
        NodeState.CatchingUp => NodeState.Finishing,
        // They are not held up for long.
        NodeState.Finishing => NodeState.CatchingUp,
        _ => null,
    };

    private static bool MayResync(NodeState state, in TransitionFacts facts) => facts.HasQuorum && state switch
    {
        NodeState.Stale or NodeState.Uncertain or NodeState.Passive => true,
        NodeState.Newer or NodeState.Foreign => facts.IsContentKept,
        _ => false,
    };

    private static bool IsWritten(NodeState state) => state == NodeState.Synced || ReadsSource(state);

    private static bool ReadsSource(NodeState state) => state is
        NodeState.Copying or NodeState.CatchingUp or NodeState.Finishing or NodeState.Verifying;

    private static NodeState Waiting(in TransitionFacts facts) =>
        facts.Node.Role == NodeRole.Slave ? NodeState.Passive : NodeState.Stale;

    // A commit between the digest and now is one that the node does not have.
    private static NodeState StateOfEqual(in TransitionFacts facts)
    {
        if (facts.Node.Role == NodeRole.Slave) return NodeState.Passive;
        if (!facts.HasQuorum) return NodeState.Stale;
        return facts.Node.Commit == facts.Shown ? NodeState.Synced : NodeState.CatchingUp;
    }

    // The cluster is in use, and its open transaction group has blocks that this node did not get: even with the commit
    // that is shown it has to be resynchronized, which is quick then.
    private static NodeState StateOfFound(in TransitionFacts facts)
    {
        NodeFacts node = facts.Node;
        bool isEligible = node.Stamp == StampState.Valid || facts.Shown.Id == 0;
        NodeState found = QuorumResolver.StateOf(node, NodeRole.Master, isEligible, facts.Shown);
        return found switch
        {
            NodeState.Synced => NodeState.Stale,
            NodeState.Newer when node.Commit.Number == facts.Shown.Number => NodeState.Split,
            _ => found,
        };
    }
}
