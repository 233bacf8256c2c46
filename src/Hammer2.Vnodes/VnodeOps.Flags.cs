// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Flags as FS_IOC_GETFLAGS and chattr(1) know them; the values are Linux's. Others do not exist
/// here.</summary>
[Flags]
public enum LinuxFileFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>FS_COMPR_FL: what is written is compressed, and so is what is made in a directory.</summary>
    Compress = 0x0004,

    /// <summary>FS_IMMUTABLE_FL: nothing may be changed.</summary>
    Immutable = 0x0010,

    /// <summary>FS_APPEND_FL: files may only grow, directories only get names.</summary>
    Append = 0x0020,

    /// <summary>FS_NODUMP_FL: dump(8) leaves it out.</summary>
    NoDump = 0x0040,

    /// <summary>FS_NOCOMP_FL: what is written is stored as it is.</summary>
    NoCompress = 0x0400,
}

/// <summary>How a file is about to be used; what open(2) says.</summary>
[Flags]
public enum OpenAccess
{
    /// <summary>Reading.</summary>
    Read = 0,

    /// <summary>Writing.</summary>
    Write = 1,

    /// <summary>Writing at the end only, O_APPEND.</summary>
    Append = 2,

    /// <summary>Cutting it to nothing, O_TRUNC.</summary>
    Truncate = 4,
}

public sealed partial class VnodeOps
{
    private const LinuxFileFlags AllLinuxFlags = LinuxFileFlags.Compress | LinuxFileFlags.Immutable
        | LinuxFileFlags.Append | LinuxFileFlags.NoDump | LinuxFileFlags.NoCompress;

    /// <summary>The flags of an object as chattr(1) shows them.</summary>
    /// <returns>ESTALE, EIO.</returns>
    /// <remarks>FS_IOC_GETFLAGS. The owner's and the super-user's immutable and append-only flags of the media
    /// are one here.</remarks>
    public Errno GetFlags(ulong inum, out LinuxFileFlags flags)
    {
        flags = default;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        if (error == Errno.None) flags = ToLinux(inode.Meta);
        return error;
    }

    /// <summary>Sets all flags that chattr(1) knows. Who may is the kernel's to decide, which wants
    /// CAP_LINUX_IMMUTABLE for two of them.</summary>
    /// <param name="inum">A file or directory.</param>
    /// <param name="flags">Those that are to be on. Compression on means LZ4 unless it was zlib; off without
    /// <see cref="LinuxFileFlags.NoCompress"/> leaves holes for zeros only.</param>
    /// <returns>EOPNOTSUPP for a flag that the format does not have; EINVAL for compressing and not
    /// compressing; ENOSPC, EROFS, ESTALE, EIO.</returns>
    /// <remarks>FS_IOC_SETFLAGS. Flags that Linux does not have, such as no-unlink, stay.</remarks>
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

    /// <summary>Says whether an object's flags let it be opened.</summary>
    /// <returns>EPERM for writing what is immutable, and for writing an append-only file other than at its end;
    /// ESTALE, EIO.</returns>
    /// <remarks>open(2). Modes are the kernel's to check.</remarks>
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

    // What stays as it is keeps the kind of flag it has on media; what is new is the super-user's.
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
