// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>The names of actions in results.</summary>
public static class SnapshotActionNames
{
    /// <summary>The name of an action.</summary>
    public static string NameOf(SnapshotAction action) => action switch
    {
        SnapshotAction.Create => "create",
        SnapshotAction.Keep => "keep",
        _ => "delete",
    };
}
