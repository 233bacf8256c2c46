// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// Removing what is damaged and cannot be removed otherwise.
public sealed partial class VnodeOps
{
    /// <summary>Removes an entry of a directory also when its object cannot be read: the inode is then deleted with it.
    /// What can be read is removed as by <see cref="Unlink"/> and <see cref="RemoveDirectory"/>.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name as bytes.</param>
    /// <param name="inum">The inode of the object.</param>
    /// <param name="isUnreadable">True when the inode could not be read, and was deleted.</param>
    /// <returns>ENOENT, ENOTEMPTY, EPERM, EROFS, ESTALE; EIO when the directory itself cannot be read; ENOSPC only when
    /// even the space reserved for removing is used up.</returns>
    /// <remarks>Upstream: <c>HAMMER2IOC_DESTROY</c>, which leaves the inode.</remarks>
    public Errno DestroyEntry(ulong directory, ReadOnlySpan<byte> name, out ulong inum, out bool isUnreadable)
    {
        inum = 0;
        isUnreadable = false;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (name.Length > NameBytesMax) return Errno.ENAMETOOLONG;
        for (int round = 0; round < ChaseMax; round++)
        {
            Errno error = FindName(directory, name, out inum);
            if (error != Errno.None) return error;
            if (inum == directory || name.SequenceEqual(".."u8)) return Errno.EINVAL;
            error = writer.Reserve(0, leaves: 2, SpaceUse.Remove, out PendingOperation operation).ToErrno();
            if (error != Errno.None) return error;
            using Transaction change = writer.Begin(ref operation, directory, inum);
            error = OpenDirectory(change, directory, out DirtyInode parent);
            if (error != Errno.None) return error;
            Hammer2Error found = NameOperations.FindEntry(change.AsInode(parent), name, out DirectoryEntry entry);
            if (found != Hammer2Error.None) return found.ToErrno();
            if (entry.Inum != inum) continue;
            Hammer2Error state = change.Open(inum, out DirtyInode? child);
            if (state is Hammer2Error.None or Hammer2Error.NoEntry)
                return RemoveEntry(change, parent, entry, child is { Meta.Type: ObjectType.Directory });
            if (!IsDamage(state)) return state.ToErrno();
            isUnreadable = true;
            change.DeleteUnreadable(inum);
            if (entry.Type == ObjectType.Directory) CountSubdirectory(parent, -1);
            NameOperations.RemoveEntry(change, parent, entry);
            TouchDirectory(change, parent);
            change.Complete();
            return Errno.None;
        }
        return Errno.EAGAIN;
    }

    /// <summary>Deletes an inode that cannot be read. Entries that name it stay, and can be removed.</summary>
    /// <returns>ENOENT when there is none; EEXIST when it can be read; EINVAL for a number that no file has; EROFS,
    /// ENOSPC.</returns>
    /// <remarks>Upstream: <c>HAMMER2IOC_DESTROY</c>, which deletes readable ones as well and answers ENOENT.</remarks>
    public Errno DestroyInode(ulong inum)
    {
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (inum <= RootInum || (inum & Media.EntryKeyBit) != 0) return Errno.EINVAL;
        Errno refused = writer.Reserve(0, leaves: 1, SpaceUse.Remove, out PendingOperation operation).ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, inum);
        Hammer2Error state = change.Open(inum, out _);
        if (state == Hammer2Error.None) return Errno.EEXIST;
        if (!IsDamage(state)) return state.ToErrno();
        change.DeleteUnreadable(inum);
        change.Complete();
        return Errno.None;
    }

    // Of the object, and not of the way to the nodes.
    private static bool IsDamage(Hammer2Error error)
    {
        const Hammer2Error Damage = Hammer2Error.Io | Hammer2Error.Check | Hammer2Error.Corrupt;
        return (error & Damage) != 0 && (error & ~Damage) == 0;
    }
}
