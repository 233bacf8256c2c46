// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Owner and group of the calling process.</summary>
/// <param name="UserId">Owner of new objects.</param>
/// <param name="GroupId">Group of new objects, unless the directory has the set-group-id bit.</param>
public readonly record struct Credentials(uint UserId, uint GroupId);

/// <summary>Type, mode and device number of an object to create.</summary>
/// <param name="Type">Any type except a symbolic link.</param>
/// <param name="Mode">Permission bits, 07777.</param>
/// <param name="DeviceMajor">Major number of a device node.</param>
/// <param name="DeviceMinor">Minor number of a device node.</param>
/// <param name="Umask">Permissions that it does not get, unless its directory has a default ACL; 0 when the mode lacks
/// them already.</param>
public readonly record struct NewObject(
    ObjectType Type, uint Mode, uint DeviceMajor = 0, uint DeviceMinor = 0, uint Umask = 0);

public sealed partial class VnodeOps
{
    private const uint ModeMask = 0xFFF;
    private const uint SetGroupId = 0x400;
    private const ulong LinkCountMax = int.MaxValue;

    /// <summary>Creates a file, directory, FIFO, socket or device node.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">1 to 255 bytes, no slash and no NUL.</param>
    /// <param name="made">The new object.</param>
    /// <param name="caller">The calling process.</param>
    /// <param name="attributes">Attributes of the new object.</param>
    /// <returns>EEXIST, ENOTDIR, ENAMETOOLONG, ENOSPC, EROFS, EPERM for an immutable directory, ESTALE,
    /// EIO.</returns>
    /// <remarks>open(2) with O_CREAT, mkdir(2), mknod(2). Upstream:
    /// <c>hammer2_inode_create_normal</c>.</remarks>
    public Errno Create(
        ulong directory, ReadOnlySpan<byte> name, in NewObject made, in Credentials caller,
        out VnodeAttributes attributes)
    {
        if (!IsHidden(directory, name)) return Make(directory, name, made, caller, target: default, out attributes);
        attributes = default;
        return Errno.EPERM;
    }

    /// <summary>Creates a symbolic link.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="target">1 to 4095 bytes, any but NUL.</param>
    /// <param name="caller">The calling process.</param>
    /// <param name="attributes">Attributes of the new link.</param>
    /// <returns>As <see cref="Create"/>; ENAMETOOLONG for too long a target.</returns>
    public Errno Symlink(
        ulong directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target, in Credentials caller,
        out VnodeAttributes attributes)
    {
        attributes = default;
        if (target.IsEmpty) return Errno.ENOENT;
        if (target.Length > TargetBytesMax) return Errno.ENAMETOOLONG;
        if (IsHidden(directory, name)) return Errno.EPERM;
        var made = new NewObject(ObjectType.SoftLink, 0x1FF);
        return Make(directory, name, made, caller, target, out attributes);
    }

    /// <summary>Maximum length of the target of a symbolic link in bytes: PATH_MAX without its NUL.</summary>
    public const int TargetBytesMax = 4095;

    /// <summary>Creates a hard link.</summary>
    /// <param name="inum">An object of any type except a directory.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="attributes">Attributes of the object.</param>
    /// <returns>EPERM for a directory or an immutable object; EMLINK; else as <see cref="Create"/>.</returns>
    public Errno Link(ulong inum, ulong directory, ReadOnlySpan<byte> name, out VnodeAttributes attributes)
    {
        attributes = default;
        if (IsHidden(directory, name)) return Errno.EPERM;
        Errno refused = BeginAdding(name, 0, out PendingOperation operation);
        if (refused != Errno.None) return refused;
        using Transaction change = _pfs.Writer!.Begin(ref operation, directory, inum);
        refused = OpenDirectory(change, directory, out DirtyInode parent);
        if (refused != Errno.None) return refused;
        Hammer2Error error = change.Open(inum, out DirtyInode? target);
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.ESTALE);
        ref InodeMeta meta = ref target!.Meta;
        if (meta.Type == ObjectType.Directory || IsFixed(meta)) return Errno.EPERM;
        if (meta.LinkCount >= LinkCountMax) return Errno.EMLINK;
        // An orphan cannot be linked again, except a file created by O_TMPFILE that was never linked.
        bool isUnnamed = meta.LinkCount == 0;
        if (isUnnamed && !_linkable.ContainsKey(inum)) return Errno.ENOENT;
        if (parent.Meta.LinkCount == 0 && directory != RootInum) return Errno.ENOENT;

