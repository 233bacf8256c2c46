// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

public sealed partial class VnodeOps
{
    /// <summary>Writes bytes of a file; they are durable after the next <see cref="Sync"/>.</summary>
    /// <param name="inum">A regular file.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="data">The bytes; copied before this returns.</param>
    /// <param name="dropsPrivileges">True to clear the set-id bits.</param>
    /// <param name="isWriteback">True for write-back of data that the kernel accepted earlier: flags that were set
    /// since are ignored.</param>
    /// <returns>ENOSPC, before anything was accepted; EFBIG, EPERM, EISDIR, EINVAL, EROFS, ESTALE; EIO when a block
    /// that is partly overwritten cannot be read.</returns>
    public Errno Write(
        ulong inum, ulong position, ReadOnlySpan<byte> data, bool dropsPrivileges, bool isWriteback = false)
    {
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (position > long.MaxValue - (ulong)data.Length) return Errno.EFBIG;
        // Write-back is of before they were set: the kernel removes them when it accepts a write.
        Errno error = Write(writer, inum, position, data, dropsPrivileges, isWriteback, keepsCapability: isWriteback);
        if (error != Errno.EAGAIN) return error;
        error = DropCapability(inum);
        return error != Errno.None ? error
            : Write(writer, inum, position, data, dropsPrivileges, isWriteback, keepsCapability: true);
    }

    // EAGAIN when the file has capabilities, which go first.
    private Errno Write(
        PfsWriter writer, ulong inum, ulong position, ReadOnlySpan<byte> data, bool dropsPrivileges, bool isWriteback,
        bool keepsCapability)
    {
        Errno refused = writer.Throttle().ToErrno();
        if (refused != Errno.None) return refused;
        long blocks = (long)((position + (ulong)data.Length - 1) / Media.FileBlockBytes)
            - (long)(position / Media.FileBlockBytes) + 1;
        refused = writer.Reserve(
            blocks * Media.FileBlockBytes, leaves: (int)blocks + 1, SpaceUse.Add, out PendingOperation operation, inum)
            .ToErrno();
        if (refused != Errno.None) return refused;

        using Transaction change = writer.Begin(ref operation, inum);
        refused = OpenFile(change, inum, isChanged: !isWriteback, out DirtyInode file);
        if (refused != Errno.None) return refused;
        if (!isWriteback && (file.Meta.UserFlags & AppendFlags) != 0 && position < file.Meta.Size) return Errno.EPERM;
        // Not for a write that is refused.
        if (!keepsCapability && HasCapability(file)) return Errno.EAGAIN;
        Hammer2Error error = DataOperations.Write(change, file, position, data);
        if (error != Hammer2Error.None) return End(change, error);
        TouchFile(file);
        if (dropsPrivileges) DropPrivileges(ref file.Meta);
        change.Complete();
        return Errno.None;
    }

    private static Errno OpenFile(in Transaction change, ulong inum, out DirtyInode file) =>
        OpenFile(change, inum, isChanged: true, out file);

    private static Errno OpenFile(in Transaction change, ulong inum, bool isChanged, out DirtyInode file)
    {
        Hammer2Error error = change.Open(inum, out DirtyInode? found);
        file = found!;
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.ESTALE);
        if (file.Meta.Type == ObjectType.Directory) return Errno.EISDIR;
        if (file.Meta.Type != ObjectType.RegularFile) return Errno.EINVAL;
        return isChanged && (file.Meta.UserFlags & ImmutableFlags) != 0 ? Errno.EPERM : Errno.None;
    }
}
