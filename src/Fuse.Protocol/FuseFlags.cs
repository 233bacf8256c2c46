// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// Features offered by the kernel in INIT and accepted in its reply. The low word is in <c>flags</c>, the high word in
/// <c>flags2</c>, which exists only with <see cref="InitExt"/> (7.36). Source: <c>FUSE_*</c> init flags, linux/fuse.h.
/// </summary>
[Flags]
public enum FuseInitFlags : ulong
{
    /// <summary>No feature.</summary>
    None = 0,

    /// <summary>Several reads of one file may be in progress at once.</summary>
    AsyncRead = 1UL << 0,

    /// <summary>fcntl(2) locks are handled by the server; without it by the kernel.</summary>
    PosixLocks = 1UL << 1,

    /// <summary>O_TRUNC arrives with OPEN instead of as a SETATTR before it.</summary>
    AtomicOTrunc = 1UL << 3,

    /// <summary>"." and ".." may be looked up, so that NFS file handles can be resolved.</summary>
    ExportSupport = 1UL << 4,

    /// <summary>Writes longer than one page.</summary>
    BigWrites = 1UL << 5,

    /// <summary>The server applies the umask.</summary>
    DontMask = 1UL << 6,

    /// <summary>The device may be spliced to.</summary>
    SpliceWrite = 1UL << 7,

    /// <summary>Spliced pages may be moved instead of copied.</summary>
    SpliceMove = 1UL << 8,

    /// <summary>The device may be spliced from.</summary>
    SpliceRead = 1UL << 9,

    /// <summary>flock(2) locks are handled by the server.</summary>
    FlockLocks = 1UL << 10,

    /// <summary>ioctl(2) on directories is sent to the server.</summary>
    HasIoctlDir = 1UL << 11,

    /// <summary>Cached data is dropped when mtime or size change.</summary>
    AutoInvalData = 1UL << 12,

    /// <summary>READDIRPLUS is supported.</summary>
    DoReadDirPlus = 1UL << 13,

    /// <summary>The kernel chooses between READDIR and READDIRPLUS.</summary>
    ReadDirPlusAuto = 1UL << 14,

    /// <summary>Direct I/O requests are sent in parallel.</summary>
    AsyncDio = 1UL << 15,

    /// <summary>Writeback cache: writes stay in the page cache at first; the kernel maintains size and mtime of dirty
    /// files.</summary>
    WritebackCache = 1UL << 16,

    /// <summary>After ENOSYS to OPEN the kernel sends no OPEN and RELEASE.</summary>
    NoOpenSupport = 1UL << 17,

    /// <summary>Lookups and readdirs of one directory may be in progress at once.</summary>
    ParallelDirOps = 1UL << 18,

    /// <summary>The server clears set-id bits on write, chown and truncate.</summary>
    HandleKillPriv = 1UL << 19,

    /// <summary>POSIX access control lists are stored by the server.</summary>
    PosixAcl = 1UL << 20,

    /// <summary>Reading an aborted device returns ECONNABORTED instead of ENODEV.</summary>
    AbortError = 1UL << 21,

    /// <summary>max_pages of the reply is valid.</summary>
    MaxPages = 1UL << 22,

    /// <summary>Link targets are cached.</summary>
    CacheSymlinks = 1UL << 23,

    /// <summary>After ENOSYS to OPENDIR the kernel sends no OPENDIR and RELEASEDIR.</summary>
    NoOpenDirSupport = 1UL << 24,

    /// <summary>Cached data is dropped only by notifications of the server.</summary>
    ExplicitInvalData = 1UL << 25,

    /// <summary>map_alignment of the reply is valid (virtiofs).</summary>
    MapAlignment = 1UL << 26,

    /// <summary>Submounts are announced in attributes.</summary>
    Submounts = 1UL << 27,

    /// <summary>As <see cref="HandleKillPriv"/>, where the kernel says for each request whether the bits are
    /// cleared.</summary>
    HandleKillPrivV2 = 1UL << 28,

    /// <summary>SETXATTR has the 16-byte struct.</summary>
    SetXAttrExt = 1UL << 29,

    /// <summary>flags2 is valid in both directions.</summary>
    InitExt = 1UL << 30,

    /// <summary>Create requests contain security contexts.</summary>
    SecurityCtx = 1UL << 32,

    /// <summary>Direct access per inode (virtiofs).</summary>
    HasInodeDax = 1UL << 33,

    /// <summary>Create requests contain one supplementary group.</summary>
    CreateSuppGroup = 1UL << 34,

    /// <summary>Entries can be expired rather than dropped.</summary>
    HasExpireOnly = 1UL << 35,

    /// <summary>Shared mappings of files opened with direct I/O.</summary>
    DirectIoAllowMmap = 1UL << 36,

    /// <summary>I/O may be passed through to another file.</summary>
    Passthrough = 1UL << 37,

    /// <summary>File handles for NFS are refused.</summary>
    NoExportSupport = 1UL << 38,

    /// <summary>Requests can be sent again after a server was replaced.</summary>
    HasResend = 1UL << 39,

    /// <summary>Id-mapped mounts.</summary>
    AllowIdmap = 1UL << 40,

    /// <summary>Requests may be exchanged over io_uring.</summary>
    OverIoUring = 1UL << 41,

    /// <summary>request_timeout of the reply is valid.</summary>
    RequestTimeout = 1UL << 42,
}

/// <summary>How the kernel treats an open file or directory. Source: <c>FOPEN_*</c>.</summary>
[Flags]
public enum FuseOpenFlags : uint
{
    /// <summary>The kernel's defaults.</summary>
    None = 0,

    /// <summary>Bypass the page cache.</summary>
    DirectIo = 1 << 0,

    /// <summary>Keep data cached from an earlier open.</summary>
    KeepCache = 1 << 1,

    /// <summary>lseek(2) fails.</summary>
    NonSeekable = 1 << 2,

    /// <summary>Directory entries may be cached.</summary>
    CacheDir = 1 << 3,

    /// <summary>No position at all.</summary>
    Stream = 1 << 4,

    /// <summary>No FLUSH on close.</summary>
    NoFlush = 1 << 5,

    /// <summary>Direct writes of one file may be in progress at once.</summary>
    ParallelDirectWrites = 1 << 6,

    /// <summary>Pass I/O to the backing file.</summary>
    Passthrough = 1 << 7,
}

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
