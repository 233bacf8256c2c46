// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Membership;

namespace Hammer2.Admin;

/// <summary>One node of a cluster.</summary>
/// <param name="Name">The devices it lies on.</param>
/// <param name="Root">The root of its PFS.</param>
/// <param name="State">What it may be used for.</param>
/// <param name="Detail">Why.</param>
public sealed record ClusterNode(string Name, PfsRecord Root, NodeState State, string Detail);

/// <summary>The nodes of one cluster, compared with each other.</summary>
public sealed class ClusterReport
{
    /// <summary>The label that the nodes have.</summary>
    public required string Label { get; init; }

    /// <summary>The nodes, in the order in which their filesystems were given.</summary>
    public required IReadOnlyList<ClusterNode> Nodes { get; init; }

    /// <summary>How the nodes are put together by a mount that names these and no others.</summary>
    public required Assembly Assembly { get; init; }

    /// <summary>Masters that must agree: more than half of those that the nodes know of.</summary>
    public int Quorum => Assembly.Quorum;

    /// <summary>The number of the commit that is shown.</summary>
    public ulong CommitTid => Assembly.CommitTid;

    /// <summary>What differs between synced nodes, and which nodes are stale; cut at the number asked for.</summary>
    public required IReadOnlyList<FsckFinding> Findings { get; init; }

    /// <summary>How many differences there are, listed or not.</summary>
    public required long DifferencesTotal { get; init; }

    /// <summary>Objects that were compared, counted once for each node beside the first.</summary>
    public required long Compared { get; init; }

    /// <summary>True when all nodes hold the same.</summary>
    public bool IsClean => DifferencesTotal == 0 && Findings.All(finding => finding.Severity == FsckSeverity.Note);
}
