// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;

namespace Hammer2.Fuse;

/// <content>
/// What cannot be done on a mount that only reads. The kernel refuses most of it before it asks, but an NFS
/// server or a bind mount may come another way.
/// </content>
public sealed partial class Hammer2FileSystem
{
    /// <inheritdoc/>
    public int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer) =>
        FuseErrno.EROFS;

    /// <inheritdoc/>
    public int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int Unlink(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int RmDir(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName,
        ref FuseEntryOut entry) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry,
        ref FuseOpenOut answer) => FuseErrno.EROFS;

    /// <inheritdoc/>
    public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes)
    {
        writtenBytes = 0;
        return FuseErrno.EROFS;
    }

    /// <inheritdoc/>
    public int FAllocate(in FuseContext context, in FuseFAllocateIn request) => FuseErrno.EROFS;

    // HAMMER2 has no extended attributes. GETXATTR and LISTXATTR are not implemented here, after which the
    // kernel answers EOPNOTSUPP by itself: "ls -l" asks for them once per file.

    /// <inheritdoc/>
    public int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value) => FuseErrno.EOPNOTSUPP;

    /// <inheritdoc/>
    public int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.EOPNOTSUPP;
}
