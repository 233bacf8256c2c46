// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Vnodes;

/// <summary>Linux error numbers returned by vnode operations.</summary>
public enum Errno
{
    /// <summary>Success.</summary>
    None = 0,

    /// <summary>Operation not permitted.</summary>
    EPERM = 1,

    /// <summary>No such file or directory.</summary>
    ENOENT = 2,

    /// <summary>Interrupted system call.</summary>
    EINTR = 4,

    /// <summary>Input/output error.</summary>
    EIO = 5,

    /// <summary>No such device or address; from lseek: no data or hole follows.</summary>
    ENXIO = 6,

    /// <summary>Try again.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied.</summary>
    EACCES = 13,

    /// <summary>Device or resource busy.</summary>
    EBUSY = 16,

    /// <summary>File exists.</summary>
    EEXIST = 17,

    /// <summary>Not a directory.</summary>
    ENOTDIR = 20,

    /// <summary>Is a directory.</summary>
    EISDIR = 21,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>File too large.</summary>
    EFBIG = 27,

    /// <summary>No space left on device.</summary>
    ENOSPC = 28,

    /// <summary>Read-only filesystem.</summary>
    EROFS = 30,

    /// <summary>Too many links.</summary>
    EMLINK = 31,

    /// <summary>File name too long.</summary>
    ENAMETOOLONG = 36,

    /// <summary>Directory not empty.</summary>
    ENOTEMPTY = 39,

    /// <summary>No such attribute.</summary>
    ENODATA = 61,

    /// <summary>The operation has changed nothing, and waits: it is to be made again once enough nodes have returned.
    /// Callers of the kernel never get this.</summary>
    ERESTART = 85,

    /// <summary>Operation not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The object of the handle no longer exists.</summary>
    ESTALE = 116,
}
