// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>The PFS that a schedule is for.</summary>
/// <param name="Label">Its label.</param>
/// <param name="ClusterId">The id of its cluster.</param>
public sealed record ScheduledPfs(byte[] Label, MediaUuid ClusterId);
