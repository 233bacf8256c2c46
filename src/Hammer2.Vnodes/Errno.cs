// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Linux error numbers that vnode operations answer.</summary>
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

    /// <summary>No such device or address; also: no data or hole follows.</summary>
    ENXIO = 6,

    /// <summary>Try again.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory.</summary>
    ENOMEM = 12,

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

    /// <summary>Operation not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The handle names an object that is gone.</summary>
    ESTALE = 116,
}

/// <summary>The one table from <see cref="Hammer2Error"/> to <see cref="Errno"/>.</summary>
internal static class Hammer2ErrorToErrno
{
    // The first row that a set has a bit of decides: what a person must act on comes before what may pass.
    private static readonly (Hammer2Error Error, Errno Errno)[] Rows =
    [
        (Hammer2Error.Io | Hammer2Error.Check | Hammer2Error.Corrupt | Hammer2Error.NodeDown, Errno.EIO),
        (Hammer2Error.NoQuorum | Hammer2Error.Internal, Errno.EIO),
        (Hammer2Error.NoSpace, Errno.ENOSPC),
        (Hammer2Error.ReadOnly, Errno.EROFS),
        (Hammer2Error.NotPermitted, Errno.EPERM),
        (Hammer2Error.NotDirectory, Errno.ENOTDIR),
        (Hammer2Error.IsDirectory, Errno.EISDIR),
        (Hammer2Error.NotEmpty, Errno.ENOTEMPTY),
        (Hammer2Error.Exists, Errno.EEXIST),
        (Hammer2Error.Invalid, Errno.EINVAL),
        (Hammer2Error.NotSupported, Errno.EOPNOTSUPP),
        (Hammer2Error.TooLarge, Errno.EFBIG),
        (Hammer2Error.Busy, Errno.EBUSY),
        (Hammer2Error.Interrupted, Errno.EINTR),
        (Hammer2Error.NoResource, Errno.ENOMEM),
        (Hammer2Error.NoEntry, Errno.ENOENT),
    ];

    public static Errno ToErrno(this Hammer2Error error)
    {
        if (error == Hammer2Error.None) return Errno.None;
        foreach ((Hammer2Error bits, Errno errno) in Rows)
            if ((error & bits) != 0) return errno;
        return Errno.EIO;
    }
}
