// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

public sealed partial class VnodeOps
{
    private const uint SetUserId = 0x800;
    private const uint GroupExecute = 0x8;

    /// <summary>Sets all given attributes or none. The kernel has checked permissions.</summary>
    /// <param name="inum">The object.</param>
    /// <param name="wanted">The attributes to set.</param>
    /// <param name="attributes">The resulting attributes.</param>
    /// <returns>EPERM for an immutable object; EISDIR, EINVAL, EFBIG for an invalid size; ENOSPC, EROFS, ESTALE,
    /// EIO.</returns>
    /// <remarks>chmod(2), chown(2), truncate(2), utimensat(2), chflags(2).</remarks>
    public Errno SetAttributes(ulong inum, in AttributeChange wanted, out VnodeAttributes attributes)
    {
        attributes = default;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (wanted.SizeBytes > long.MaxValue) return Errno.EFBIG;
        Errno refused = PrepareAttributes(inum, wanted);
        if (refused != Errno.None) return refused;
        bool resizes = wanted.SizeBytes is not null;
        // The inode; and a block that keeps a part of its bytes, and the blocks of references across the new end.
        refused = writer.Reserve(
            resizes ? Media.FileBlockBytes : 0, resizes ? 3 : 1, SpaceUse.Remove, out PendingOperation operation)
            .ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, inum);
        Hammer2Error error = change.Open(inum, out DirtyInode? inode);
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.ESTALE);
        refused = MaySet(inode!.Meta, wanted);
        if (refused != Errno.None) return refused;

        ulong now = Now();
        if (wanted.SizeBytes is { } size)
        {
            error = DataOperations.Resize(change, inode, size);
            if (error != Hammer2Error.None) return End(change, error);
            inode.Meta.ModifyTime = now;
        }
        Apply(ref inode.Meta, wanted);
        inode.Meta.ChangeTime = wanted.ChangeTime ?? now;
        change.Touch(inode);
        change.Complete();
        attributes = new VnodeAttributes(change.AsInode(inode));
        return Errno.None;
    }

    private static Errno MaySet(in InodeMeta meta, in AttributeChange wanted)
    {
        // Flags may always be cleared; all other changes need them cleared first.
        bool onlyFlags = wanted == new AttributeChange { Flags = wanted.Flags };
        if (IsDelayedTime(wanted)) return Errno.None;
        if ((meta.UserFlags & ImmutableFlags) != 0 && !onlyFlags) return Errno.EPERM;
        bool onlyTouches = wanted.IsTouch && wanted == new AttributeChange
        {
            IsTouch = true,
            AccessTime = wanted.AccessTime,
            ModifyTime = wanted.ModifyTime,
            ChangeTime = wanted.ChangeTime,
        };
        if ((meta.UserFlags & AppendFlags) != 0 && !onlyFlags && !onlyTouches) return Errno.EPERM;
        if (wanted.SizeBytes is null) return Errno.None;
        return meta.Type switch
        {
            ObjectType.RegularFile => Errno.None,
            ObjectType.Directory => Errno.EISDIR,
            _ => Errno.EINVAL,
        };
    }

    // The times of writes that were accepted before the flags were set. Only the kernel itself can set a change time.
    private static bool IsDelayedTime(in AttributeChange wanted) => wanted.ChangeTime is not null
        && wanted == new AttributeChange
        {
            ModifyTime = wanted.ModifyTime,
            ChangeTime = wanted.ChangeTime,
            IsTouch = wanted.IsTouch,
        };

    private static void Apply(ref InodeMeta meta, in AttributeChange wanted)
    {
        if (wanted.Mode is { } mode) meta.Mode = mode & ModeMask;
        if (wanted.UserId is { } user) meta.UserId = MediaUuid.FromUnixId(user);
        if (wanted.GroupId is { } group) meta.GroupId = MediaUuid.FromUnixId(group);
        if (wanted.AccessTime is { } access) meta.AccessTime = access;
        if (wanted.ModifyTime is { } modify) meta.ModifyTime = modify;
        if (wanted.Flags is { } flags) meta.UserFlags = flags;
        if (wanted.DropsPrivileges) DropPrivileges(ref meta);
    }

    // A set-group-id bit without group execution means mandatory locking and is kept.
    private static void DropPrivileges(ref InodeMeta meta)
    {
        meta.Mode &= ~SetUserId;
        if ((meta.Mode & GroupExecute) != 0) meta.Mode &= ~SetGroupId;
    }
}
