// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>What lasts from before an operation to its end: the space reserved for it, and how far it got.</summary>
public struct PendingOperation
{
    /// <summary>Its number; 0 before it begins.</summary>
    internal ulong Tid;

    /// <summary>Bytes reserved for it and not charged yet.</summary>
    internal long ReservedBytes;

    /// <summary>The first inode that it changed: the others depend on it.</summary>
    internal DirtyInode? FirstChanged;

    /// <summary>True once it changed an inode.</summary>
    internal bool HasChanged;

    /// <summary>True once it is done as a whole.</summary>
    internal bool IsComplete;
}
