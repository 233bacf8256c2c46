// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A volume in a <see cref="VolumeListRecord"/>.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_volume2</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 88)]
public struct VolumeRecord
{
    /// <summary>Path of the device, with a NUL after it; a longer path is cut off.</summary>
    [FieldOffset(0x00)] public Text64 Path;

    /// <summary>Its number.</summary>
    [FieldOffset(0x40)] public int Id;

    /// <summary>Where its address range begins, in bytes.</summary>
    [FieldOffset(0x48)] public ulong Start;

    /// <summary>Its length in bytes.</summary>
    [FieldOffset(0x50)] public ulong LengthBytes;
}

/// <summary>64 bytes of text, with a NUL after it.</summary>
[InlineArray(64)]
public struct Text64
{
    private byte _first;
}
