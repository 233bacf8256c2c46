// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>How bulkfree is run.</summary>
/// <param name="Discards">True to have the devices discard (TRIM) what became free.</param>
/// <param name="IsCancelled">Asked again and again; true ends it, and what was done stands.</param>
public readonly record struct ReclaimOptions(bool Discards = false, Func<bool>? IsCancelled = null);
