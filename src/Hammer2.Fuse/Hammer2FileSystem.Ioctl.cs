// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Fuse.Protocol;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <content>ioctl(2): file flags as of chattr(1) and lsattr(1), whose permissions the kernel has checked.</content>
public sealed partial class Hammer2FileSystem
{
    private const uint GetFlags = 0x80086601;       // FS_IOC_GETFLAGS
    private const uint SetFlags = 0x40086602;       // FS_IOC_SETFLAGS
    private const uint GetExtended = 0x801C581F;    // FS_IOC_FSGETXATTR
    private const uint SetExtended = 0x401C5820;    // FS_IOC_FSSETXATTR
    private const int FlagsBytes = 4;
    private const int ExtendedBytes = 28;           // struct fsxattr, which begins with the flags

    // The extended flags, FS_XFLAG_*, with the plain flag of each.
    private static readonly (uint Extended, LinuxFileFlags Plain)[] ExtendedFlags =
    [
        (0x08, LinuxFileFlags.Immutable), (0x10, LinuxFileFlags.Append), (0x80, LinuxFileFlags.NoDump),
    ];

    /// <inheritdoc/>
    public int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        outputBytes = 0;
        result = 0;
        bool isExtended = request.Command is GetExtended or SetExtended;
        switch (request.Command)
        {
            case GetFlags or GetExtended:
                int bytes = isExtended ? ExtendedBytes : FlagsBytes;
                if (output.Length < bytes) return FuseErrno.EINVAL;
                Errno error = _vnodes.GetFlags(context.NodeId, out LinuxFileFlags found);
                if (error != Errno.None) return (int)error;
                uint shown = isExtended ? ToExtended(found) : (uint)found;
                BinaryPrimitives.WriteUInt32LittleEndian(output, shown);
                outputBytes = bytes;
                return FuseErrno.None;
            case SetFlags or SetExtended:
                if (input.Length < (isExtended ? ExtendedBytes : FlagsBytes)) return FuseErrno.EINVAL;
                // After the extended flags come extent sizes and a project id, which are not supported.
                if (isExtended && input[FlagsBytes..].ContainsAnyExcept((byte)0)) return FuseErrno.EOPNOTSUPP;
                uint wanted = BinaryPrimitives.ReadUInt32LittleEndian(input);
                return isExtended
                    ? SetExtendedFlags(context.NodeId, wanted)
                    : ChangeResult(_vnodes.SetFlags(context.NodeId, (LinuxFileFlags)wanted), _commitsAll);
            default:
                return FuseErrno.ENOTTY;
        }
    }

    // Flags that the extended form does not have are left unchanged.
    private int SetExtendedFlags(ulong node, uint wanted)
    {
        Errno error = _vnodes.GetFlags(node, out LinuxFileFlags flags);
        if (error != Errno.None) return (int)error;
        foreach ((uint extended, LinuxFileFlags plain) in ExtendedFlags)
        {
            flags = (wanted & extended) != 0 ? flags | plain : flags & ~plain;
            wanted &= ~extended;
        }
        if (wanted != 0) return FuseErrno.EOPNOTSUPP;
        return ChangeResult(_vnodes.SetFlags(node, flags), _commitsAll);
    }

    private static uint ToExtended(LinuxFileFlags flags)
    {
        uint shown = 0;
        foreach ((uint extended, LinuxFileFlags plain) in ExtendedFlags)
            if ((flags & plain) != 0) shown |= extended;
        return shown;
    }
}
