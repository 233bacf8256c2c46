// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// The Linux error numbers that this protocol itself returns or receives, as positive ints. A filesystem may return any
/// number from 1 to 511; 0 is success.
/// </summary>
public static class FuseErrno
{
    /// <summary>Success.</summary>
    public const int None = 0;

    /// <summary>Operation not permitted; also: this descriptor has no connection (yet).</summary>
    public const int EPERM = 1;

    /// <summary>No such entry.</summary>
    public const int ENOENT = 2;

    /// <summary>Interrupted by a signal.</summary>
    public const int EINTR = 4;

    /// <summary>Input or output error.</summary>
    public const int EIO = 5;

    /// <summary>Try again.</summary>
    public const int EAGAIN = 11;

    /// <summary>Out of memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Still in use.</summary>
    public const int EBUSY = 16;

    /// <summary>The name exists.</summary>
    public const int EEXIST = 17;

    /// <summary>Not on the same filesystem.</summary>
    public const int EXDEV = 18;

    /// <summary>No such device: the filesystem was unmounted.</summary>
    public const int ENODEV = 19;

    /// <summary>Not a directory.</summary>
    public const int ENOTDIR = 20;

    /// <summary>Is a directory.</summary>
    public const int EISDIR = 21;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>Not for this kind of object.</summary>
    public const int ENOTTY = 25;

    /// <summary>No space left.</summary>
    public const int ENOSPC = 28;

    /// <summary>Read-only filesystem.</summary>
    public const int EROFS = 30;

    /// <summary>Does not fit the caller's buffer.</summary>
    public const int ERANGE = 34;

    /// <summary>Name too long.</summary>
    public const int ENAMETOOLONG = 36;

    /// <summary>Not implemented; for several operations the kernel then stops sending requests.</summary>
    public const int ENOSYS = 38;

    /// <summary>No such attribute.</summary>
    public const int ENODATA = 61;

    /// <summary>A number is too great to be shown.</summary>
    public const int EOVERFLOW = 75;

    /// <summary>Protocol version mismatch.</summary>
    public const int EPROTO = 71;

    /// <summary>From a filesystem to the session alone: the request changed nothing, and is to be served again once the
    /// filesystem is not stalled any more.</summary>
    public const int ERESTART = 85;

    /// <summary>Not supported.</summary>
    public const int EOPNOTSUPP = 95;

    /// <summary>The connection was aborted.</summary>
    public const int ECONNABORTED = 103;

    /// <summary>Not connected any more.</summary>
    public const int ENOTCONN = 107;

    /// <summary>Operation canceled.</summary>
    public const int ECANCELED = 125;

    /// <summary>Stale file handle.</summary>
    public const int ESTALE = 116;

    /// <summary>The kernel rejects replies with this error number or a greater one; the caller would wait for
    /// ever.</summary>
    public const int Limit = 512;
}
