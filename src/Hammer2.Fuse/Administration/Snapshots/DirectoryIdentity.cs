// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>What tells a directory from all others, in all snapshots: a number alone may be that of an object of
/// another PFS.</summary>
/// <param name="Inum">Its inode number; 0 for what is no directory.</param>
/// <param name="BirthSeconds">When it was made, in seconds since 1970 UTC.</param>
/// <param name="BirthNanoseconds">And nanoseconds.</param>
internal readonly record struct DirectoryIdentity(ulong Inum, long BirthSeconds, uint BirthNanoseconds)
{
    private const int TypeMask = 0xF000;
    private const int DirectoryType = 0x4000;

    /// <summary>The identity of an object.</summary>
    public static DirectoryIdentity Of(in FuseStatX found) => (found.Mode & TypeMask) == DirectoryType
        ? new DirectoryIdentity(found.Inode, found.BirthTime.Seconds, found.BirthTime.Nanoseconds) : default;
}
