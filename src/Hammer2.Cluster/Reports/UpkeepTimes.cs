// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>When the work of timers was done last; of several nodes the time of the one where that was longest
/// ago.</summary>
/// <param name="Scrub">When a scrub ended, or the one that runs began; null when a node has had none.</param>
/// <param name="Snapshot">When the newest snapshot of the schedule was made; null when there is none.</param>
/// <param name="Bulkfree">When bulkfree came to its end; null when a node has had none.</param>
public readonly record struct UpkeepTimes(DateTimeOffset? Scrub, DateTimeOffset? Snapshot, DateTimeOffset? Bulkfree);
