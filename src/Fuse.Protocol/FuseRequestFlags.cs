// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Flags of single requests.</summary>
public static class FuseRequestFlags
{
    /// <summary>FUSE_GETATTR_FH: the handle of GETATTR or STATX is valid.</summary>
    public const uint GetAttrHandle = 1 << 0;

    /// <summary>FUSE_RELEASE_FLUSH: RELEASE stands for the FLUSH that was not sent.</summary>
    public const uint ReleaseFlush = 1 << 0;

    /// <summary>FUSE_FSYNC_FDATASYNC: times need not become durable.</summary>
    public const uint FSyncDataOnly = 1 << 0;

    /// <summary>FUSE_OPEN_KILL_SUIDGID: an opening truncation clears set-id bits.</summary>
    public const uint OpenKillSuidGid = 1 << 0;

    /// <summary>FUSE_IOCTL_DIR: the ioctl was made on a directory.</summary>
    public const uint IoCtlDirectory = 1 << 4;

    /// <summary>FUSE_IOCTL_COMPAT: the caller is a 32-bit program.</summary>
    public const uint IoCtlCompat = 1 << 0;

    /// <summary>FUSE_EXPIRE_ONLY: a name is looked up again before its next use, but not dropped.</summary>
    public const uint ExpireOnly = 1 << 0;
}
