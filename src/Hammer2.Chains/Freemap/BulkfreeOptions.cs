// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Chains.Freemap;

/// <summary>How space is reclaimed.</summary>
/// <param name="Discards">True to have the devices give up what became free (TRIM).</param>
/// <param name="IsCancelled">Asked before each block of metadata that is read, and between discards; true ends it,
/// and what was done stands.</param>
/// <param name="Progress">Receives bytes reached so far, and how many are expected; null for nothing.</param>
public readonly record struct BulkfreeOptions(
    bool Discards = false, Func<bool>? IsCancelled = null, Action<long, long>? Progress = null);
