// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>What a schedule does with a snapshot.</summary>
public enum SnapshotAction
{
    /// <summary>It is made.</summary>
    Create,

    /// <summary>It stays.</summary>
    Keep,

    /// <summary>It is deleted.</summary>
    Delete,
}
