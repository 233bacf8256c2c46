// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>How often a schedule makes snapshots of one kind.</summary>
public enum SnapshotClass
{
    /// <summary>One in each hour.</summary>
    Hourly,

    /// <summary>One on each day.</summary>
    Daily,

    /// <summary>One in each week, which begins on Monday.</summary>
    Weekly,

    /// <summary>One in each month.</summary>
    Monthly,
}
