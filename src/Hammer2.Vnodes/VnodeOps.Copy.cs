// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.Xops;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>A place in a file.</summary>
/// <param name="Inum">A regular file.</param>
/// <param name="Position">A byte of it.</param>
public readonly record struct FilePlace(ulong Inum, ulong Position);

public sealed partial class VnodeOps
{
    // Files stay locked for one step; what is done of a long copy is done when it fails later.
    private const int SharedAtOnceMax = 256;

    /// <summary>Copies bytes from one file to another, or within one. Where both places lie at the same place
    /// of a block, whole blocks get a second owner in place of being copied.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="target">Where to; the file grows if need be.</param>
    /// <param name="length">Bytes; only those up to the source's end are copied.</param>
    /// <param name="dropsPrivileges">True when the target's set-id bits go with it.</param>
    /// <param name="copied">How many were; less than asked for after an error that came later.</param>
    /// <returns>EINVAL for overlapping ranges of one file; EPERM, EFBIG, EISDIR, ENOSPC, EROFS, ESTALE,
    /// EIO.</returns>
    /// <remarks>copy_file_range(2). A block is shared when it has a check code, of the method that the target
    /// wants, and is on media; the freemap is told of it first.</remarks>
    public Errno CopyRange(
        in FilePlace source, in FilePlace target, ulong length, bool dropsPrivileges, out ulong copied)
    {
        copied = 0;
        ulong last = Math.Max(source.Position, target.Position);
        if (last > long.MaxValue || length > long.MaxValue - last) return Errno.EFBIG;
        // What the copy itself adds to its source is no part of it.
        Errno found = GetAttributes(source.Inum, out VnodeAttributes attributes);
        if (found != Errno.None) return found;
        ulong size = attributes.SizeBytes;
        length = Math.Min(length, size - Math.Min(size, source.Position));
        ulong distance = last - Math.Min(source.Position, target.Position);
        if (source.Inum == target.Inum && distance < length) return Errno.EINVAL;
        do
        {
            var from = new FilePlace(source.Inum, source.Position + copied);
            var to = new FilePlace(target.Inum, target.Position + copied);
            Errno error = CopyStep(from, to, length - copied, dropsPrivileges, out ulong done);
            copied += done;
            if (error != Errno.None) return copied > 0 ? Errno.None : error;
            if (done == 0) break;
        }
        while (copied < length);
        return Errno.None;
    }

    private Errno CopyStep(
        in FilePlace source, in FilePlace target, ulong length, bool dropsPrivileges, out ulong done)
    {
        done = 0;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        Errno refused = writer.Throttle().ToErrno();
        if (refused != Errno.None) return refused;
        refused = writer.Reserve(
            3 * Media.FileBlockBytes, SharedAtOnceMax, SpaceUse.Add, out PendingOperation operation, target.Inum)
            .ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, source.Inum, target.Inum);
        refused = OpenFile(change, source.Inum, isChanged: false, out DirtyInode from);
        if (refused != Errno.None) return refused;
        refused = OpenFile(change, target.Inum, out DirtyInode to);
        if (refused != Errno.None) return refused;
        if ((to.Meta.UserFlags & AppendFlags) != 0 && target.Position < to.Meta.Size) return Errno.EPERM;
        if (source.Position >= from.Meta.Size || length == 0) return Errno.None;
        length = Math.Min(length, from.Meta.Size - source.Position);

        Hammer2Error error = DataXops.ShareBlocks(
            change, from, source.Position, to, target.Position,
            Math.Min(length, (ulong)SharedAtOnceMax * Media.FileBlockBytes), out done);
        if (error == Hammer2Error.None && done == 0)
            error = CopyBytes(change, from, source.Position, to, target.Position, length, out done);
        if (done == 0) return End(change, error);
        TouchFile(to);
        if (dropsPrivileges) DropPrivileges(ref to.Meta);
        change.Complete();
        return Errno.None;
    }

    // Up to the end of the target's block, so that the next step may share.
    private static Hammer2Error CopyBytes(
        in Transaction change, DirtyInode from, ulong position, DirtyInode to, ulong target, ulong length,
        out ulong done)
    {
        ulong toBlockEnd = Media.FileBlockBytes - (target % Media.FileBlockBytes);
        int part = (int)Math.Min(length, toBlockEnd);
        done = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(part);
        Hammer2Error error =
            DataXops.Read(change.AsInode(from), position, buffer.AsSpan(0, part), out int read);
        if (error == Hammer2Error.None)
            error = DataXops.Write(change, to, target, buffer.AsSpan(0, read));
        ArrayPool<byte>.Shared.Return(buffer);
        if (error == Hammer2Error.None) done = (ulong)read;
        return error;
    }
}
