// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// Changes of extended attributes: an inode, and the file with its list where it has or gets one, in one operation.
public sealed partial class VnodeOps
{
    private static readonly Credentials s_root = new(0, 0);

    // Gives an object another list. EAGAIN when it was changed meanwhile, and nothing was done.
    private Errno Store(ulong inum, in StoredAttributes old, byte[] list, in AttributeEffect effect)
    {
        // A list in two blocks: a file that is being made is not locked, and must have one block at most.
        if (old.File == 0 && AttributeFile.HeadBytes + list.Length >= Media.FileBlockBytes)
        {
            Errno made = Store(inum, old, old.List, new AttributeEffect(NeedsFile: true));
            return made == Errno.None ? Errno.EAGAIN : made;
        }
        bool needsFile = effect.NeedsFile || list.Length > (inum == RootInum ? 0 : AttributeRecord.ListBytesMax);
        Errno error = FindPlace(inum, old, needsFile, out ulong directory);
        if (error != Errno.None) return error;
        PfsWriter writer = _pfs.Writer!;
        bool shrinks = list.Length <= old.List.Length;
        long bytes = needsFile ? RoundUp(AttributeFile.HeadBytes + list.Length) : 0;
        error = writer.Reserve(
            bytes, leaves: 5, shrinks ? SpaceUse.Remove : SpaceUse.Add, out PendingOperation operation).ToErrno();
        if (error != Errno.None) return error;

        using Transaction change = writer.Begin(ref operation, inum, old.File, directory);
        Hammer2Error opened = change.Open(inum, out DirtyInode? inode);
        if (opened != Hammer2Error.None || inode is null) return ErrnoOf(opened, Errno.ESTALE);
        if (!effect.IsOfContent && IsFixed(inode.Meta)) return Errno.EPERM;
        error = OpenPlace(change, inode, old, directory, out AttributePlace place);
        if (error != Errno.None) return error;
        bool isValid = AttributeList.TryOpen(list, out AttributeList checkedList);
        Invariant.Holds(isValid);
        opened = needsFile
            ? PutFile(change, inode, place, checkedList)
            : RemoveFile(change, inum, place);
        if (opened != Hammer2Error.None)
        {
            Errno failed = End(change, opened);
            return opened == Hammer2Error.Exists ? Errno.EAGAIN : failed;
        }
        if (!needsFile) inode.AfterName = list.Length == 0 ? null : AttributeRecord.OfList(inum, checkedList);
        if (effect.Mode is { } mode) inode.Meta.Mode = (inode.Meta.Mode & ~PosixAcl.PermissionBits) | mode;
        if (effect.DropsSetGroupId) inode.Meta.Mode &= ~SetGroupId;
        inode.Meta.ChangeTime = Now();
        change.Touch(inode);
        change.Complete();
        return Errno.None;
    }

    private static long RoundUp(int bytes) =>
        ((long)bytes + Media.FileBlockBytes - 1) / Media.FileBlockBytes * Media.FileBlockBytes;

    // The directory of files with lists, made if it is needed; 0 when it is not. A file that is in the way there
    // belongs to nothing.
    private Errno FindPlace(ulong inum, in StoredAttributes old, bool needsFile, out ulong directory)
    {
        directory = 0;
        if (!needsFile && old.File == 0) return Errno.None;
        Errno error = FindAttributeFile(inum, out directory, out ulong file);
        if (error == Errno.ENOENT && directory == 0 && needsFile) return MakeAttributeDirectory(out directory);
        if (error == Errno.ENOENT) return Errno.None;
        if (error != Errno.None || file == old.File) return error;
        Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
        AttributeFile.WriteName(inum, name);
        error = Unlink(directory, name, out file);
        return error == Errno.None ? Forget(file) : error;
    }

    private Errno MakeAttributeDirectory(out ulong directory)
    {
        var made = new NewObject(ObjectType.Directory, PrivateMode);
        Errno error = Make(RootInum, AttributeFile.DirectoryName, made, s_root, default, out VnodeAttributes at);
        directory = at.Inum;
        if (error != Errno.EEXIST) return error;
        // Made meanwhile, or something that is not trusted.
        error = FindAttributeDirectory(out directory);
        return error == Errno.ENOENT ? Errno.EPERM : error;
    }

