// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>A filesystem that passes every operation on to another one. A subclass overrides those that it serves
/// itself.</summary>
/// <param name="inner">The other filesystem.</param>
public abstract class FuseFileSystemDecorator(IFuseFileSystem inner) : IFuseFileSystem
{
    /// <summary>The other filesystem.</summary>
    protected IFuseFileSystem Inner { get; } = inner;

    /// <inheritdoc/>
    public virtual void Initialized(FuseConnection connection) => Inner.Initialized(connection);

    /// <inheritdoc/>
    public virtual void Destroyed() => Inner.Destroyed();

    /// <inheritdoc/>
    public virtual int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry) =>
        Inner.Lookup(in context, name, ref entry);

    /// <inheritdoc/>
    public virtual void Forget(ulong nodeId, ulong lookupCount) => Inner.Forget(nodeId, lookupCount);

    /// <inheritdoc/>
    public virtual int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer) =>
        Inner.GetAttr(in context, in request, ref answer);

    /// <inheritdoc/>
    public virtual int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer) =>
        Inner.SetAttr(in context, in request, ref answer);

    /// <inheritdoc/>
    public virtual int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer) =>
        Inner.StatX(in context, in request, ref answer);

    /// <inheritdoc/>
    public virtual int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes) =>
        Inner.ReadLink(in context, target, out targetBytes);

    /// <inheritdoc/>
    public virtual int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry) => Inner.Symlink(in context, name, target, ref entry);

    /// <inheritdoc/>
    public virtual int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => Inner.MkNod(in context, in request, name, ref entry);

    /// <inheritdoc/>
    public virtual int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => Inner.MkDir(in context, in request, name, ref entry);

    /// <inheritdoc/>
    public virtual int Unlink(in FuseContext context, ReadOnlySpan<byte> name) => Inner.Unlink(in context, name);

    /// <inheritdoc/>
    public virtual int RmDir(in FuseContext context, ReadOnlySpan<byte> name) => Inner.RmDir(in context, name);

    /// <inheritdoc/>
    public virtual int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags) => Inner.Rename(in context, name, newDirectory, newName, flags);

    /// <inheritdoc/>
    public virtual int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName,
        ref FuseEntryOut entry) => Inner.Link(in context, oldNodeId, newName, ref entry);

    /// <inheritdoc/>
    public virtual int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer) =>
        Inner.Open(in context, in request, ref answer);

    /// <inheritdoc/>
    public virtual int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer) =>
        Inner.Create(in context, in request, name, ref entry, ref answer);

    /// <inheritdoc/>
    public virtual int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry,
        ref FuseOpenOut answer) => Inner.TmpFile(in context, in request, ref entry, ref answer);

    /// <inheritdoc/>
    public virtual int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes) =>
        Inner.Read(in context, in request, data, out readBytes);

    /// <inheritdoc/>
    public virtual int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes) => Inner.Write(in context, in request, data, out writtenBytes);

    /// <inheritdoc/>
    public virtual int StatFs(in FuseContext context, ref FuseStatFsOut answer) =>
        Inner.StatFs(in context, ref answer);

    /// <inheritdoc/>
    public virtual int Release(in FuseContext context, in FuseReleaseIn request) =>
        Inner.Release(in context, in request);

    /// <inheritdoc/>
    public virtual int Flush(in FuseContext context, in FuseFlushIn request) => Inner.Flush(in context, in request);

    /// <inheritdoc/>
    public virtual int FSync(in FuseContext context, in FuseFSyncIn request) => Inner.FSync(in context, in request);

    /// <inheritdoc/>
    public virtual int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer) =>
        Inner.OpenDir(in context, in request, ref answer);

    /// <inheritdoc/>
    public virtual int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer) =>
        Inner.ReadDir(in context, in request, ref packer);

    /// <inheritdoc/>
    public virtual int ReleaseDir(in FuseContext context, in FuseReleaseIn request) =>
        Inner.ReleaseDir(in context, in request);

    /// <inheritdoc/>
    public virtual int FSyncDir(in FuseContext context, in FuseFSyncIn request) =>
        Inner.FSyncDir(in context, in request);

    /// <inheritdoc/>
    public virtual int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value) => Inner.SetXAttr(in context, in request, name, value);

    /// <inheritdoc/>
    public virtual int GetXAttr(in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value,
        out int valueBytes) => Inner.GetXAttr(in context, name, value, out valueBytes);

    /// <inheritdoc/>
    public virtual int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes) =>
        Inner.ListXAttr(in context, names, out namesBytes);

    /// <inheritdoc/>
    public virtual int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) =>
        Inner.RemoveXAttr(in context, name);

    /// <inheritdoc/>
    public virtual int Access(in FuseContext context, uint mask) => Inner.Access(in context, mask);

    /// <inheritdoc/>
    public virtual int FAllocate(in FuseContext context, in FuseFAllocateIn request) =>
        Inner.FAllocate(in context, in request);

    /// <inheritdoc/>
    public virtual int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position) =>
        Inner.LSeek(in context, in request, out position);

    /// <inheritdoc/>
    public virtual int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request,
        out ulong copiedBytes) => Inner.CopyFileRange(in context, in request, out copiedBytes);

    /// <inheritdoc/>
    public virtual int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result) =>
        Inner.IoCtl(in context, in request, input, output, out outputBytes, out result);

    /// <inheritdoc/>
    public virtual int SyncFs(in FuseContext context) => Inner.SyncFs(in context);

    /// <inheritdoc/>
    public virtual int BMap(in FuseContext context, in FuseBMapIn request, out ulong block) =>
        Inner.BMap(in context, in request, out block);

    /// <inheritdoc/>
    public virtual int Poll(in FuseContext context, in FusePollIn request, out uint readyEvents) =>
        Inner.Poll(in context, in request, out readyEvents);

    /// <inheritdoc/>
    public virtual int GetLk(in FuseContext context, in FuseLkIn request, ref FuseLkOut answer) =>
        Inner.GetLk(in context, in request, ref answer);

    /// <inheritdoc/>
    public virtual int SetLk(in FuseContext context, in FuseLkIn request, bool waits) =>
        Inner.SetLk(in context, in request, waits);
}
