// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Resync;
using Hammer2.Membership;

namespace Hammer2.Cluster.Reports;

/// <summary>A node of a mounted PFS.</summary>
/// <param name="Name">Its devices as the user gave them.</param>
/// <param name="State">Its state now.</param>
/// <param name="Reason">The reason of its state, as the end of a sentence.</param>
/// <param name="CommitTid">Number of the last commit that it holds; 0 for an absent node.</param>
/// <param name="Pins">Its pinned commits.</param>
/// <param name="Role">Its part in the cluster.</param>
public sealed record NodeDescription(string Name, NodeState State, string Reason, ulong CommitTid,
    IReadOnlyList<PinDescription> Pins, NodeRole Role)
{
    /// <summary>How many commits of the PFS it lacks; null when that cannot be counted, since another mount began
    /// to count anew meanwhile.</summary>
    public ulong? Behind { get; init; }

    /// <summary>How far its resynchronization is; null while there is none.</summary>
    public ResyncProgress? Resync { get; init; }
}
