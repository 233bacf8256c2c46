// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Membership;

namespace Hammer2.Admin.Fsck.Cluster;

/// <summary>One node of a cluster.</summary>
/// <param name="Name">The devices that hold it.</param>
/// <param name="Root">The root of its PFS.</param>
/// <param name="State">Whether and how a mount uses the node.</param>
/// <param name="Detail">The reason for the state.</param>
public sealed record ClusterNode(string Name, PfsRecord Root, NodeState State, string Detail);

/// <summary>The nodes of one cluster, compared with each other.</summary>
public sealed class ClusterReport
{
    /// <summary>The label of the nodes.</summary>
    public required string Label { get; init; }

    /// <summary>The nodes, in the order in which their filesystems were given.</summary>
    public required IReadOnlyList<ClusterNode> Nodes { get; init; }

    /// <summary>The cluster as a mount of exactly these nodes would see it.</summary>
    public required MembershipDecision Membership { get; init; }

    /// <summary>The number of masters that must agree: more than half of the masters recorded on the nodes.</summary>
    public int Quorum => Membership.Quorum;

    /// <summary>The number of the current commit.</summary>
    public ulong CommitTid => Membership.CommitTid;

    /// <summary>Differences between synchronized nodes, and stale nodes; at most the requested number.</summary>
    public required IReadOnlyList<FsckFinding> Findings { get; init; }

    /// <summary>Number of differences, listed or not.</summary>
    public required long DifferencesTotal { get; init; }

    /// <summary>Number of objects compared, counted for each node except the first.</summary>
    public required long Compared { get; init; }

    /// <summary>True when all nodes are equal.</summary>
    public bool IsClean => DifferencesTotal == 0 && Findings.All(finding => finding.Severity == FsckSeverity.Note);
}
