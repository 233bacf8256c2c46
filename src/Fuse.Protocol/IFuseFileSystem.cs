// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// The operations of a filesystem. Every method returns 0 or a positive error number (1 to 511) and fills its reply in
/// place; the reply is zeroed before the call and ignored after an error. Spans and references are valid only during
/// the call. Several threads call at once, also for one node. Methods that are not overridden return ENOSYS.
/// </summary>
public interface IFuseFileSystem
{
    /// <summary>Called once after INIT with the negotiated features and limits, before any request.</summary>
    void Initialized(FuseConnection connection)
    {
    }

    /// <summary>
    /// The DESTROY callback; called once, after every other call has returned or, on fuseblk, as the last request while
    /// umount(2) waits for it.
    /// </summary>
    void Destroyed()
    {
    }

    /// <summary>Finds <paramref name="name"/> in the context's directory and adds a reference to its node. With
    /// EXPORT_SUPPORT the name may be "." (the node itself) or "..".</summary>
    int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry) => FuseErrno.ENOSYS;

    /// <summary>Drops <paramref name="lookupCount"/> references of a node. Has no reply.</summary>
    void Forget(ulong nodeId, ulong lookupCount)
    {
    }

    /// <summary>Attributes of the context's node.</summary>
    int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer) => FuseErrno.ENOSYS;

    /// <summary>Changes all fields that <see cref="FuseSetAttrIn.Valid"/> names, or none.</summary>
    int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer) => FuseErrno.ENOSYS;

    /// <summary>Attributes with birth time. After ENOSYS the kernel uses only GETATTR.</summary>
    int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer) => FuseErrno.ENOSYS;

    /// <summary>Target of a symbolic link, without a terminating NUL.</summary>
    int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes)
    {
        targetBytes = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Makes a symbolic link in the context's directory.</summary>
    int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry) => FuseErrno.ENOSYS;

    /// <summary>Makes a file, FIFO, socket or device node in the context's directory.</summary>
    int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => FuseErrno.ENOSYS;

    /// <summary>Makes a directory in the context's directory.</summary>
    int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => FuseErrno.ENOSYS;

    /// <summary>Removes a name that is not a directory.</summary>
    int Unlink(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.ENOSYS;

    /// <summary>Removes an empty directory.</summary>
    int RmDir(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.ENOSYS;

    /// <summary>Renames from the context's directory; RENAME and RENAME2 alike.</summary>
    /// <param name="context">Names the source directory.</param>
    /// <param name="name">Name there.</param>
    /// <param name="newDirectory">Node id of the target directory.</param>
    /// <param name="newName">Name there.</param>
    /// <param name="flags">RENAME_NOREPLACE 1, RENAME_EXCHANGE 2, RENAME_WHITEOUT 4; EINVAL for what
    /// is not supported.</param>
    int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags) => FuseErrno.ENOSYS;

    /// <summary>Gives node <paramref name="oldNodeId"/> another name in the context's directory.</summary>
    int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName,
        ref FuseEntryOut entry) => FuseErrno.ENOSYS;

    /// <summary>Opens a file. After ENOSYS, with NO_OPEN_SUPPORT, the kernel sends no OPEN any more, keeps caches and
    /// uses handle 0.</summary>
    int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer) => FuseErrno.ENOSYS;

    /// <summary>Makes and opens a file in the context's directory.</summary>
    int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer) => FuseErrno.ENOSYS;

    /// <summary>Creates and opens a file without a link in the context's directory (O_TMPFILE).</summary>
    int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry,
        ref FuseOpenOut answer) => FuseErrno.ENOSYS;

    /// <summary>Reads directly into the reply. Fewer bytes than the length of <paramref name="data"/> mean
    /// EOF.</summary>
    int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        readBytes = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Writes <paramref name="data"/>, which is part of the request buffer.</summary>
    int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data, out int writtenBytes)
    {
        writtenBytes = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Space and object counts.</summary>
    int StatFs(in FuseContext context, ref FuseStatFsOut answer) => FuseErrno.ENOSYS;

    /// <summary>The last descriptor and mapping of a handle was closed. The result is ignored.</summary>
    int Release(in FuseContext context, in FuseReleaseIn request) => FuseErrno.ENOSYS;

    /// <summary>One descriptor was closed; the result is what close(2) returns. The kernel does not ask again after
    /// ENOSYS; since Linux 5.16 it writes back dirty pages at close all the same, and returns the error of
    /// that.</summary>
    int Flush(in FuseContext context, in FuseFlushIn request) => FuseErrno.ENOSYS;

    /// <summary>Makes a file durable.</summary>
    int FSync(in FuseContext context, in FuseFSyncIn request) => FuseErrno.ENOSYS;

    /// <summary>Opens a directory; ENOSYS as for <see cref="Open"/> with NO_OPENDIR_SUPPORT, and the
    /// kernel then caches entries.</summary>
    int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer) => FuseErrno.ENOSYS;

    /// <summary>Packs entries from <see cref="FuseReadIn.Position"/> (0 is the start) until the
    /// packer is full or the directory ends. READDIR and READDIRPLUS alike.</summary>
    int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer) =>
        FuseErrno.ENOSYS;

    /// <summary>The last descriptor of a directory handle was closed.</summary>
    int ReleaseDir(in FuseContext context, in FuseReleaseIn request) => FuseErrno.ENOSYS;

    /// <summary>Makes a directory durable.</summary>
    int FSyncDir(in FuseContext context, in FuseFSyncIn request) => FuseErrno.ENOSYS;

    /// <summary>Sets an extended attribute.</summary>
    int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value) => FuseErrno.ENOSYS;

    /// <summary>
    /// Reads an extended attribute. <paramref name="valueBytes"/> is always its whole length; the value is stored only
    /// if it fits. An empty <paramref name="value"/> requests the length only; for a value that does not fit, the
    /// dispatcher returns ERANGE.
    /// </summary>
    int GetXAttr(in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Names of all extended attributes, each with a NUL after it; lengths as for
    /// <see cref="GetXAttr"/>.</summary>
    int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        namesBytes = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Removes an extended attribute.</summary>
    int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.ENOSYS;

    /// <summary>access(2) on a mount without default_permissions. <paramref name="mask"/> is R_OK,
    /// W_OK and X_OK.</summary>
    int Access(in FuseContext context, uint mask) => FuseErrno.ENOSYS;

    /// <summary>Allocates, punches or zeroes a range.</summary>
    int FAllocate(in FuseContext context, in FuseFAllocateIn request) => FuseErrno.ENOSYS;

    /// <summary>Finds data or a hole; ENXIO past the end.</summary>
    int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Copies from the context's node. For the older request the dispatcher keeps
    /// <see cref="FuseCopyFileRangeIn.LengthBytes"/> below 4 GiB.</summary>
    int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request, out ulong copiedBytes)
    {
        copiedBytes = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>A restricted ioctl: <paramref name="input"/> was copied from the caller, and
    /// <paramref name="output"/> goes back to it up to <paramref name="outputBytes"/>.</summary>
    /// <param name="context">Names the node.</param>
    /// <param name="request">Command and handle.</param>
    /// <param name="input">At most 16 KiB, as the command's number says.</param>
    /// <param name="output">As long as the command's number says.</param>
    /// <param name="outputBytes">Number of output bytes.</param>
    /// <param name="result">What ioctl(2) returns.</param>
    int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input, Span<byte> output,
        out int outputBytes, out int result)
    {
        outputBytes = 0;
        result = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>sync(2) or syncfs(2) of the mount: makes all accepted changes durable.</summary>
    int SyncFs(in FuseContext context) => FuseErrno.ENOSYS;

    /// <summary>Maps a file block to a device block (fuseblk, FIBMAP).</summary>
    int BMap(in FuseContext context, in FuseBMapIn request, out ulong block)
    {
        block = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Readiness; after ENOSYS the kernel treats files as always ready.</summary>
    int Poll(in FuseContext context, in FusePollIn request, out uint readyEvents)
    {
        readyEvents = 0;
        return FuseErrno.ENOSYS;
    }

    /// <summary>Tests for a conflicting lock; only with POSIX_LOCKS.</summary>
    int GetLk(in FuseContext context, in FuseLkIn request, ref FuseLkOut answer) => FuseErrno.ENOSYS;

    /// <summary>Acquires or releases a lock, waiting for it if <paramref name="waits"/>; only with POSIX_LOCKS or
    /// FLOCK_LOCKS.</summary>
    int SetLk(in FuseContext context, in FuseLkIn request, bool waits) => FuseErrno.ENOSYS;
}
