// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>The voters on a commit of a cluster: the masters that its membership record names; where there is no
/// record, every master, and their number is what the nodes store, or what can be counted.</summary>
internal readonly struct Voters
{
    private Voters(int total, MembershipRecord? record) => (Total, Record) = (total, record);

    /// <summary>How many there are, absent ones included.</summary>
    public int Total { get; }

    /// <summary>Masters that must agree: more than half.</summary>
    public int Quorum => (Total / 2) + 1;

    /// <summary>The record that names them; null for none.</summary>
    public MembershipRecord? Record { get; }

    /// <summary>True when their identities are known, and not only their number.</summary>
    public bool IsKnown => Record is not null;

    /// <summary>The voters by a commit.</summary>
    /// <param name="facts">The nodes.</param>
    /// <param name="eligible">Which of them may say it.</param>
    /// <param name="commit">The commit, whose holders say it; null for all.</param>
    /// <param name="hints">What is known beside.</param>
    public static Voters Of(NodeFacts[] facts, bool[] eligible, CommitPoint? commit, MembershipHints hints)
    {
        MembershipRecord? record = null;
        for (int i = 0; i < facts.Length; i++)
        {
            if (!eligible[i] || (commit is { } point && facts[i].Commit != point)) continue;
            // Of a prepared commit the record before may be known alone.
            if (facts[i].Record is { } known && (record is null || known.Number > record.Number)) record = known;
        }
        // A record without a master is damage: it must not make a cluster that cannot be written.
        return record is { Masters: > 0 }
            ? new Voters(record.Masters, record)
            : new Voters(Count(facts, eligible, commit, hints), null);
    }

    /// <summary>True when a node votes.</summary>
    public bool Has(in NodeFacts node) => node.Role == NodeRole.Master
        && (Record is null || Record.RoleOf(node.Tag) == MemberRole.Master);

    /// <summary>The state of a master that has no vote, with any commit: one that is to become a master is made equal
    /// first, also when its root calls it a slave, and what another program wrote on it meanwhile is kept; one that the
    /// record does not name takes no part. Null for others.</summary>
    public NodeState? Admit(in NodeFacts node)
    {
        if (Record is null) return null;
        if (node.Role == NodeRole.Slave && Record.RoleOf(node.Tag) == MemberRole.Joining) return NodeState.Stale;
        if (node.Role != NodeRole.Master) return null;
        return Record.RoleOf(node.Tag) switch
        {
            MemberRole.Master => null,
            MemberRole.Joining => node.Stamp == StampState.Foreign ? NodeState.Foreign : NodeState.Stale,
            _ => NodeState.Passive,
        };
    }

    /// <summary>The number of masters that nodes store. Numbers beyond the greatest possible one are damage. Where the
    /// nodes differ, a number that so many agree on as make its own quorum is right, else the greatest.</summary>
    /// <param name="facts">The nodes.</param>
    /// <param name="eligible">Which of them may say it.</param>
    /// <param name="commit">The commit whose holders say it; when none of them does, or null is given, all.</param>
    /// <returns>0 when none is stored.</returns>
    public static int StoredMasters(NodeFacts[] facts, bool[] eligible, CommitPoint? commit)
    {
        Span<int> saying = stackalloc int[Media.NodesMax + 1];
        for (int i = 0; i < facts.Length; i++)
        {
            if (!eligible[i] || (commit is { } point && facts[i].Commit != point)) continue;
            if (facts[i].MastersStored is > 0 and <= Media.NodesMax) saying[facts[i].MastersStored]++;
        }
        int greatest = 0;
        for (int number = Media.NodesMax; number > 0; number--)
        {
            if (saying[number] > number / 2) return number;
            if (greatest == 0 && saying[number] > 0) greatest = number;
        }
        return greatest == 0 && commit is not null ? StoredMasters(facts, eligible, null) : greatest;
    }

    private static int Count(NodeFacts[] facts, bool[] eligible, CommitPoint? commit, MembershipHints hints)
    {
        int stored = StoredMasters(facts, eligible, commit);
        if (stored > 0) return stored;
        if (hints.MastersGiven is { } given) return given;
        // Media that never stored a number can only be counted, and then what is known to be absent counts as a master.
        // A node that is to become one stores a number of its own, and does not vote until a commit says so.
        int seen = 0;
        foreach (ref readonly NodeFacts node in facts.AsSpan())
            if (node.Role is not (NodeRole.Slave or NodeRole.Returning)) seen++;
        return Math.Max(seen, 1);
    }
}
