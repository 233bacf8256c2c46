// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>The one table from <see cref="Hammer2Error"/> to <see cref="Errno"/>.</summary>
public static class Hammer2ErrorToErrno
{
    // The first row with a bit of the set decides: errors that need action come before transient ones.
    private static readonly (Hammer2Error Error, Errno Errno)[] Rows =
    [
        (Hammer2Error.Stalled, Errno.ERESTART),
        (Hammer2Error.Io | Hammer2Error.Check | Hammer2Error.Corrupt | Hammer2Error.NodeDown, Errno.EIO),
        (Hammer2Error.NoQuorum | Hammer2Error.Internal | Hammer2Error.Shutdown, Errno.EIO),
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
        (Hammer2Error.Busy | Hammer2Error.Held, Errno.EBUSY),
        (Hammer2Error.Interrupted, Errno.EINTR),
        (Hammer2Error.NoResource, Errno.ENOMEM),
        (Hammer2Error.NoEntry, Errno.ENOENT),
    ];

    /// <summary>The number for a set of errors; None for none.</summary>
    public static Errno ToErrno(this Hammer2Error error)
    {
        if (error == Hammer2Error.None) return Errno.None;
        foreach ((Hammer2Error bits, Errno errno) in Rows)
            if ((error & bits) != 0) return errno;
        return Errno.EIO;
    }
}
