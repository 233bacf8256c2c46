// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>What was decided about the nodes of a cluster that are mounted together.</summary>
/// <param name="States">One state a node, in the order of the facts.</param>
/// <param name="MastersTotal">Masters that the cluster has, absent ones included.</param>
/// <param name="Quorum">Masters that must agree: more than half.</param>
/// <param name="MastersPresent">Masters that are present; those that are being resynchronized are not counted.</param>
/// <param name="Commit">The commit that is shown.</param>
/// <param name="Obstacle">Why it must not be written, if so.</param>
public sealed record MembershipDecision(
    NodeState[] States, int MastersTotal, int Quorum, int MastersPresent, CommitPoint Commit, WriteObstacle Obstacle)
{
    /// <summary>One flag a node: true where the commit that was prepared on it counts, so that its volume header is to
    /// be written before anything else.</summary>
    public required bool[] Adopts { get; init; }

    /// <summary>True when the nodes keep the number of masters themselves.</summary>
    public required bool StoresMasters { get; init; }

    /// <summary>Which nodes the cluster has, by the commit that is shown; null where no record says it and masters are
    /// only counted.</summary>
    public MembershipRecord? Record { get; init; }

    /// <summary>The number of the commit that is shown.</summary>
    public ulong CommitTid => Commit.Number;

    /// <summary>True when enough masters are present to say which commit may be shown.</summary>
    public bool HasQuorum => MastersPresent >= Quorum;

    /// <summary>True when the PFS has, or had, several masters: its commits are numbered by epochs.</summary>
    public required bool IsCluster { get; init; }

    /// <summary>Nodes that may be read.</summary>
    public int SyncedTotal => Array.FindAll(States, state => state == NodeState.Synced).Length;
}
