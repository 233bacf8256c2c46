// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.Output;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Files;

/// <summary>Targets of symbolic links.</summary>
internal static class LinkText
{
    private const int TargetBytesMax = 65536;

    /// <summary>The bytes of a target, or null when it cannot be read.</summary>
    public static byte[]? ReadBytes(VnodeOps vnodes, in VnodeAttributes link)
    {
        byte[] target = new byte[Math.Min(link.SizeBytes, TargetBytesMax)];
        return vnodes.ReadLink(link.Inum, target, out int length) == Errno.None ? target[..length] : null;
    }

    /// <summary>The target as text, or null when it cannot be read.</summary>
    public static string? Read(VnodeOps vnodes, in VnodeAttributes link) =>
        ReadBytes(vnodes, link) is { } target ? NameText.Escape(target) : null;
}
