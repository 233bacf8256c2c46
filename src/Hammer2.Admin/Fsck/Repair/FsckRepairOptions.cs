// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Fsck.Repair;

/// <summary>How a repair is done.</summary>
public sealed record FsckRepairOptions
{
    /// <summary>Options of the checks, one before and one after each commit.</summary>
    public FsckOptions Check { get; init; } = new();

    /// <summary>True to repair nothing that a person should decide: entries without an inode, inodes without an
    /// entry.</summary>
    public bool IsPreen { get; init; }

    /// <summary>The clock for the times of new inodes.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
