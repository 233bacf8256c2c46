// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Fuse.Administration.Snapshots;

namespace Hammer2.Fuse.Administration.Doors;

// Nothing is made, removed or renamed in the virtual directory, nor in its place.
internal sealed partial class VirtualDirectoryFileSystem
{
    /// <inheritdoc/>
    public override int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry) =>
        IsKept(context.NodeId, name) ? RefusalOf(context.NodeId) : Inner.Symlink(in context, name, target, ref entry);

    /// <inheritdoc/>
    public override int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) =>
        IsKept(context.NodeId, name) ? RefusalOf(context.NodeId) : Inner.MkNod(in context, in request, name, ref entry);

    /// <inheritdoc/>
    public override int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) =>
        IsKept(context.NodeId, name) ? RefusalOf(context.NodeId) : Inner.MkDir(in context, in request, name, ref entry);

    /// <inheritdoc/>
    public override int Link(
        in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName, ref FuseEntryOut entry) =>
        VirtualNodes.IsVirtual(oldNodeId) || IsKept(context.NodeId, newName)
            ? SnapshotNodes.IsOf(oldNodeId) ? FuseErrno.EXDEV : RefusalOf(context.NodeId)
            : Inner.Link(in context, oldNodeId, newName, ref entry);

    /// <inheritdoc/>
    public override int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer) =>
        IsKept(context.NodeId, name)
            ? RefusalOf(context.NodeId)
            : Inner.Create(in context, in request, name, ref entry, ref answer);

    /// <inheritdoc/>
    public override int TmpFile(
        in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry, ref FuseOpenOut answer) =>
        VirtualNodes.IsVirtual(context.NodeId)
            ? RefusalOf(context.NodeId)
            : Inner.TmpFile(in context, in request, ref entry, ref answer);

    // An entry of that name is removed and renamed as others are; without one the result is ENOENT.

    /// <inheritdoc/>
    public override int Unlink(in FuseContext context, ReadOnlySpan<byte> name) =>
        VirtualNodes.IsVirtual(context.NodeId)
            ? RefusalOf(context.NodeId)
            : NotEntry(context, name, Inner.Unlink(in context, name));

    /// <inheritdoc/>
    public override int RmDir(in FuseContext context, ReadOnlySpan<byte> name) =>
        VirtualNodes.IsVirtual(context.NodeId)
            ? RefusalOf(context.NodeId)
            : NotEntry(context, name, Inner.RmDir(in context, name));

    /// <inheritdoc/>
    public override int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags)
    {
        if (VirtualNodes.IsVirtual(context.NodeId)) return RefusalOf(context.NodeId);
        if (IsKept(newDirectory, newName)) return RefusalOf(newDirectory);
        return NotEntry(context, name, Inner.Rename(in context, name, newDirectory, newName, flags));
    }

    // Nothing is cached of virtual files, and ENOSYS would be for all files.

    /// <inheritdoc/>
    public override int Flush(in FuseContext context, in FuseFlushIn request) =>
        VirtualNodes.IsVirtual(context.NodeId) ? FuseErrno.None : Inner.Flush(in context, in request);

    /// <inheritdoc/>
    public override int FSync(in FuseContext context, in FuseFSyncIn request) =>
        VirtualNodes.IsVirtual(context.NodeId) ? FuseErrno.None : Inner.FSync(in context, in request);

    /// <inheritdoc/>
    public override int FSyncDir(in FuseContext context, in FuseFSyncIn request) =>
        VirtualNodes.IsVirtual(context.NodeId) ? FuseErrno.None : Inner.FSyncDir(in context, in request);

    /// <inheritdoc/>
    public override int ReleaseDir(in FuseContext context, in FuseReleaseIn request) =>
        VirtualNodes.IsVirtual(context.NodeId) ? FuseErrno.None : Inner.ReleaseDir(in context, in request);

    /// <inheritdoc/>
    public override int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes)
    {
        targetBytes = 0;
        return VirtualNodes.IsVirtual(context.NodeId)
            ? FuseErrno.EINVAL
            : Inner.ReadLink(in context, target, out targetBytes);
    }

    /// <inheritdoc/>
    public override int FAllocate(in FuseContext context, in FuseFAllocateIn request) =>
        VirtualNodes.IsVirtual(context.NodeId) ? FuseErrno.EOPNOTSUPP : Inner.FAllocate(in context, in request);

    /// <inheritdoc/>
    public override int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0;
        return VirtualNodes.IsVirtual(context.NodeId)
            ? FuseErrno.EINVAL
            : Inner.LSeek(in context, in request, out position);
    }

    /// <inheritdoc/>
    public override int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request, out ulong copiedBytes)
    {
        copiedBytes = 0;
        return VirtualNodes.IsVirtual(context.NodeId) || VirtualNodes.IsVirtual(request.TargetNodeId)
            ? FuseErrno.EOPNOTSUPP
            : Inner.CopyFileRange(in context, in request, out copiedBytes);
    }

    /// <inheritdoc/>
    public override int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        (outputBytes, result) = (0, 0);
        return VirtualNodes.IsVirtual(context.NodeId)
            ? FuseErrno.ENOTTY
            : Inner.IoCtl(in context, in request, input, output, out outputBytes, out result);
    }

    /// <inheritdoc/>
    public override int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value) =>
        VirtualNodes.IsVirtual(context.NodeId)
            ? FuseErrno.EOPNOTSUPP
            : Inner.SetXAttr(in context, in request, name, value);

    // Not EOPNOTSUPP: the kernel asks for ACLs when it checks permissions.

    /// <inheritdoc/>
    public override int GetXAttr(
        in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = 0;
        return VirtualNodes.IsVirtual(context.NodeId)
            ? FuseErrno.ENODATA : Inner.GetXAttr(in context, name, value, out valueBytes);
    }

    /// <inheritdoc/>
    public override int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        namesBytes = 0;
        return VirtualNodes.IsVirtual(context.NodeId)
            ? FuseErrno.None : Inner.ListXAttr(in context, names, out namesBytes);
    }

    /// <inheritdoc/>
    public override int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) =>
        VirtualNodes.IsVirtual(context.NodeId) ? FuseErrno.EOPNOTSUPP : Inner.RemoveXAttr(in context, name);

    // Snapshots are read-only like a filesystem.
    private static int RefusalOf(ulong node) => SnapshotNodes.IsOf(node) ? FuseErrno.EROFS : FuseErrno.EPERM;

    private bool IsKept(ulong node, ReadOnlySpan<byte> name) =>
        VirtualNodes.IsVirtual(node) || IsName(node, name);

    private int NotEntry(in FuseContext context, ReadOnlySpan<byte> name, int error) =>
        error == FuseErrno.ENOENT && IsName(context.NodeId, name) ? FuseErrno.EPERM : error;
}
