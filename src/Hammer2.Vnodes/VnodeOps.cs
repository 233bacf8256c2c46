// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Vnodes;

/// <summary>
/// The operations of a POSIX filesystem on one mounted PFS. Objects are identified by inode number; the root is 1.
/// Thread-safe.
/// </summary>
/// <remarks>Upstream: hammer2_vnops.c. Every operation returns an <see cref="Errno"/>; results are out
/// parameters.</remarks>
public sealed partial class VnodeOps
{
    private readonly Pfs _pfs;
    private readonly ILogger _logger;
    private readonly ReportedInodes _reported = new();
    private readonly TimeProvider _time;
    private long _lossTold;

    // Open files created by O_TMPFILE that are not linked yet; the value is unused.
    private readonly ConcurrentDictionary<ulong, byte> _linkable = new();

    /// <summary>Creates operations on <paramref name="pfs"/>, which can be changed if it was opened for
    /// writing.</summary>
    /// <param name="pfs">The PFS.</param>
    /// <param name="logger">Receives messages about damage.</param>
    /// <param name="time">The clock for times of changes.</param>
    public VnodeOps(Pfs pfs, ILogger<VnodeOps> logger, TimeProvider? time = null)
    {
        _pfs = pfs;
        _logger = logger;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Number of the root directory.</summary>
    public const ulong RootInum = Media.PfsRootInum;

    /// <summary>Maximum length of a name in bytes.</summary>
    public const int NameBytesMax = Media.NameBytesMax;

    /// <summary>Forgets what is known of single objects, when the PFS got another content: a number stands for
    /// something else from now on.</summary>
    /// <remarks>Entry: no operation runs.</remarks>
    public void ForgetObjects() => _linkable.Clear();

    /// <summary>Finds a name in a directory, including "." and "..".</summary>
    /// <param name="directory">Inode number of the directory.</param>
    /// <param name="name">The name as bytes.</param>
    /// <param name="attributes">Attributes of the object.</param>
    /// <returns>ENOENT, ENOTDIR, ENAMETOOLONG; ESTALE when there is no such directory; EIO for
    /// damage.</returns>
    public Errno Lookup(ulong directory, ReadOnlySpan<byte> name, out VnodeAttributes attributes)
    {
        attributes = default;
        if (name.Length > NameBytesMax) return Errno.ENAMETOOLONG;
        for (int round = 0; ; round++)
        {
            Errno error = FindName(directory, name, out ulong inum);
            if (error != Errno.None) return error;
            error = GetAttributes(inum, out attributes);
            // The object was removed after the name was read: then the name is gone too.
            if (error != Errno.ESTALE || IsReadOnly || round == ChaseMax)
                return error == Errno.ESTALE ? ReportDangling(inum) : error;
        }
    }

    /// <summary>Reads the attributes of an object.</summary>
    /// <returns>ESTALE when there is no such object; EIO for damage.</returns>
    public Errno GetAttributes(ulong inum, out VnodeAttributes attributes)
    {
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        attributes = error == Errno.None ? new VnodeAttributes(inode) : default;
        return error;
    }

    /// <summary>
    /// Reads the attributes of the object of a directory entry. An entry whose object is missing is damage: the result
    /// is EIO, never ENOENT.
    /// </summary>
    public Errno GetEntryAttributes(ulong inum, out VnodeAttributes attributes)
    {
        Errno error = GetAttributes(inum, out attributes);
        return error == Errno.ESTALE ? ReportDangling(inum) : error;
    }

    /// <summary>Reads the target of a symbolic link, without a NUL.</summary>
    /// <param name="inum">The link.</param>
    /// <param name="target">Receives the target, as much as fits.</param>
    /// <param name="targetBytes">Number of bytes received.</param>
    /// <returns>EINVAL when it is not a symbolic link; ESTALE, EIO.</returns>
    public Errno ReadLink(ulong inum, Span<byte> target, out int targetBytes)
    {
        targetBytes = 0;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        if (error != Errno.None) return error;
        if (inode.Meta.Type != ObjectType.SoftLink) return Errno.EINVAL;
        return DataOperations.Read(inode, 0, target, out targetBytes).ToErrno();
    }

    /// <summary>The space and the number of objects of the PFS.</summary>
    public PfsSpace GetSpace() => _pfs.GetSpace();

    private Errno FindName(ulong directory, ReadOnlySpan<byte> name, out ulong inum)
    {
        inum = directory;
        using PfsWriter.ReadGuard guard = Hold(directory);
        Errno refused = GetDirectory(directory, out Inode parent);
        if (refused != Errno.None || name.SequenceEqual("."u8)) return refused;
        if (name.SequenceEqual(".."u8))
        {
            inum = ParentOf(parent);
            return Errno.None;
        }
        if (name.IsEmpty || IsHidden(directory, name)) return Errno.ENOENT;
        Hammer2Error error = NameOperations.FindEntry(parent, name, out DirectoryEntry entry);
        inum = entry.Inum;
        return error.ToErrno();
    }

    private Errno ReportDangling(ulong inum)
    {
        if (_reported.IsFirst(inum)) LogDangling(_logger, inum);
        return Errno.EIO;
    }

    private Errno GetInode(ulong inum, out Inode inode)
    {
        Hammer2Error error = _pfs.GetInode(inum, out inode);
        if (error == Hammer2Error.NoEntry) return Errno.ESTALE;
        if (error != Hammer2Error.None) return error.ToErrno();
        if (VnodeAttributes.TypeBits(inode.Meta.Type) != 0) return Errno.None;
        if (_reported.IsFirst(inum)) LogUnknownType(_logger, inum, (int)inode.Meta.Type);
        return Errno.EIO;
    }

    private Errno GetDirectory(ulong inum, out Inode inode)
    {
        Errno error = GetInode(inum, out inode);
        if (error != Errno.None) return error;
        return inode.Meta.Type == ObjectType.Directory ? Errno.None : Errno.ENOTDIR;
    }

    private static ulong ParentOf(in Inode directory) =>
        directory.Inum == RootInum ? RootInum : directory.Meta.ParentInum;
}
