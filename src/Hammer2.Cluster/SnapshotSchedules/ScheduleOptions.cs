// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>How a schedule runs.</summary>
/// <param name="Policy">How many snapshots are kept.</param>
/// <param name="FreeMinPercent">When less of the filesystem is free, further snapshots are deleted, the oldest first; 0
/// to 99.</param>
/// <param name="IsDryRun">True to change nothing.</param>
public sealed record ScheduleOptions(SnapshotPolicy Policy, int FreeMinPercent, bool IsDryRun);
