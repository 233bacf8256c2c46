// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A PFS in requests about PFSs.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_pfs</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 320)]
public struct PfsIoctlRecord
{
    /// <summary>In <see cref="Key"/> the mounted PFS; in <see cref="NextKey"/> that no other follows.</summary>
    public const ulong NoKey = ulong.MaxValue;

    /// <summary>Flag: a snapshot is of the last commit, without a commit before it.</summary>
    public const uint NoSync = 0x1;

    /// <summary>Flag of this driver: a snapshot is deleted although files in it are open.</summary>
    public const uint Force = 0x80000000;

    /// <summary>Its key below the super-root; of PFS_GET the lowest one wanted, or <see cref="NoKey"/>.</summary>
    [FieldOffset(0x00)] public ulong Key;

    /// <summary>The key of the PFS that follows, or <see cref="NoKey"/>.</summary>
    [FieldOffset(0x08)] public ulong NextKey;

    /// <summary>Its role.</summary>
    [FieldOffset(0x10)] public PfsType Type;

    /// <summary>Its purpose.</summary>
    [FieldOffset(0x11)] public PfsSubtype Subtype;

    /// <summary>Unused.</summary>
    [FieldOffset(0x12)] public ushort Reserved12;

    /// <summary>Flags: <see cref="NoSync"/>, <see cref="Force"/>.</summary>
    [FieldOffset(0x14)] public uint Flags;

    /// <summary>Unused.</summary>
    [FieldOffset(0x18)] public ulong Reserved18;

    /// <summary>The id of the node.</summary>
    [FieldOffset(0x20)] public MediaUuid NodeId;

    /// <summary>The id of its cluster.</summary>
    [FieldOffset(0x30)] public MediaUuid ClusterId;

    /// <summary>Its label with a NUL after it.</summary>
    [FieldOffset(0x40)] public Text256 Label;
}

/// <summary>256 bytes of text, with a NUL after it.</summary>
[InlineArray(256)]
public struct Text256
{
    private byte _first;
}
