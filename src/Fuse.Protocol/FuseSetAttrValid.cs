// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>The valid fields of a SETATTR. Source: <c>FATTR_*</c>.</summary>
[Flags]
public enum FuseSetAttrValid : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Permission bits.</summary>
    Mode = 1 << 0,

    /// <summary>Owner.</summary>
    Uid = 1 << 1,

    /// <summary>Group.</summary>
    Gid = 1 << 2,

    /// <summary>Size: truncate or extend.</summary>
    Size = 1 << 3,

    /// <summary>Access time.</summary>
    ATime = 1 << 4,

    /// <summary>Modification time.</summary>
    MTime = 1 << 5,

    /// <summary>The handle field is valid.</summary>
    Handle = 1 << 6,

    /// <summary>Access time is set to the server's current time.</summary>
    ATimeNow = 1 << 7,

    /// <summary>Modification time is set to the server's current time.</summary>
    MTimeNow = 1 << 8,

    /// <summary>The lock owner field is valid.</summary>
    LockOwner = 1 << 9,

    /// <summary>Change time (writeback cache only).</summary>
    CTime = 1 << 10,

    /// <summary>Clear set-user-id and set-group-id (HANDLE_KILLPRIV_V2).</summary>
    KillSuidGid = 1 << 11,
}
