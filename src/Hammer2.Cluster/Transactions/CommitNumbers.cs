// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>Numbers of operations and commits, and ids of commits of a cluster.</summary>
/// <remarks>
/// Operations and commits are numbered by one counter. A PFS that never was a cluster counts as upstream does; a
/// cluster's numbers have an epoch in their high bits. Numbers of operations: lock-free. Numbers of commits: only while
/// no operation runs.
/// </remarks>
internal sealed class CommitNumbers
{
    // Numbers of a group's commit: its own, and one for each further attempt.
    private const int AttemptsMax = 4;

    private readonly ClusterNodes _nodes;
    private readonly Func<ulong> _random;
    private ulong _last;

    public CommitNumbers(ClusterNodes nodes, Func<ulong> random)
    {
        _nodes = nodes;
        _random = random;
        foreach (PresentNode node in nodes.View.Synced) _last = Math.Max(_last, node.Root.Reference.ModifyTid);
        LastCommit = _last;
    }

    /// <summary>True when the PFS has, or had, several masters.</summary>
    public bool IsCluster => _nodes.IsCluster;

    /// <summary>True when the numbers of the epoch are nearly used up.</summary>
    public bool NeedsEpoch => IsCluster && CommitNumber.NeedsEpoch(Volatile.Read(ref _last));

    /// <summary>Number of the newest commit that was attempted.</summary>
    public ulong LastCommit { get; private set; }

    /// <summary>A number for an operation.</summary>
    public ulong NextOperation() => Interlocked.Increment(ref _last);

    /// <summary>Numbers a group that was just closed, above all its operations, with numbers for further
    /// attempts.</summary>
    /// <remarks>Entry: no operation runs.</remarks>
    public CommitIds NextCommit()
    {
        ulong floor = LastCommit + 1;
        LastCommit = ++_last;
        _last += AttemptsMax - 1;
        return new CommitIds(LastCommit, floor, DrawId());
    }

    /// <summary>Numbers a commit that changes nothing, which there is one attempt at.</summary>
    /// <remarks>Entry: no operation runs.</remarks>
    public CommitIds NextEmptyCommit()
    {
        ulong floor = LastCommit + 1;
        LastCommit = ++_last;
        return new CommitIds(LastCommit, floor, DrawId());
    }

    /// <summary>Numbers a further attempt to commit a group: neither number nor id of an attempt is ever used
    /// again.</summary>
    /// <param name="before">Those of the last attempt.</param>
    /// <param name="attempt">Attempts before this one.</param>
    public CommitIds NextAttempt(CommitIds before, int attempt)
    {
        ulong tid = attempt < AttemptsMax ? before.Tid + 1 : Interlocked.Increment(ref _last);
        LastCommit = Math.Max(LastCommit, tid);
        return before with { Tid = tid, Cluster = DrawId() };
    }

    /// <summary>Numbers a further attempt to commit a group that may be on media under its last number, above
    /// everything that was numbered since, with numbers for further attempts.</summary>
    /// <param name="before">Those of the last attempt.</param>
    /// <remarks>Entry: no operation runs.</remarks>
    public CommitIds NextRetry(CommitIds before)
    {
        LastCommit = ++_last;
        _last += AttemptsMax - 1;
        return before with { Tid = LastCommit, Cluster = DrawId() };
    }

    /// <summary>Has all further numbers be above a number.</summary>
    /// <returns>False when they are already. Otherwise a cluster must begin an epoch before its next commit.</returns>
    /// <remarks>Entry: no operation runs.</remarks>
    public bool Raise(ulong least)
    {
        if (_last >= least) return false;
        _last = least;
        return true;
    }

    /// <summary>Begins an epoch above all numbers known.</summary>
    /// <param name="ids">Of the first commit of the epoch.</param>
    /// <returns>False when no epoch is left.</returns>
    /// <remarks>Entry: no operation runs.</remarks>
    public bool TryBeginEpoch(out CommitIds ids)
    {
        ids = default;
        ulong greatest = _last;
        foreach (PresentNode node in _nodes.View.Nodes) greatest = Math.Max(greatest, node.Facts.NumberKnown);
        if (!CommitNumber.TryBeginEpoch(greatest, _random(), out ulong first)) return false;
        ids = new CommitIds(first, LastCommit + 1, DrawId());
        _last = LastCommit = first;
        return true;
    }

    private ClusterCommit? DrawId()
    {
        if (!IsCluster) return null;
        ulong id = _random();
        return new ClusterCommit(_nodes.MastersTotal, _nodes.View.Record, id == 0 ? 1 : id);
    }
}

/// <summary>What identifies an attempt to commit a group.</summary>
/// <param name="Tid">Its number: modify_tid of the PFS root.</param>
/// <param name="Floor">Above the number of the commit before. What is committed carries at least this as modify_tid:
/// operations that a partial commit left out have lower numbers than that commit, and would look as old as it
/// otherwise.</param>
/// <param name="Cluster">What it says of the cluster; null for a PFS that never was one.</param>
internal readonly record struct CommitIds(ulong Tid, ulong Floor, ClusterCommit? Cluster);

/// <summary>What the PFS root of every node says of its cluster.</summary>
/// <param name="Masters">How many masters the cluster has.</param>
/// <param name="Record">Which nodes it has; null where no record says it.</param>
/// <param name="CommitId">Shared by all nodes of this attempt; never 0.</param>
internal readonly record struct ClusterCommit(int Masters, MembershipRecord? Record, ulong CommitId);
