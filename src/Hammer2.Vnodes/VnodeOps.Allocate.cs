// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.Xops;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>What fallocate(2) may ask for; the values are Linux's.</summary>
[Flags]
public enum AllocateModes
{
    /// <summary>The range is to be allocated, and the file grows if it reaches behind the end.</summary>
    None = 0,

    /// <summary>The size stays.</summary>
    KeepSize = 0x01,

    /// <summary>The range gives up its storage and reads as zeros. Only with <see cref="KeepSize"/>.</summary>
    PunchHole = 0x02,

    /// <summary>The range is cut out. Not supported.</summary>
    CollapseRange = 0x08,

    /// <summary>The range reads as zeros.</summary>
    ZeroRange = 0x10,

    /// <summary>A hole is put in before the range. Not supported.</summary>
    InsertRange = 0x20,
}

public sealed partial class VnodeOps
{
    /// <summary>Changes the storage of a range of a file.</summary>
    /// <param name="inum">A regular file.</param>
    /// <param name="position">First byte.</param>
    /// <param name="length">Bytes, at least one.</param>
    /// <param name="modes">What is wanted.</param>
    /// <param name="dropsPrivileges">True when the set-id bits go with it.</param>
    /// <returns>EOPNOTSUPP for what the format cannot do; EINVAL, EFBIG, EISDIR, EPERM, ENOSPC, EROFS, ESTALE,
    /// EIO.</returns>
    /// <remarks>
    /// fallocate(2). A filesystem that never writes where data is cannot set blocks aside: a later write takes
    /// new ones whatever was allocated before. So plain allocation and KEEP_SIZE answer, as ZFS does, whether
    /// that much space is free now, which is a promise of nothing, and plain allocation sets the size. ZERO_RANGE
    /// takes whole blocks out, as PUNCH_HOLE does.
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
        if (kind == AllocateModes.None && !writer.HasRoom((long)length, inum)) return Errno.ENOSPC;

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
            error = DataXops.PunchHole(change, file, position, end, leaves, out next);
        bool grows = next == end && (modes & AllocateModes.KeepSize) == 0 && end > file.Meta.Size;
        if (error == Hammer2Error.None && grows) error = DataXops.Resize(change, file, end);
        if (error != Hammer2Error.None) return End(change, error);
        if (grows || kind != AllocateModes.None) TouchFile(file);
        else if (!LeavesFileTimes) file.Meta.ChangeTime = Now();
        if (dropsPrivileges) DropPrivileges(ref file.Meta);
        change.Touch(file);
        change.Complete();
        return Errno.None;
    }

    /// <summary>Makes a range of a file read as zeros and gives up the storage of whole blocks in
    /// it.</summary>
    /// <param name="inum">A regular file.</param>
    /// <param name="position">First byte.</param>
    /// <param name="length">Bytes, at least one; those behind the end of the file do not matter.</param>
    /// <returns>As <see cref="Allocate"/>.</returns>
    public Errno PunchHole(ulong inum, ulong position, ulong length) =>
        Allocate(inum, position, length, AllocateModes.KeepSize | AllocateModes.PunchHole);

    // A file is locked, and space set aside, for so many blocks at a time.
    private const int HolesAtOnceMax = 256;
}
