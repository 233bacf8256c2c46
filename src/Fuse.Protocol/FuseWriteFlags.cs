// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>What kind of WRITE this is. Source: <c>FUSE_WRITE_*</c>.</summary>
[Flags]
public enum FuseWriteFlags : uint
{
    /// <summary>A write that bypasses the page cache.</summary>
    None = 0,

    /// <summary>Writeback from the page cache; handle and caller are those of any writer.</summary>
    Cache = 1 << 0,

    /// <summary>The lock owner field is valid.</summary>
    LockOwner = 1 << 1,

    /// <summary>Clear set-user-id and set-group-id.</summary>
    KillSuidGid = 1 << 2,
}
