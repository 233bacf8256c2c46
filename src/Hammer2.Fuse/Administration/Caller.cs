// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration;

/// <summary>The user that makes a request: that of the request from the kernel, never that of the daemon.</summary>
/// <param name="UserId">The user's number.</param>
/// <param name="MountOwnerId">The user that made the mount.</param>
internal readonly record struct Caller(uint UserId, uint MountOwnerId)
{
    private const uint Root = 0;

    /// <summary>True for root and for the user that made the mount.</summary>
    public bool IsOwner => UserId == Root || UserId == MountOwnerId;

    /// <summary>Whether a request for such callers is granted.</summary>
    public bool IsAmong(AllowedCallers allowed) => allowed == AllowedCallers.Anyone || IsOwner;
}

/// <summary>The callers that may make a request.</summary>
internal enum AllowedCallers
{
    /// <summary>Root and the user that made the mount.</summary>
    Owner,

    /// <summary>Every user that can open a file of the mount.</summary>
    Anyone,
}
