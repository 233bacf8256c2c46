// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster;

/// <summary>The part that a node's stored type gives it in an assembly.</summary>
public enum NodeRole
{
    /// <summary>Holds a vote and may be read if it is level with the quorum.</summary>
    Master,

    /// <summary>A master on its way back: was being resynchronized and must not be trusted.</summary>
    Returning,

    /// <summary>A copy without a vote, read only when mounted by itself.</summary>
    Slave,

    /// <summary>Could not be opened, or has no usable root.</summary>
    Absent,
}

/// <summary>What one node says of itself at mount.</summary>
/// <param name="Role">Its part.</param>
/// <param name="CommitTid">modify_tid of its root: the last commit it holds.</param>
/// <param name="MastersStored">How many masters it knows the cluster to have; 0 if it does not say.</param>
/// <param name="Stamp">Who committed last.</param>
public readonly record struct NodeAnswer(NodeRole Role, ulong CommitTid, int MastersStored, StampState Stamp);

/// <summary>What a node may be used for.</summary>
public enum NodeState
{
    /// <summary>Holds the reference commit: votes and is read.</summary>
    Synced,

    /// <summary>Holds another commit, or one that is not to be trusted: not read.</summary>
    Stale,

    /// <summary>A slave: not read as long as there are masters.</summary>
    Passive,

    /// <summary>Not there.</summary>
    Offline,

    /// <summary>Was synced and then failed a write: fenced, neither read nor written until it was
    /// resynchronized.</summary>
    Failed,
}

/// <summary>How the nodes of a cluster were put together.</summary>
/// <param name="States">One state a node, in the order of the answers.</param>
/// <param name="MastersTotal">Masters that the cluster has, absent ones included.</param>
/// <param name="Quorum">Masters that must agree: more than half.</param>
/// <param name="MastersPresent">Masters that answered, returning ones included.</param>
/// <param name="CommitTid">The commit that is shown.</param>
public sealed record Assembly(
    NodeState[] States, int MastersTotal, int Quorum, int MastersPresent, ulong CommitTid)
{
    /// <summary>True when so many masters answered that none of the absent ones can know of a later
    /// acknowledged commit.</summary>
    public bool HasQuorum => MastersPresent >= Quorum;

    /// <summary>Nodes that may be read.</summary>
    public int SyncedTotal => Array.FindAll(States, state => state == NodeState.Synced).Length;
}

/// <summary>
/// Decides which nodes of a cluster hold the commit that is to be shown. Pure: no locks, no I/O, nothing
/// remembered, and the order of the nodes does not matter.
/// </summary>
/// <remarks>
/// Upstream's counterpart is <c>hammer2_cluster_check</c>. The rule: a commit that was acknowledged is on a
/// majority of masters, and any two majorities share a node. So the newest commit that a majority of masters
/// holds wins over a newer one that only a minority holds (which cannot have been acknowledged); where no
/// commit has a majority among those present, the newest may have been acknowledged and wins.
/// </remarks>
public static class QuorumResolver
{
    /// <summary>Puts the nodes together. A cluster whose only nodes are slaves shows the newest
    /// slave.</summary>
    public static Assembly Assemble(ReadOnlySpan<NodeAnswer> answers)
    {
        int mastersTotal = MastersTotal(answers);
        int quorum = mastersTotal / 2 + 1;
        var states = new NodeState[answers.Length];
        int candidates = 0, returning = 0;
        foreach (ref readonly NodeAnswer answer in answers)
        {
            if (answer.Role == NodeRole.Master) candidates++;
            if (answer.Role == NodeRole.Returning) returning++;
        }
        NodeRole reading = candidates > 0 ? NodeRole.Master : NodeRole.Slave;
        ulong reference = ReferenceTid(answers, reading, quorum);
        bool trustsStamps = HasNativeHolder(answers, reading, reference);
        for (int node = 0; node < answers.Length; node++)
            states[node] = StateOf(answers[node], reading, reference, trustsStamps);
        return new Assembly(states, mastersTotal, quorum, candidates + returning, reference);
    }

    // The number stored wins, since it is changed by command only. Media that never stored one (upstream
    // leaves zero) can only be counted, and then what is known to be absent counts as a master.
    private static int MastersTotal(ReadOnlySpan<NodeAnswer> answers)
    {
        int stored = 0, seen = 0;
        foreach (ref readonly NodeAnswer answer in answers)
        {
            stored = Math.Max(stored, answer.MastersStored);
            if (answer.Role != NodeRole.Slave) seen++;
        }
        return stored > 0 ? stored : Math.Max(seen, 1);
    }

    private static ulong ReferenceTid(ReadOnlySpan<NodeAnswer> answers, NodeRole reading, int quorum)
    {
        ulong newest = 0, agreed = 0;
        bool isAgreed = false;
        foreach (ref readonly NodeAnswer answer in answers)
        {
            if (answer.Role != reading) continue;
            newest = Math.Max(newest, answer.CommitTid);
            if (CountHolders(answers, reading, answer.CommitTid) < quorum) continue;
            if (isAgreed && answer.CommitTid <= agreed) continue;
            agreed = answer.CommitTid;
            isAgreed = true;
        }
        return isAgreed ? agreed : newest;
    }

    private static int CountHolders(ReadOnlySpan<NodeAnswer> answers, NodeRole reading, ulong tid)
    {
        int holders = 0;
        foreach (ref readonly NodeAnswer answer in answers)
            if (answer.Role == reading && answer.CommitTid == tid) holders++;
        return holders;
    }

    // Equal tids mean equal contents only between commits of one writer. Where a holder carries this driver's
    // stamp, others without it were written by something else and may differ under the same number.
    private static bool HasNativeHolder(ReadOnlySpan<NodeAnswer> answers, NodeRole reading, ulong reference)
    {
        foreach (ref readonly NodeAnswer answer in answers)
        {
            if (answer.Role == reading && answer.CommitTid == reference && answer.Stamp == StampState.Valid)
                return true;
        }
        return false;
    }

    private static NodeState StateOf(
        in NodeAnswer answer, NodeRole reading, ulong reference, bool trustsStamps)
    {
        if (answer.Role == NodeRole.Absent) return NodeState.Offline;
        if (answer.Role == NodeRole.Returning) return NodeState.Stale;
        if (answer.Role != reading) return NodeState.Passive;
        if (answer.CommitTid != reference) return NodeState.Stale;
        return trustsStamps && answer.Stamp != StampState.Valid ? NodeState.Stale : NodeState.Synced;
    }
}
