// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Resync;

/// <summary>What a resynchronization takes from outside.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Random">Gives 64 random bits, for ids.</param>
/// <param name="IsCancelled">Asked between units; true ends it.</param>
/// <param name="Throttle">Keeps copying below a rate.</param>
internal sealed record ResyncOptions(
    TimeProvider Time, Func<ulong> Random, Func<bool> IsCancelled, RateThrottle Throttle)
{
    /// <summary>What becomes of snapshots of a node without space.</summary>
    public ResyncSnapshots Snapshots { get; init; } = new();
}
