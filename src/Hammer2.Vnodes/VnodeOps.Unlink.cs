// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

public sealed partial class VnodeOps
{
    // The object of a name may change between the lookup and locking it, so that the lookup is repeated. The limit only
    // prevents an endless loop.
    private const int ChaseMax = 1000;

    /// <summary>
    /// Removes <paramref name="name"/> from <paramref name="directory"/> and one link from its object. If that was the
    /// last link, the object is an orphan until <see cref="Forget"/>.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name as bytes.</param>
    /// <param name="inum">The inode of the object.</param>
    /// <returns>ENOENT, EISDIR; EPERM for an immutable object; EROFS, ESTALE, EIO. ENOSPC only when even the space
    /// reserved for removing is used up.</returns>
    /// <remarks>unlink(2). Upstream: <c>hammer2_xop_unlink</c>.</remarks>
    public Errno Unlink(ulong directory, ReadOnlySpan<byte> name, out ulong inum) =>
        Remove(directory, name, isDirectory: false, out inum);

    /// <summary>Removes an empty directory.</summary>
    /// <returns>ENOTDIR, ENOTEMPTY; else as <see cref="Unlink"/>.</returns>
    public Errno RemoveDirectory(ulong directory, ReadOnlySpan<byte> name, out ulong inum) =>
        Remove(directory, name, isDirectory: true, out inum);

    private Errno Remove(ulong directory, ReadOnlySpan<byte> name, bool isDirectory, out ulong inum)
    {
        inum = 0;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (name.Length > NameBytesMax) return Errno.ENAMETOOLONG;
        for (int round = 0; round < ChaseMax; round++)
        {
            Errno error = FindName(directory, name, out inum);
            if (error != Errno.None) return error;
            error = writer.Reserve(0, leaves: 2, SpaceUse.Remove, out PendingOperation operation).ToErrno();
            if (error != Errno.None) return error;
            using Transaction change = writer.Begin(ref operation, directory, inum);
            error = OpenDirectory(change, directory, out DirtyInode parent);
            if (error != Errno.None) return error;
            Hammer2Error found = NameOperations.FindEntry(change.AsInode(parent), name, out DirectoryEntry entry);
            if (found != Hammer2Error.None) return found.ToErrno();
            if (entry.Inum != inum) continue;
            return RemoveEntry(change, parent, entry, isDirectory);
        }
        return Errno.EAGAIN;
    }

    private Errno RemoveEntry(
        in Transaction change, DirtyInode parent, in DirectoryEntry entry, bool isDirectory)
    {
        Hammer2Error error = change.Open(entry.Inum, out DirtyInode? child);
        if (error == Hammer2Error.NoEntry)
        {
            // The entry of a missing object: this is damage, and removing the entry repairs it.
            LogDangling(_logger, entry.Inum);
            child = null;
        }
        else if (error != Hammer2Error.None) return error.ToErrno();
        if (child is not null)
        {
            Errno refused = MayRemove(change, parent, child, isDirectory);
            if (refused != Errno.None) return refused;
            DropLink(change, parent, child);
        }
        NameOperations.RemoveEntry(change, parent, entry);
        TouchDirectory(change, parent);
        change.Complete();
        return Errno.None;
    }

    private static Errno MayRemove(in Transaction change, DirtyInode parent, DirtyInode child, bool isDirectory)
    {
        bool isChildDirectory = child.Meta.Type == ObjectType.Directory;
        if (isDirectory != isChildDirectory) return isDirectory ? Errno.ENOTDIR : Errno.EISDIR;
        if ((parent.Meta.UserFlags & AppendFlags) != 0) return Errno.EPERM;
        if (KeepsName(child.Meta)) return Errno.EPERM;
        return isDirectory ? NameOperations.CheckEmpty(change.AsInode(child)).ToErrno() : Errno.None;
    }

    private void DropLink(in Transaction change, DirtyInode parent, DirtyInode child)
    {
        if (child.Meta.Type == ObjectType.Directory)
        {
            child.Meta.LinkCount = 0;
            CountSubdirectory(parent, -1);
        }
        else if (child.Meta.LinkCount > 0) child.Meta.LinkCount--;
        child.Meta.ChangeTime = Now();
        change.Touch(child);
    }
}
