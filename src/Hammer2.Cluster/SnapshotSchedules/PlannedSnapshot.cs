// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>A snapshot in the plan of a schedule.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Label">Its label, a string of ByteText.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record PlannedSnapshot(SnapshotAction Action, string Label, string Reason);
