// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Members;

/// <summary>What came of a change of a cluster's nodes.</summary>
/// <param name="Error">None when it was made and is durable on a quorum of nodes.</param>
/// <param name="Refusal">Why not, as the end of a sentence; null where the error says it.</param>
public readonly record struct MemberOutcome(Hammer2Error Error, string? Refusal = null)
{
    /// <summary>Refused before anything was done.</summary>
    internal static MemberOutcome Refused(string reason) => new(Hammer2Error.Invalid, reason);
}
