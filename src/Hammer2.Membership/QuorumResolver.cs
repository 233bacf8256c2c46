// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>
/// Decides which nodes of a cluster hold the commit that is to be shown, and whether it may be written. Pure: no locks,
/// no I/O, nothing remembered, and the order of the nodes does not matter. Mounting and fsck share it.
/// </summary>
/// <remarks>
/// The law that all else serves: a commit that was acknowledged is on a majority of masters, and any two majorities
/// share a node. In this order:
/// 1. A commit whose header is on some node, and which is whole on a quorum but for headers, is finished: nodes that
///    prepared it count as holders.
/// 2. Where a node has a valid stamp, only stamped ones are eligible; unless the others alone are a quorum and the
///    stamped ones are not: then neither wins.
/// 3. The newest eligible commit that may have been acknowledged wins. An older one of a node is evidence against it
///    only when that node certainly lost nothing.
/// 4. The cluster may be written when a quorum certainly holds that commit.
/// Upstream's counterpart is <c>hammer2_cluster_check</c>.
/// </remarks>
public static class QuorumResolver
{
    /// <summary>Decides from what the nodes say. A cluster whose nodes are all slaves shows the newest one.</summary>
    public static MembershipDecision Resolve(ReadOnlySpan<NodeFacts> nodes, MembershipHints hints = default)
    {
        NodeFacts[] facts = nodes.ToArray();
        bool[] adopts = AdoptPrepared(facts, hints);
        NodeRole voting = Array.Exists(facts, node => node.Role == NodeRole.Master)
            ? NodeRole.Master : NodeRole.Slave;
        bool[] eligible = Eligible(facts, voting, out bool hasStamped);
        CommitPoint shown = Choose(facts, eligible, voting, hints, out Voters voters);
        // Of a later commit that was acknowledged not enough may be left to finish it: then an older one is not shown.
        for (int i = 0; i < facts.Length; i++) adopts[i] &= facts[i].Commit == shown;
        int masters = 0;
        foreach (ref readonly NodeFacts node in facts.AsSpan())
            if (voters.Has(node)) masters++;
        bool storesMasters = voters.IsKnown || Voters.StoredMasters(facts, eligible, shown) > 0;
        bool isSplit = IsSplit(facts, eligible, voting, voters, shown, hasStamped);
        var states = new NodeState[facts.Length];
        for (int i = 0; i < facts.Length; i++)
            states[i] = voters.Admit(facts[i]) ?? StateOf(facts[i], voting, eligible[i], shown);
        return new MembershipDecision(
            states, voters.Total, voters.Quorum, masters, shown,
            FindObstacle(facts, states, masters, voters, storesMasters, isSplit, hints))
        {
            Adopts = adopts,
            StoresMasters = storesMasters,
            Record = voters.Record,
            IsCluster = voters.IsKnown || voters.Total > 1 || hints.MastersGiven is not null || shown.Id != 0
                || CommitNumber.IsOfCluster(shown.Number),
        };
    }

    // A commit of which some node has the header was prepared on a quorum before that header was written. Where a
    // quorum still has all of it, it is finished; it may have been acknowledged or not, and either is right.
    private static bool[] AdoptPrepared(NodeFacts[] facts, MembershipHints hints)
    {
        var adopts = new bool[facts.Length];
        CommitPoint? best = null;
        foreach (ref readonly NodeFacts node in facts.AsSpan())
        {
            if (node.Prepared is not { } candidate || node.Role != NodeRole.Master) continue;
            if ((best is null || candidate.Number > best.Value.Number) && IsFinishable(facts, candidate, hints))
                best = candidate;
        }
        if (best is null) return adopts;
        for (int i = 0; i < facts.Length; i++)
        {
            if (facts[i].Prepared != best) continue;
            adopts[i] = true;
            facts[i] = facts[i] with { Commit = best.Value, Stamp = StampState.Valid, Prepared = null };
        }
        return adopts;
    }

    private static bool IsFinishable(NodeFacts[] facts, CommitPoint commit, MembershipHints hints)
    {
        bool isStarted = false;
        var parts = new bool[facts.Length];
        var holders = new bool[facts.Length];
        for (int i = 0; i < facts.Length; i++)
        {
            ref readonly NodeFacts node = ref facts[i];
            if (node.Role != NodeRole.Master) continue;
            holders[i] = Holds(node, commit);
            parts[i] = holders[i] || node.Prepared == commit;
            isStarted |= holders[i] || (node.Prepared == commit && node.IsPreparedTorn);
        }
        // The commit may have changed who votes: a node that has its header knows.
        Voters voters = Voters.Of(facts, Array.Exists(holders, isHolder => isHolder) ? holders : parts, null, hints);
        int ready = 0;
        for (int i = 0; i < facts.Length; i++)
            if (parts[i] && voters.Has(facts[i])) ready++;
        return isStarted && ready >= voters.Quorum;
    }

    private static bool[] Eligible(NodeFacts[] facts, NodeRole voting, out bool hasStamped)
    {
        hasStamped = Array.Exists(facts, node => node.Role == voting && node.Stamp == StampState.Valid);
        var eligible = new bool[facts.Length];
        for (int i = 0; i < facts.Length; i++)
        {
            eligible[i] = facts[i].Role == voting && !facts[i].IsIncomplete
                && (!hasStamped || facts[i].Stamp == StampState.Valid);
        }
        return eligible;
    }

