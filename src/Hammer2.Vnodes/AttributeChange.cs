// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Attributes to set; null leaves one unchanged. Times are microseconds since 1970 UTC.</summary>
public readonly record struct AttributeChange
{
    /// <summary>Permission bits, 07777.</summary>
    public uint? Mode { get; init; }

    /// <summary>Owner.</summary>
    public uint? UserId { get; init; }

    /// <summary>Group.</summary>
    public uint? GroupId { get; init; }

    /// <summary>Size of a regular file in bytes, at most 2^63 - 1.</summary>
    public ulong? SizeBytes { get; init; }

    /// <summary>Last access.</summary>
    public ulong? AccessTime { get; init; }

    /// <summary>Last change of the content.</summary>
    public ulong? ModifyTime { get; init; }

    /// <summary>True when the times are the current time, which any process with write access may set, even on an
    /// append-only file.</summary>
    public bool IsTouch { get; init; }

    /// <summary>Last change of the inode, from a kernel with a writeback cache; null for the current time.</summary>
    public ulong? ChangeTime { get; init; }

    /// <summary>BSD flags, all of them.</summary>
    public FileFlags? Flags { get; init; }

    /// <summary>True to clear the set-id bits, because an unprivileged process changes the content.</summary>
    public bool DropsPrivileges { get; init; }
}
