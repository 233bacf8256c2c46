// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// Inodes as they are stored, and the methods of their new blocks.
public sealed partial class VnodeOps
{
    private const int ZlibLevelMax = 9;

    /// <summary>Reads an inode as it is stored.</summary>
    /// <returns>ESTALE, EIO.</returns>
    /// <remarks>Upstream: <c>HAMMER2IOC_INODE_GET</c>.</remarks>
    public Errno GetStored(ulong inum, out StoredInode stored)
    {
        stored = default;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        if (error == Errno.None) stored = new StoredInode(inode.Meta, inode.AllocatedBytes, inode.InodesBelow);
        return error;
    }

    /// <summary>Sets the check method and the compression of new blocks. Blocks that are stored keep theirs; objects
    /// that are made in a directory inherit its methods.</summary>
    /// <param name="inum">A file or directory.</param>
    /// <param name="check">The check method as stored; null to keep it.</param>
    /// <param name="compression">The compression as stored, with the level of zlib in the high nibble; null to keep
    /// it.</param>
    /// <returns>EINVAL for a method that files do not have; EPERM for an immutable object; ENOSPC, EROFS, ESTALE,
    /// EIO.</returns>
    /// <remarks>Upstream: <c>HAMMER2IOC_INODE_SET</c>, which takes any number.</remarks>
    public Errno SetMethods(ulong inum, byte? check, byte? compression)
    {
        if (check > (byte)CheckMethod.Sha192) return Errno.EINVAL;
        if (compression is { } wanted && !IsCompression(wanted)) return Errno.EINVAL;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        Errno refused = writer.Reserve(0, leaves: 1, SpaceUse.Remove, out PendingOperation operation).ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, inum);
        Hammer2Error error = change.Open(inum, out DirtyInode? inode);
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.ESTALE);
        ref InodeMeta meta = ref inode!.Meta;
        if ((meta.UserFlags & ImmutableFlags) != 0) return Errno.EPERM;
        if ((check ?? meta.CheckPolicy) == meta.CheckPolicy
            && (compression ?? meta.CompressionPolicy) == meta.CompressionPolicy) return Errno.None;
        meta.CheckPolicy = check ?? meta.CheckPolicy;
        meta.CompressionPolicy = compression ?? meta.CompressionPolicy;
        meta.ChangeTime = Now();
        change.Touch(inode);
        change.Complete();
        return Errno.None;
    }

    private static bool IsCompression(byte policy)
    {
        (int method, int level) = (policy & 0x0F, policy >> 4);
        return method == (int)CompressionMethod.Zlib
            ? level <= ZlibLevelMax
            : method < (int)CompressionMethod.Zlib && level == 0;
    }
}
