// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// What the kernel asks for; the second word of every message. Source: <c>enum fuse_opcode</c>,
/// linux/fuse.h 7.45. A number that is not listed here is answered with ENOSYS.
/// </summary>
public enum FuseOpcode : uint
{
    /// <summary>Find a name in a directory; a successful answer is one reference on the node.</summary>
    Lookup = 1,

    /// <summary>Drop references on one node. Never answered.</summary>
    Forget = 2,

    /// <summary>Attributes of a node.</summary>
    GetAttr = 3,

    /// <summary>Change mode, owner, size or times.</summary>
    SetAttr = 4,

    /// <summary>Target of a symbolic link.</summary>
    ReadLink = 5,

    /// <summary>Make a symbolic link.</summary>
    Symlink = 6,

    /// <summary>Make a file, FIFO, socket or device node without opening it.</summary>
    MkNod = 8,

    /// <summary>Make a directory.</summary>
    MkDir = 9,

    /// <summary>Remove a name that is not a directory.</summary>
    Unlink = 10,

    /// <summary>Remove an empty directory.</summary>
    RmDir = 11,

    /// <summary>Rename without flags.</summary>
    Rename = 12,

    /// <summary>Make another name for a node.</summary>
    Link = 13,

    /// <summary>Open a file; ENOSYS means "never ask again" where the kernel offers it.</summary>
    Open = 14,

    /// <summary>Read file data.</summary>
    Read = 15,

    /// <summary>Write file data.</summary>
    Write = 16,

    /// <summary>Space and object counts of the filesystem.</summary>
    StatFs = 17,

    /// <summary>Last close of a file handle.</summary>
    Release = 18,

    /// <summary>Make a file durable.</summary>
    FSync = 20,

    /// <summary>Set an extended attribute.</summary>
    SetXAttr = 21,

    /// <summary>Read an extended attribute, or ask its size.</summary>
    GetXAttr = 22,

    /// <summary>Names of all extended attributes, or their size.</summary>
    ListXAttr = 23,

    /// <summary>Remove an extended attribute.</summary>
    RemoveXAttr = 24,

    /// <summary>A close(2) of one descriptor, before <see cref="Release"/>.</summary>
    Flush = 25,

    /// <summary>Version and feature negotiation; the first message.</summary>
    Init = 26,

    /// <summary>Open a directory.</summary>
    OpenDir = 27,

    /// <summary>Directory entries without attributes.</summary>
    ReadDir = 28,

    /// <summary>Last close of a directory handle.</summary>
    ReleaseDir = 29,

    /// <summary>Make a directory durable.</summary>
    FSyncDir = 30,

    /// <summary>Ask for a conflicting byte-range lock.</summary>
    GetLk = 31,

    /// <summary>Take or drop a byte-range lock without waiting.</summary>
    SetLk = 32,

    /// <summary>Take a byte-range lock, waiting for it.</summary>
    SetLkW = 33,

    /// <summary>access(2), only when permissions are not checked by the kernel.</summary>
    Access = 34,

    /// <summary>Make and open a file.</summary>
    Create = 35,

    /// <summary>Another request's caller was interrupted by a signal.</summary>
    Interrupt = 36,

    /// <summary>Map a file block to a device block (fuseblk only).</summary>
    BMap = 37,

    /// <summary>The filesystem is being unmounted; the kernel waits for the answer.</summary>
    Destroy = 38,

    /// <summary>A device-specific command on a file or directory.</summary>
    IoCtl = 39,

    /// <summary>Readiness of a file.</summary>
    Poll = 40,

    /// <summary>Data the server asked for with a retrieve notification. Never answered.</summary>
    NotifyReply = 41,

    /// <summary>Drop references on many nodes. Never answered.</summary>
    BatchForget = 42,

    /// <summary>Reserve, punch or zero a range.</summary>
    FAllocate = 43,

    /// <summary>Directory entries with attributes.</summary>
    ReadDirPlus = 44,

    /// <summary>Rename with RENAME_NOREPLACE, RENAME_EXCHANGE or RENAME_WHITEOUT.</summary>
    Rename2 = 45,

    /// <summary>Find data or a hole.</summary>
    LSeek = 46,

    /// <summary>Copy between two open files without passing the data through the caller.</summary>
    CopyFileRange = 47,

    /// <summary>Map a file range for direct access (virtiofs only).</summary>
    SetupMapping = 48,

    /// <summary>Unmap direct-access ranges (virtiofs only).</summary>
    RemoveMapping = 49,

    /// <summary>sync(2) or syncfs(2) reached this filesystem (fuseblk, virtiofs, HAS_SYNCFS).</summary>
    SyncFs = 50,

    /// <summary>Make and open a file that has no name yet.</summary>
    TmpFile = 51,

    /// <summary>Attributes including birth time.</summary>
    StatX = 52,

    /// <summary>As <see cref="CopyFileRange"/>, answering with a 64-bit length.</summary>
    CopyFileRange64 = 53,
}
