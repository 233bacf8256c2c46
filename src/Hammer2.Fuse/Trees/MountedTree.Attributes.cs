// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;

namespace Hammer2.Fuse.Trees;

/// <content>Extended attributes.</content>
internal sealed partial class MountedTree
{
    /// <inheritdoc/>
    public int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.SetXAttr(use.Plain(in context, ref header), in request, name, value);
    }

    /// <inheritdoc/>
    public int GetXAttr(in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = 0;
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.GetXAttr(use.Plain(in context, ref header), name, value, out valueBytes);
    }

    /// <inheritdoc/>
    public int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        namesBytes = 0;
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.ListXAttr(use.Plain(in context, ref header), names, out namesBytes);
    }

    /// <inheritdoc/>
    public int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name)
    {
        using var use = new Use(this, context.NodeId);
        FuseInHeader header = default;
        if (use.IsStale) return FuseErrno.ESTALE;
        return use.Served.RemoveXAttr(use.Plain(in context, ref header), name);
    }
}
