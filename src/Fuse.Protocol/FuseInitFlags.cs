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

    /// <summary>sync(2), syncfs(2) and umount(2) send SYNCFS on any mount whose /dev/fuse was opened with
    /// CAP_SYS_ADMIN. Source: Linux's FUSE tree of September 2026; 6.18 does not have it.</summary>
    HasSyncFs = 1UL << 43,
}
