// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Freemap;

namespace Hammer2.Cluster.Transactions;

/// <summary>How bulkfree is run.</summary>
/// <param name="Discards">True to have the devices discard (TRIM) what became free.</param>
/// <param name="IsCancelled">Asked again and again; true ends it, and what was done stands.</param>
/// <param name="Progress">Receives bytes of reachable blocks so far, and how many are expected, those of each pass and
/// node counted; null for nothing.</param>
public readonly record struct ReclaimOptions(
    bool Discards = false, Func<bool>? IsCancelled = null, Action<long, long>? Progress = null)
{
    internal BulkfreeOptions OfBulkfree => new(Discards, IsCancelled, Progress);
}
