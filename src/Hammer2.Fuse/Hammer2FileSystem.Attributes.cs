// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <content>Extended attributes. After ENOSYS, on mounts without them, the kernel answers EOPNOTSUPP by
/// itself.</content>
public sealed partial class Hammer2FileSystem
{
    private const uint DropSetGroupId = 1;

    /// <inheritdoc/>
    public int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        if (!_hasAttributes) return FuseErrno.ENOSYS;
        const AttributeSetting Known = AttributeSetting.Create | AttributeSetting.Replace;
        var setting = (AttributeSetting)request.Flags;
        if ((setting & ~Known) != 0) return FuseErrno.EINVAL;
        Errno error = _vnodes.SetExtendedAttribute(
            context.NodeId, name, value, setting, (request.SetXAttrFlags & DropSetGroupId) != 0);
        return ChangeResult(error, _commitsAll);
    }

    /// <inheritdoc/>
    public int GetXAttr(in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = 0;
        if (!_hasAttributes) return FuseErrno.ENOSYS;
        return ReadResult(
            context.NodeId, _vnodes.GetExtendedAttribute(context.NodeId, name, value, out valueBytes));
    }

    /// <inheritdoc/>
    public int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        namesBytes = 0;
        if (!_hasAttributes) return FuseErrno.ENOSYS;
        // The kernel does not say which capabilities a process has.
        bool isRoot = context.Uid == 0;
        return ReadResult(
            context.NodeId, _vnodes.ListExtendedAttributes(context.NodeId, isRoot, names, out namesBytes));
    }

    /// <inheritdoc/>
    public int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) => _hasAttributes
        ? ChangeResult(_vnodes.RemoveExtendedAttribute(context.NodeId, name), _commitsAll) : FuseErrno.ENOSYS;

    private uint UmaskOf(uint umask) => _appliesUmask ? umask & PermissionMask : 0;
}
