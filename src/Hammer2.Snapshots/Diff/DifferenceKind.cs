// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Snapshots.Diff;

/// <summary>What happened to a path.</summary>
public enum DifferenceKind
{
    /// <summary>The new tree has the name, the old one does not.</summary>
    Added,

    /// <summary>The old tree has the name, the new one does not.</summary>
    Removed,

    /// <summary>The object has another name.</summary>
    Renamed,

    /// <summary>The object has the name still, and other content or attributes.</summary>
    Changed,

    /// <summary>It could not be compared: a block cannot be read.</summary>
    Unresolved,
}
