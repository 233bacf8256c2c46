// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Flags of renameat2(2).</summary>
[Flags]
public enum RenameFlags
{
    /// <summary>Replaces an object with the new name.</summary>
    None = 0,

    /// <summary>EEXIST when the new name exists.</summary>
    NoReplace = 1,

    /// <summary>Exchanges the objects of the two names.</summary>
    Exchange = 2,
}

public sealed partial class VnodeOps
{
    /// <summary>Renames an object atomically.</summary>
    /// <param name="source">Directory of the old name.</param>
    /// <param name="sourceName">The old name.</param>
    /// <param name="target">Directory of the new name.</param>
    /// <param name="targetName">The new name.</param>
    /// <param name="flags">How to treat an object with the new name.</param>
    /// <param name="replaced">The replaced object; 0 for none.</param>
    /// <returns>ENOENT, EEXIST, EISDIR, ENOTDIR, ENOTEMPTY, EPERM, EINVAL, ENOSPC, EROFS, ESTALE,
    /// EIO.</returns>
    /// <remarks>rename(2). The kernel prevents moving a directory into its own subtree. Upstream:
    /// <c>hammer2_vop_nrename</c>.</remarks>
    public Errno Rename(
        ulong source, ReadOnlySpan<byte> sourceName, ulong target, ReadOnlySpan<byte> targetName,
        RenameFlags flags,
        out ulong replaced)
    {
        replaced = 0;
        if ((flags & ~(RenameFlags.NoReplace | RenameFlags.Exchange)) != 0) return Errno.EINVAL;
        if (flags == (RenameFlags.NoReplace | RenameFlags.Exchange)) return Errno.EINVAL;
        if (IsHidden(target, targetName)) return Errno.EPERM;
        for (int round = 0; round < ChaseMax; round++)
        {
            Errno error = FindName(source, sourceName, out ulong moved);
            if (error != Errno.None) return error;
            error = FindName(target, targetName, out ulong old);
            if (error is not (Errno.None or Errno.ENOENT)) return error;
            if (error == Errno.ENOENT) old = 0;
            error = BeginAdding(targetName, 0, out PendingOperation operation);
            if (error != Errno.None) return error;

            using Transaction change = _pfs.Writer!.Begin(ref operation, source, target, moved, old);
            error = OpenDirectory(change, source, out DirtyInode sourceParent);
            if (error == Errno.None) error = OpenDirectory(change, target, out DirtyInode _);
            if (error != Errno.None) return error;
            Hammer2Error opened = change.Open(target, out DirtyInode? targetParent);
            if (opened != Hammer2Error.None) return opened.ToErrno();

            var names = new RenameNames(sourceName, targetName);
            Hammer2Error found =
                NameOperations.FindEntry(change.AsInode(sourceParent), sourceName, out DirectoryEntry from);
            if (found != Hammer2Error.None) return found.ToErrno();
            found = NameOperations.FindEntry(change.AsInode(targetParent!), targetName, out DirectoryEntry onto);
            if (found is not (Hammer2Error.None or Hammer2Error.NoEntry)) return found.ToErrno();
            if (from.Inum != moved || onto.Inum != old) continue;
            return Rename(change, sourceParent, from, targetParent!, onto, names, flags, out replaced);
        }
        return Errno.EAGAIN;
    }

    private readonly ref struct RenameNames(ReadOnlySpan<byte> source, ReadOnlySpan<byte> target)
    {
        public readonly ReadOnlySpan<byte> Source = source;
        public readonly ReadOnlySpan<byte> Target = target;
    }

    private Errno Rename(
        in Transaction change, DirtyInode source, in DirectoryEntry from, DirtyInode target,
        in DirectoryEntry onto,
        RenameNames names, RenameFlags flags, out ulong replaced)
    {
        replaced = 0;
        bool isTaken = onto.Inum != 0;
        if (isTaken && (flags & RenameFlags.NoReplace) != 0) return Errno.EEXIST;
        if (!isTaken && (flags & RenameFlags.Exchange) != 0) return Errno.ENOENT;
        Hammer2Error error = change.Open(from.Inum, out DirtyInode? moved);
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.EIO);
        if (KeepsName(moved!.Meta) || (source.Meta.UserFlags & AppendFlags) != 0) return Errno.EPERM;
        // Two links to one object: POSIX requires doing nothing.
        if (isTaken && onto.Inum == from.Inum) return Errno.None;
        DirtyInode? old = null;
        if (isTaken)
        {
            error = change.Open(onto.Inum, out old);
            if (error is not (Hammer2Error.None or Hammer2Error.NoEntry)) return error.ToErrno();
        }
        if ((flags & RenameFlags.Exchange) != 0)
            return old is null ? Errno.EIO : Exchange(change, source, from, target, onto, moved, old, names);
        if (old is not null)
        {
            Errno refused = MayRemove(change, target, old, moved.Meta.Type == ObjectType.Directory);
            if (refused != Errno.None) return refused;
            DropLink(change, target, old);
            replaced = onto.Inum;
        }
        if (isTaken) NameOperations.ReplaceEntry(change, target, names.Target, onto, from.Inum, moved.Meta.Type);
        else
        {
            error = NameOperations.MakeEntry(change, target, names.Target, from.Inum, moved.Meta.Type);
            if (error != Hammer2Error.None) return error.ToErrno();
        }
        NameOperations.RemoveEntry(change, source, from);
        FinishMove(change, source, target, moved);
        change.Complete();
        return Errno.None;
    }

    private Errno Exchange(
        in Transaction change, DirtyInode source, in DirectoryEntry from, DirtyInode target,
        in DirectoryEntry onto,
        DirtyInode moved, DirtyInode other, RenameNames names)
    {
        if (KeepsName(other.Meta) || (target.Meta.UserFlags & AppendFlags) != 0) return Errno.EPERM;
        NameOperations.ReplaceEntry(change, target, names.Target, onto, from.Inum, moved.Meta.Type);
        NameOperations.ReplaceEntry(change, source, names.Source, from, onto.Inum, other.Meta.Type);
        FinishMove(change, source, target, moved);
        FinishMove(change, target, source, other);
        change.Complete();
        return Errno.None;
    }

    private void FinishMove(in Transaction change, DirtyInode source, DirtyInode target, DirtyInode moved)
    {
        if (source.Inum != target.Inum && moved.Meta.Type == ObjectType.Directory)
        {
            CountSubdirectory(source, -1);
            CountSubdirectory(target, 1);
        }
        moved.Meta.ParentInum = target.Inum;
        moved.Meta.ChangeTime = Now();
        change.Touch(moved);
        TouchDirectory(change, source);
        TouchDirectory(change, target);
    }
}