        error = NameOperations.MakeEntry(change, parent, name, inum, meta.Type);
        if (error != Hammer2Error.None) return error.ToErrno();
        if (isUnnamed)
        {
            _ = _linkable.TryRemove(inum, out _);
            meta.ParentInum = directory;
        }
        meta.LinkCount++;
        meta.ChangeTime = Now();
        change.Touch(target);
        TouchDirectory(change, parent);
        change.Complete();
        attributes = new VnodeAttributes(change.AsInode(target));
        return Errno.None;
    }

    /// <summary>Creates a file without a link, which <see cref="Link"/> may add later; otherwise <see cref="Forget"/>
    /// deletes it.</summary>
    /// <param name="directory">The directory whose policies and ACL it inherits.</param>
    /// <param name="mode">Permission bits.</param>
    /// <param name="caller">The calling process.</param>
    /// <param name="attributes">Attributes of the new file; its link count is 0.</param>
    /// <param name="umask">As of <see cref="NewObject"/>.</param>
    /// <returns>As <see cref="Create"/>, without EEXIST.</returns>
    /// <remarks>open(2) with O_TMPFILE. After a crash it is an orphan, which the next mount deletes.</remarks>
    public Errno CreateTmpFile(
        ulong directory, uint mode, in Credentials caller, out VnodeAttributes attributes, uint umask = 0)
    {
        attributes = default;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        var made = new NewObject(ObjectType.RegularFile, mode, Umask: umask);
        Errno refused = ReadInheritance(directory, made, out Inheritance inherited);
        if (refused != Errno.None) return refused;
        refused = writer.Reserve(inherited.Bytes, leaves: 3, SpaceUse.Add, out PendingOperation operation).ToErrno();
        if (refused != Errno.None) return refused;
        using Transaction change = writer.Begin(ref operation, directory, inherited.Directory);
        refused = OpenDirectory(change, directory, out DirtyInode parent);
        if (refused != Errno.None) return refused;
        if (parent.Meta.LinkCount == 0 && directory != RootInum) return Errno.ENOENT;
        InodeMeta meta = NewMeta(made with { Mode = inherited.Mode }, caller, parent);
        meta.LinkCount = 0;
        DirtyInode child = change.Create(meta, parent);
        Hammer2Error error = Bequeath(change, child, inherited);
        if (error != Hammer2Error.None)
        {
            change.Delete(child);
            return End(change, error);
        }
        change.Complete();
        _ = _linkable.TryAdd(child.Inum, 0);
        attributes = new VnodeAttributes(change.AsInode(child));
        return Errno.None;
    }

    private Errno Make(
        ulong directory, ReadOnlySpan<byte> name, in NewObject made, in Credentials caller,
        ReadOnlySpan<byte> target, out VnodeAttributes attributes)
    {
        attributes = default;
        Inheritance inherited = new(null, made.Mode & ~made.Umask, 0);
        Errno refused = IsHidden(directory, name) ? Errno.None : ReadInheritance(directory, made, out inherited);
        if (refused != Errno.None) return refused;
        refused = BeginAdding(name, target.Length + inherited.Bytes, out PendingOperation operation);
        if (refused != Errno.None) return refused;
        using Transaction change = _pfs.Writer!.Begin(ref operation, directory, inherited.Directory);
        refused = OpenDirectory(change, directory, out DirtyInode parent);
        if (refused != Errno.None) return refused;
        if (parent.Meta.LinkCount == 0 && directory != RootInum) return Errno.ENOENT;
        Hammer2Error error = NameOperations.FindEntry(change.AsInode(parent), name, out _);
        if (error != Hammer2Error.NoEntry) return error == Hammer2Error.None ? Errno.EEXIST : error.ToErrno();

        // Added first, so that the child is a dependent inode: its space is then reserved with that of the directory.
        change.Touch(parent);
        DirtyInode child = change.Create(NewMeta(made with { Mode = inherited.Mode }, caller, parent), parent);
        error = Bequeath(change, child, inherited);
        if (error == Hammer2Error.None)
            error = NameOperations.MakeEntry(change, parent, name, child.Inum, made.Type);
        if (error == Hammer2Error.None && !target.IsEmpty) error = DataOperations.Write(change, child, 0, target);
        if (error != Hammer2Error.None)
        {
            change.Delete(child);
            return End(change, error);
        }
        if (made.Type == ObjectType.Directory) CountSubdirectory(parent, 1);
        if (!IsHidden(directory, name)) TouchDirectory(change, parent);
        change.Complete();
        attributes = new VnodeAttributes(change.AsInode(child));
        return Errno.None;
    }

    private InodeMeta NewMeta(in NewObject made, in Credentials caller, DirtyInode parent)
    {
        ulong now = Now();
        bool givesGroup = (parent.Meta.Mode & SetGroupId) != 0;
        uint mode = made.Mode & ModeMask;
        if (givesGroup && made.Type == ObjectType.Directory) mode |= SetGroupId;
        bool isEmbedded = made.Type is ObjectType.RegularFile or ObjectType.SoftLink;
        return new InodeMeta
        {
            Version = InodeMeta.CurrentVersion,
            Type = made.Type,
            OperationFlags = isEmbedded ? OperationFlags.DirectData : OperationFlags.None,
            Mode = mode,
            UserId = MediaUuid.FromUnixId(caller.UserId),
            GroupId = MediaUuid.FromUnixId(givesGroup ? parent.Meta.GroupId.UnixId : caller.GroupId),
            DeviceMajor = made.DeviceMajor,
            DeviceMinor = made.DeviceMinor,
            ChangeTime = now,
            ModifyTime = now,
            AccessTime = now,
            BirthTime = now,
            LinkCount = 1,
            ParentInum = parent.Inum,
            CompressionPolicy = parent.Meta.CompressionPolicy,
            CheckPolicy = parent.Meta.CheckPolicy,
        };
    }
}