    // Opens what a change of a list touches, and compares the list with what was read.
    private static Errno OpenPlace(
        in Transaction change, DirtyInode inode, in StoredAttributes old, ulong directory, out AttributePlace place)
    {
        place = default;
        if (inode.Inum != RootInum && !inode.AfterName.AsSpan().SequenceEqual(old.AfterName)) return Errno.EAGAIN;
        DirtyInode? parent = null;
        DirtyInode? file = null;
        if (directory != 0)
        {
            Errno error = OpenDirectory(change, directory, out parent);
            if (error != Errno.None) return error;
        }
        if (old.File != 0)
        {
            Hammer2Error opened = change.Open(old.File, out file);
            if (opened != Hammer2Error.None) return ErrnoOf(opened, Errno.EAGAIN);
        }
        if (inode.Inum == RootInum && !IsRootList(change, file, old)) return Errno.EAGAIN;
        place = new AttributePlace(parent, file);
        return Errno.None;
    }

    // Nothing in its inode tells whether the list of the root directory is still the same.
    private static bool IsRootList(in Transaction change, DirtyInode? file, in StoredAttributes old)
    {
        if (file is null) return true;
        byte[] content = AttributeFile.Make(file.Inum, file.Meta.BirthTime, RootInum, old.List);
        byte[] found = new byte[content.Length];
        return file.Meta.Size == (ulong)content.Length
            && DataOperations.Read(change.AsInode(file), 0, found, out _) == Hammer2Error.None
            && found.AsSpan().SequenceEqual(content);
    }

    // Puts a list into the object's file, a new one if it has none.
    private Hammer2Error PutFile(
        in Transaction change, DirtyInode owner, in AttributePlace place, in AttributeList list)
    {
        DirtyInode? file = place.File;
        if (file is null)
        {
            // Among those of a new object's operation is the directory it is made in.
            change.Touch(place.Directory!);
            InodeMeta meta = NewMeta(new NewObject(ObjectType.RegularFile, PrivateMode), s_root, place.Directory!);
            file = change.Create(meta, place.Directory!);
            Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
            AttributeFile.WriteName(owner.Inum, name);
            Hammer2Error error = NameOperations.MakeEntry(change, place.Directory!, name, file.Inum, file.Meta.Type);
            if (error != Hammer2Error.None)
            {
                change.Delete(file);
                return error;
            }
            TouchDirectory(change, place.Directory!);
        }
        else
        {
            // Nothing of the old list is read again.
            Hammer2Error error = DataOperations.Resize(change, file, 0);
            if (error != Hammer2Error.None) return error;
            file.Meta.ModifyTime = file.Meta.ChangeTime = Now();
        }
        byte[] content = AttributeFile.Make(file.Inum, file.Meta.BirthTime, owner.Inum, list.Bytes);
        Hammer2Error written = DataOperations.Write(change, file, 0, content);
        // Both are new or empty: nothing is read that could fail.
        Invariant.Holds(written == Hammer2Error.None);
        if (owner.Inum != RootInum) owner.AfterName = AttributeRecord.OfFile(owner.Inum, file.Inum, list);
        return written;
    }

    private Hammer2Error RemoveFile(in Transaction change, ulong owner, in AttributePlace place)
    {
        if (place.File is null) return Hammer2Error.None;
        if (place.Directory is { } directory)
        {
            Hammer2Error error = AttributeEntries.Remove(change, directory, owner, place.File.Inum);
            if (error is not (Hammer2Error.None or Hammer2Error.NoEntry)) return error;
            if (error == Hammer2Error.None) TouchDirectory(change, directory);
        }
        change.Delete(place.File);
        return Hammer2Error.None;
    }

    /// <summary>What an operation holds to change a list.</summary>
    /// <param name="Directory">The directory of files with lists; null when none is touched.</param>
    /// <param name="File">The file of the object; null when it has none.</param>
    private readonly record struct AttributePlace(DirtyInode? Directory, DirtyInode? File);
}