    // The newest commit against which no more masters speak than may have missed an acknowledged one. Every older
    // commit is one that the holders of the newer ones passed through, so that the oldest is never ruled out.
    private static CommitPoint Choose(
        NodeFacts[] facts, bool[] eligible, NodeRole voting, MembershipHints hints, out Voters voters)
    {
        voters = Voters.Of(facts, eligible, null, hints);
        CommitPoint? bound = null;
        while (Newest(facts, eligible, bound) is { } candidate)
        {
            voters = Voters.Of(facts, eligible, candidate, hints);
            if (voting == NodeRole.Slave || MayBeAcknowledged(facts, eligible, candidate, voters)) return candidate;
            bound = candidate;
        }
        return bound ?? default;
    }

    private static bool MayBeAcknowledged(NodeFacts[] facts, bool[] eligible, CommitPoint commit, in Voters voters)
    {
        int holders = 0, against = 0;
        for (int i = 0; i < facts.Length; i++)
        {
            if (!eligible[i] || !voters.Has(facts[i])) continue;
            if (facts[i].Commit == commit) holders++;
            if (!facts[i].IsUncertain && facts[i].Commit.Number < commit.Number) against++;
        }
        return holders >= voters.Quorum || against <= voters.Total - voters.Quorum;
    }

    private static CommitPoint? Newest(NodeFacts[] facts, bool[] eligible, CommitPoint? below)
    {
        CommitPoint? newest = null;
        for (int i = 0; i < facts.Length; i++)
        {
            if (!eligible[i] || (below is { } bound && facts[i].Commit.Number >= bound.Number)) continue;
            CommitPoint held = facts[i].Commit;
            // Of two commits with one number the choice does not matter: that is a split. It only must not depend on
            // order.
            bool isNewer = newest is not { } best || held.Number > best.Number
                || (held.Number == best.Number && held.Id > best.Id);
            if (isNewer) newest = held;
        }
        return newest;
    }

    private static bool IsSplit(NodeFacts[] facts, bool[] eligible, NodeRole voting, in Voters voters,
        CommitPoint shown, bool hasStamped)
    {
        int stamped = 0, others = 0;
        for (int i = 0; i < facts.Length; i++)
        {
            if (facts[i].Role != voting || (voters.IsKnown && !voters.Has(facts[i]))) continue;
            if (eligible[i] && facts[i].Commit.Number == shown.Number && facts[i].Commit.Id != shown.Id) return true;
            if (eligible[i]) stamped++;
            else others++;
        }
        return voting == NodeRole.Master && hasStamped && others >= voters.Quorum && stamped < voters.Quorum;
    }

    private static bool Holds(in NodeFacts node, CommitPoint commit) => node.Commit == commit;

    internal static NodeState StateOf(in NodeFacts node, NodeRole voting, bool isEligible, CommitPoint shown)
    {
        if (node.Role == NodeRole.Absent) return NodeState.Offline;
        if (node.Role == NodeRole.Returning) return NodeState.Stale;
        if (node.Role != voting) return NodeState.Passive;
        if (!isEligible) return node.Stamp == StampState.Foreign ? NodeState.Foreign : NodeState.Stale;
        if (Holds(node, shown)) return NodeState.Synced;
        if (node.Commit.Number >= shown.Number) return NodeState.Newer;
        return node.IsUncertain ? NodeState.Uncertain : NodeState.Stale;
    }

    private static WriteObstacle FindObstacle(
        NodeFacts[] facts, NodeState[] states, int masters, in Voters voters, bool storesMasters, bool isSplit,
        MembershipHints hints)
    {
        int total = voters.Total, quorum = voters.Quorum;
        if (masters == 0) return WriteObstacle.SlavesOnly;
        if (Array.Exists(facts, node => node.HasUnknownRecord)) return WriteObstacle.UnknownRecord;
        if (isSplit) return WriteObstacle.Split;
        if (masters > total) return WriteObstacle.TooManyMasters;
        if (masters < quorum) return WriteObstacle.NoQuorum;
        bool isKnown = storesMasters || hints.MastersGiven is not null;
        if (!isKnown && (total > 1 || hints.HasSiblings || ClaimsMasters(facts))) return WriteObstacle.MastersUnknown;
        int certain = 0, synced = 0;
        for (int i = 0; i < facts.Length; i++)
        {
            if (states[i] != NodeState.Synced || !voters.Has(facts[i])) continue;
            synced++;
            if (!facts[i].IsUncertain) certain++;
        }
        // A sole master has no sibling that knows better: it is used as far as it can be read.
        if (certain >= quorum || (total == 1 && synced == 1)) return WriteObstacle.None;
        bool isInDoubt = synced >= quorum || Array.Exists(states, state => state == NodeState.Uncertain);
        return isInDoubt ? WriteObstacle.Uncertain : WriteObstacle.TooFewSynced;
    }

    // What is to join a sole master stores that there is one.
    private static bool ClaimsMasters(NodeFacts[] facts) => Array.Exists(
        facts, node => node.MastersStored > (node.Role == NodeRole.Returning ? 1 : 0));
}
