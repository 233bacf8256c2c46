// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <content>Creating, renaming and removing names. The kernel has checked permissions.</content>
public sealed partial class Hammer2FileSystem
{
    private const uint TypeMask = 0xF000;
    private const uint PermissionMask = 0xFFF;
    private const uint OpenExclusive = 0x80;

    /// <inheritdoc/>
    public int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry)
    {
        Errno error = _vnodes.Symlink(
            context.NodeId, name, target, CallerOf(in context), out VnodeAttributes made);
        return Named(error, in made, ref entry);
    }

    /// <inheritdoc/>
    public int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry)
    {
        ObjectType? type = (request.Mode & TypeMask) switch
        {
            0x1000 => ObjectType.Fifo,
            0x2000 => ObjectType.CharacterDevice,
            0x6000 => ObjectType.BlockDevice,
            0x8000 => ObjectType.RegularFile,
            0xC000 => ObjectType.Socket,
            _ => null,
        };
        if (type is not { } known) return FuseErrno.EINVAL;
        (uint major, uint minor) = AttributeTranslation.DeviceOf(request.DeviceNumber);
        bool isDevice = known is ObjectType.CharacterDevice or ObjectType.BlockDevice;
        var made = new NewObject(
            known, request.Mode & PermissionMask, isDevice ? major : 0, isDevice ? minor : 0, UmaskOf(request.Umask));
        Errno error = _vnodes.Create(
            context.NodeId, name, made, CallerOf(in context), out VnodeAttributes attributes);
        return Named(error, in attributes, ref entry);
    }

    /// <inheritdoc/>
    public int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry)
    {
        var made = new NewObject(
            ObjectType.Directory, request.Mode & PermissionMask, Umask: UmaskOf(request.Umask));
        Errno error = _vnodes.Create(
            context.NodeId, name, made, CallerOf(in context), out VnodeAttributes attributes);
        return Named(error, in attributes, ref entry);
    }

    /// <inheritdoc/>
    public int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer)
    {
        var made = new NewObject(
            ObjectType.RegularFile, request.Mode & PermissionMask, Umask: UmaskOf(request.Umask));
        Errno error = _vnodes.Create(
            context.NodeId, name, made, CallerOf(in context), out VnodeAttributes attributes);

        // Created meanwhile, for example through an NFS handle: it is opened as an existing file.
        if (error == Errno.EEXIST && (request.Flags & OpenExclusive) == 0)
        {
            error = _vnodes.Lookup(context.NodeId, name, out attributes);
            if (error == Errno.None && attributes.Type != ObjectType.RegularFile) return FuseErrno.EEXIST;
            if (error == Errno.None)
                error = OpenFile(attributes.Inum, request.Flags, request.OpenFlags, ref answer);
            if (error == Errno.None) error = _vnodes.GetAttributes(attributes.Inum, out attributes);
        }
        if (error == Errno.None) FillOpen(isWritten: true, ref answer);
        int result = Named(error, in attributes, ref entry);
        CountOpen(result, in answer);
        return result;
    }

    /// <inheritdoc/>
    public int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry,
        ref FuseOpenOut answer)
    {
        Errno error = _vnodes.CreateTmpFile(
            context.NodeId, request.Mode & PermissionMask, CallerOf(in context),
            out VnodeAttributes attributes, UmaskOf(request.Umask));
        if (error != Errno.None) return ChangeResult(error, _commitsNames);
        FillOpen(isWritten: true, ref answer);
        CountOpen(FuseErrno.None, in answer);
        GiveEntry(in attributes, ref entry);
        _ = _nodes.MarkPossibleOrphan(attributes.Inum);  // just counted, so it exists
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName,
        ref FuseEntryOut entry)
    {
        Errno error = _vnodes.Link(oldNodeId, context.NodeId, newName, out VnodeAttributes linked);
        return Named(error, in linked, ref entry);
    }

    /// <inheritdoc/>
    public int Unlink(in FuseContext context, ReadOnlySpan<byte> name)
    {
        Errno error = _vnodes.Unlink(context.NodeId, name, out ulong inum);
        if (error == Errno.None) LoseLink(inum);
        return ChangeResult(error, _commitsNames);
    }

    /// <inheritdoc/>
    public int RmDir(in FuseContext context, ReadOnlySpan<byte> name)
    {
        Errno error = _vnodes.RemoveDirectory(context.NodeId, name, out ulong inum);
        if (error == Errno.None) LoseLink(inum);
        return ChangeResult(error, _commitsNames);
    }

    /// <inheritdoc/>
    public int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags)
    {
        Errno error = _vnodes.Rename(
            context.NodeId, name, newDirectory, newName, (RenameFlags)flags, out ulong replaced);
        if (error == Errno.None && replaced != 0) LoseLink(replaced);
        return ChangeResult(error, _commitsNames);
    }

    /// <inheritdoc/>
    public void Forget(ulong nodeId, ulong lookupCount)
    {
        if (_nodes.Drop(nodeId, lookupCount)) RemoveOrphan(nodeId);
    }

    private static Credentials CallerOf(in FuseContext context) => new(context.Uid, context.Gid);

    private int Named(Errno error, in VnodeAttributes attributes, ref FuseEntryOut entry)
    {
        int answer = ChangeResult(error, _commitsNames);
        if (answer == FuseErrno.None) GiveEntry(in attributes, ref entry);
        return answer;
    }

    private void LoseLink(ulong inum)
    {
        if (_nodes.MarkPossibleOrphan(inum)) RemoveOrphan(inum);
        else ExpectDeletion(inum);
    }

    // The kernel is likely to forget a file soon that lost a link or was closed, if it has no link left.
    private void ExpectDeletion(ulong inum)
    {
        bool isPending = _vnodes.GetAttributes(inum, out VnodeAttributes attributes) == Errno.None
            && attributes is { LinkCount: 0, Type: ObjectType.RegularFile };
        if (isPending) _deletions.Expect(inum);
    }

    private void RemoveOrphan(ulong inum)
    {
        Errno error = _vnodes.Forget(inum);
        _deletions.End(inum);           // after the change, so that the next commit has it
        if (error != Errno.None) FuseDaemonLog.NotForgotten(_logger, inum, error);
    }
}
