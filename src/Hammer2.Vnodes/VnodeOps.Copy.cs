// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>A position in a file.</summary>
/// <param name="Inum">A regular file.</param>
/// <param name="Position">Offset in bytes.</param>
public readonly record struct FilePosition(ulong Inum, ulong Position);

public sealed partial class VnodeOps
{
    // Files are locked for one step at a time; completed steps of a long copy remain when a later one fails.
    private const int SharedAtOnceMax = 256;

    /// <summary>Copies bytes from one file to another, or within one. Where source and target have the same offset
    /// within a block, whole blocks are shared instead of copied.</summary>
    /// <param name="source">Position of the source.</param>
    /// <param name="target">Position of the target; the file grows if necessary.</param>
    /// <param name="length">Number of bytes; the copy ends at EOF of the source.</param>
    /// <param name="dropsPrivileges">True to clear the target's set-id bits.</param>
    /// <param name="copied">Number of bytes copied; less than requested when a later step failed.</param>
    /// <returns>EINVAL for overlapping ranges of one file; EPERM, EFBIG, EISDIR, ENOSPC, EROFS, ESTALE,
    /// EIO.</returns>
    /// <remarks>copy_file_range(2). A block is shared when it is on media and has a check code of the target's method;
    /// the freemap is updated first.</remarks>
    public Errno CopyRange(
        in FilePosition source, in FilePosition target, ulong length, bool dropsPrivileges, out ulong copied)
    {
        copied = 0;
        ulong last = Math.Max(source.Position, target.Position);
        if (last > long.MaxValue || length > long.MaxValue - last) return Errno.EFBIG;
        // Bytes that the copy itself appends to its source are not copied.
        Errno found = GetAttributes(source.Inum, out VnodeAttributes attributes);
        if (found != Errno.None) return found;
        ulong size = attributes.SizeBytes;
        length = Math.Min(length, size - Math.Min(size, source.Position));
        ulong distance = last - Math.Min(source.Position, target.Position);
        if (source.Inum == target.Inum && distance < length) return Errno.EINVAL;
        do
        {
            var from = new FilePosition(source.Inum, source.Position + copied);
            var to = new FilePosition(target.Inum, target.Position + copied);
            Errno error = CopyStep(from, to, length - copied, dropsPrivileges, out ulong done);
            copied += done;
            if (error != Errno.None) return copied > 0 ? Errno.None : error;
            if (done == 0) break;
        }
        while (copied < length);
        return Errno.None;
    }

    private Errno CopyStep(
        in FilePosition source, in FilePosition target, ulong length, bool dropsPrivileges, out ulong done)
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

        Hammer2Error error = DataOperations.ShareBlocks(
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

    // Copy up to the end of the target's block, so that the next step can share blocks.
    private static Hammer2Error CopyBytes(
        in Transaction change, DirtyInode from, ulong position, DirtyInode to, ulong target, ulong length,
        out ulong done)
    {
        ulong toBlockEnd = Media.FileBlockBytes - (target % Media.FileBlockBytes);
        int part = (int)Math.Min(length, toBlockEnd);
        done = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(part);
        Hammer2Error error =
            DataOperations.Read(change.AsInode(from), position, buffer.AsSpan(0, part), out int read);
        if (error == Hammer2Error.None)
            error = DataOperations.Write(change, to, target, buffer.AsSpan(0, read));
        ArrayPool<byte>.Shared.Return(buffer);
        if (error == Hammer2Error.None) done = (ulong)read;
        return error;
    }
}
