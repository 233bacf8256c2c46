// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

public sealed partial class VnodeOps
{
    /// <summary>Changes the storage of a range of a file.</summary>
    /// <param name="inum">A regular file.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="length">Number of bytes, at least one.</param>
    /// <param name="modes">The modes.</param>
    /// <param name="dropsPrivileges">True to clear the set-id bits.</param>
    /// <returns>EOPNOTSUPP for modes that the format cannot support; EINVAL, EFBIG, EISDIR, EPERM, ENOSPC, EROFS,
    /// ESTALE, EIO.</returns>
    /// <remarks>
    /// fallocate(2). A copy-on-write filesystem cannot reserve blocks for later writes, which always allocate new ones.
    /// So plain allocation and KEEP_SIZE only check, as in ZFS, whether that much space is free now, which guarantees
    /// nothing; plain allocation also sets the size. ZERO_RANGE frees whole blocks, as PUNCH_HOLE does.
    /// </remarks>
    public Errno Allocate(
        ulong inum, ulong position, ulong length, AllocateModes modes, bool dropsPrivileges = false)
    {
        AllocateModes kind = modes & ~AllocateModes.KeepSize;
        if (length == 0) return Errno.EINVAL;
        if (kind is not (AllocateModes.None or AllocateModes.PunchHole or AllocateModes.ZeroRange))
            return Errno.EOPNOTSUPP;
        if (modes == AllocateModes.PunchHole) return Errno.EOPNOTSUPP;
        if (position > long.MaxValue || length > long.MaxValue - position) return Errno.EFBIG;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (kind == AllocateModes.None && !writer.HasRoom((long)length, inum))
            return writer.IsStalled ? Errno.ERESTART : Errno.ENOSPC;

        ulong end = position + length;
        while (true)
        {
            Errno error = AllocateStep(inum, position, end, modes, dropsPrivileges, out ulong next);
            if (error != Errno.None || next >= end) return error;
            position = next;
        }
    }

    private Errno AllocateStep(
        ulong inum, ulong position, ulong end, AllocateModes modes, bool dropsPrivileges, out ulong next)
    {
        PfsWriter writer = _pfs.Writer!;
        AllocateModes kind = modes & ~AllocateModes.KeepSize;
        next = end;
        SpaceUse use = kind == AllocateModes.PunchHole ? SpaceUse.Remove : SpaceUse.Add;
        int leaves = kind == AllocateModes.None ? 0 : HolesAtOnceMax;
        Errno refused =
            writer.Reserve(2 * Media.FileBlockBytes, leaves + 1, use, out PendingOperation operation, inum).ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, inum);
        refused = OpenFile(change, inum, out DirtyInode file);
        if (refused != Errno.None) return refused;
        if (kind != AllocateModes.None && IsFixed(file.Meta)) return Errno.EPERM;
        Hammer2Error error = Hammer2Error.None;
        if (kind != AllocateModes.None)
            error = DataOperations.PunchHole(change, file, position, end, leaves, out next);
        bool grows = next == end && (modes & AllocateModes.KeepSize) == 0 && end > file.Meta.Size;
        if (error == Hammer2Error.None && grows) error = DataOperations.Resize(change, file, end);
        if (error != Hammer2Error.None) return End(change, error);
        if (grows || kind != AllocateModes.None) TouchFile(file);
        else if (!LeavesFileTimes) file.Meta.ChangeTime = Now();
        if (dropsPrivileges) DropPrivileges(ref file.Meta);
        change.Touch(file);
        change.Complete();
        return Errno.None;
    }

    /// <summary>Makes a range of a file read as zeros and frees the whole blocks in it.</summary>
    /// <param name="inum">A regular file.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="length">Number of bytes, at least one; bytes past EOF are ignored.</param>
    /// <returns>As <see cref="Allocate"/>.</returns>
    public Errno PunchHole(ulong inum, ulong position, ulong length) =>
        Allocate(inum, position, length, AllocateModes.KeepSize | AllocateModes.PunchHole);

    // A file is locked, and space reserved, for this number of blocks at a time.
    private const int HolesAtOnceMax = 256;
}
