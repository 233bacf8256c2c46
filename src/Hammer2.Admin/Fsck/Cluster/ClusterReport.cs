// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Admin;

/// <summary>What a node of a cluster is good for, as its root says.</summary>
public enum ClusterNodeState
{
    /// <summary>Holds the commit that counts.</summary>
    Synced,

    /// <summary>Holds another commit, or was on its way back: to be made equal to the others.</summary>
    Stale,

    /// <summary>A copy without a vote.</summary>
    Passive,
}

/// <summary>One node of a cluster.</summary>
/// <param name="Name">The devices it lies on.</param>
/// <param name="Root">The root of its PFS.</param>
/// <param name="State">What it is good for.</param>
public sealed record ClusterNode(string Name, PfsRecord Root, ClusterNodeState State);

/// <summary>The nodes of one cluster, compared with each other.</summary>
public sealed class ClusterReport
{
    /// <summary>The label that the nodes have.</summary>
    public required string Label { get; init; }

    /// <summary>The nodes, in the order in which their filesystems were given.</summary>
    public required IReadOnlyList<ClusterNode> Nodes { get; init; }

    /// <summary>Masters that must agree: more than half of those that the nodes know of.</summary>
    public required int Quorum { get; init; }

    /// <summary>The commit that counts.</summary>
    public required ulong CommitTid { get; init; }

    /// <summary>What differs between synced nodes, and which nodes are stale; cut at the number asked for.</summary>
    public required IReadOnlyList<FsckFinding> Findings { get; init; }

    /// <summary>How many differences there are, listed or not.</summary>
    public required long DifferencesTotal { get; init; }

    /// <summary>Objects that were compared, counted once for each node beside the first.</summary>
    public required long Compared { get; init; }

    /// <summary>True when all nodes hold the same.</summary>
    public bool IsClean => Findings.Count == 0 && DifferencesTotal == 0;
}
