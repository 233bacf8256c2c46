// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

public sealed partial class VnodeOps
{
    private const LinuxFileFlags AllLinuxFlags = LinuxFileFlags.Compress | LinuxFileFlags.Immutable
        | LinuxFileFlags.Append | LinuxFileFlags.NoDump | LinuxFileFlags.NoCompress;

    /// <summary>Reads the flags of an object, as chattr(1) shows them.</summary>
    /// <returns>ESTALE, EIO.</returns>
    /// <remarks>FS_IOC_GETFLAGS. The media has separate immutable and append-only flags for the owner and the
    /// super-user; here they are one.</remarks>
    public Errno GetFlags(ulong inum, out LinuxFileFlags flags)
    {
        flags = default;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        if (error == Errno.None) flags = ToLinux(inode.Meta);
        return error;
    }

    /// <summary>Sets all flags of chattr(1). The kernel has checked permissions; it requires CAP_LINUX_IMMUTABLE for
    /// two of them.</summary>
    /// <param name="inum">A file or directory.</param>
    /// <param name="flags">The flags to set. Compression on means LZ4 unless it was zlib; off without
    /// <see cref="LinuxFileFlags.NoCompress"/> only makes holes of zeros.</param>
    /// <returns>EOPNOTSUPP for a flag that the format does not have; EINVAL for both compression flags; ENOSPC, EROFS,
    /// ESTALE, EIO.</returns>
    /// <remarks>FS_IOC_SETFLAGS. Flags that Linux does not have, such as no-unlink, are not changed.</remarks>
    public Errno SetFlags(ulong inum, LinuxFileFlags flags)
    {
        const LinuxFileFlags Opposites = LinuxFileFlags.Compress | LinuxFileFlags.NoCompress;
        if ((flags & ~AllLinuxFlags) != 0) return Errno.EOPNOTSUPP;
        if ((flags & Opposites) == Opposites) return Errno.EINVAL;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        Errno refused = writer.Reserve(0, leaves: 1, SpaceUse.Remove, out PendingOperation operation).ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, inum);
        Hammer2Error error = change.Open(inum, out DirtyInode? inode);
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.ESTALE);
        ref InodeMeta meta = ref inode!.Meta;
        if (flags == ToLinux(meta)) return Errno.None;
        meta.UserFlags = WithLinux(meta.UserFlags, ToLinux(meta), flags);
        if (((flags ^ ToLinux(meta)) & Opposites) != 0) meta.CompressionPolicy = PolicyOf(flags);
        meta.ChangeTime = Now();
        change.Touch(inode);
        change.Complete();
        return Errno.None;
    }

    /// <summary>Checks whether the flags of an object allow opening it.</summary>
    /// <returns>EPERM for writing to an immutable object, and for writing to an append-only file without O_APPEND;
    /// ESTALE, EIO.</returns>
    /// <remarks>open(2). The kernel checks permissions.</remarks>
    public Errno CheckOpen(ulong inum, OpenAccess access)
    {
        if (access == OpenAccess.Read) return Errno.None;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        if (error != Errno.None) return error;
        if ((inode.Meta.UserFlags & ImmutableFlags) != 0) return Errno.EPERM;
        bool onlyAppends = (access & (OpenAccess.Append | OpenAccess.Truncate)) == OpenAccess.Append;
        return (inode.Meta.UserFlags & AppendFlags) != 0 && !onlyAppends ? Errno.EPERM : Errno.None;
    }

    private static LinuxFileFlags ToLinux(in InodeMeta meta)
    {
        var flags = LinuxFileFlags.None;
        if ((meta.UserFlags & ImmutableFlags) != 0) flags |= LinuxFileFlags.Immutable;
        if ((meta.UserFlags & AppendFlags) != 0) flags |= LinuxFileFlags.Append;
        if ((meta.UserFlags & FileFlags.UserNoDump) != 0) flags |= LinuxFileFlags.NoDump;
        return flags | meta.Compression switch
        {
            CompressionMethod.Lz4 or CompressionMethod.Zlib => LinuxFileFlags.Compress,
            CompressionMethod.None => LinuxFileFlags.NoCompress,
            _ => LinuxFileFlags.None,
        };
    }

    // An unchanged flag keeps its kind on media; a new flag is that of the super-user.
    private static FileFlags WithLinux(FileFlags stored, LinuxFileFlags old, LinuxFileFlags wanted)
    {
        LinuxFileFlags off = old & ~wanted, on = wanted & ~old;
        if ((off & LinuxFileFlags.Immutable) != 0) stored &= ~ImmutableFlags;
        if ((off & LinuxFileFlags.Append) != 0) stored &= ~AppendFlags;
        if ((off & LinuxFileFlags.NoDump) != 0) stored &= ~FileFlags.UserNoDump;
        if ((on & LinuxFileFlags.Immutable) != 0) stored |= FileFlags.SystemImmutable;
        if ((on & LinuxFileFlags.Append) != 0) stored |= FileFlags.SystemAppend;
        if ((on & LinuxFileFlags.NoDump) != 0) stored |= FileFlags.UserNoDump;
        return stored;
    }

    private static byte PolicyOf(LinuxFileFlags flags)
    {
        if ((flags & LinuxFileFlags.Compress) != 0) return (byte)CompressionMethod.Lz4;
        return (byte)((flags & LinuxFileFlags.NoCompress) != 0
            ? CompressionMethod.None : CompressionMethod.AutoZero);
    }
}
