// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;

namespace Hammer2.Fuse.Administration.Snapshots;

// Extended attributes of objects in snapshots, for reading.
internal sealed partial class SnapshotFileSystem
{
    /// <inheritdoc/>
    public override int GetXAttr(
        in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.GetXAttr(in context, name, value, out valueBytes);
        valueBytes = 0;
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        return use.Error != FuseErrno.None ? use.Error : use.FileSystem.GetXAttr(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), name, value, out valueBytes);
    }

    /// <inheritdoc/>
    public override int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.ListXAttr(in context, names, out namesBytes);
        namesBytes = 0;
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        return use.Error != FuseErrno.None ? use.Error : use.FileSystem.ListXAttr(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), names, out namesBytes);
    }
}
