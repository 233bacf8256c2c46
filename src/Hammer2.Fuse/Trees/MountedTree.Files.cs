// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;

namespace Hammer2.Fuse.Trees;

/// <content>Requests about single objects.</content>
internal sealed partial class MountedTree
{
    /// <inheritdoc/>
    public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.GetAttr(use.Plain(in context, ref header), in request, ref answer);
    }

    /// <inheritdoc/>
    public int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.StatX(use.Plain(in context, ref header), in request, ref answer);
    }

    /// <inheritdoc/>
    public int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.SetAttr(use.Plain(in context, ref header), in request, ref answer);
    }

    /// <inheritdoc/>
    public int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes)
    {
        targetBytes = 0;
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.ReadLink(use.Plain(in context, ref header), target, out targetBytes);
    }

    /// <inheritdoc/>
    public int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.Open(use.Plain(in context, ref header), in request, ref answer);
    }

    /// <inheritdoc/>
    public int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.OpenDir(use.Plain(in context, ref header), in request, ref answer);
    }

    /// <inheritdoc/>
    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        readBytes = 0;
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.Read(use.Plain(in context, ref header), in request, data, out readBytes);
    }

    /// <inheritdoc/>
    public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes)
    {
        writtenBytes = 0;
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.Write(use.Plain(in context, ref header), in request, data, out writtenBytes);
    }

    /// <inheritdoc/>
    public int Flush(in FuseContext context, in FuseFlushIn request)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.Flush(use.Plain(in context, ref header), in request);
    }

    /// <inheritdoc/>
    public int FSync(in FuseContext context, in FuseFSyncIn request)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.FSync(use.Plain(in context, ref header), in request);
    }

    /// <inheritdoc/>
    public int FSyncDir(in FuseContext context, in FuseFSyncIn request)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.FSyncDir(use.Plain(in context, ref header), in request);
    }

    /// <inheritdoc/>
    public int FAllocate(in FuseContext context, in FuseFAllocateIn request)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.FAllocate(use.Plain(in context, ref header), in request);
    }

    /// <inheritdoc/>
    public int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0;
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.LSeek(use.Plain(in context, ref header), in request, out position);
    }

    /// <inheritdoc/>
    public int Release(in FuseContext context, in FuseReleaseIn request)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        // What was open in a tree before is closed; nothing is known of it any more.
        return use.IsStale
            ? FuseErrno.None : use.Served.Release(use.Plain(in context, ref header), in request);
    }

    /// <inheritdoc/>
    public int ReleaseDir(in FuseContext context, in FuseReleaseIn request) => FuseErrno.None;

    /// <inheritdoc/>
    public int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request, out ulong copiedBytes)
    {
        copiedBytes = 0;
        using var use = new Use(this, context.NodeId, request.TargetNodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        FuseCopyFileRangeIn plain = request;
        plain.TargetNodeId = use.InumOf(request.TargetNodeId);
        return use.Served.CopyFileRange(use.Plain(in context, ref header), in plain, out copiedBytes);
    }

    /// <inheritdoc/>
    public int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        (outputBytes, result) = (0, 0);
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.IoCtl(
            use.Plain(in context, ref header), in request, input, output, out outputBytes, out result);
    }

    /// <inheritdoc/>
    public int StatFs(in FuseContext context, ref FuseStatFsOut answer) => Current.StatFs(in context, ref answer);

    /// <inheritdoc/>
    public int SyncFs(in FuseContext context) => Current.SyncFs(in context);
}
