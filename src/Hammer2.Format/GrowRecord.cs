// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A request to make a filesystem larger.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_growfs</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public struct GrowRecord
{
    /// <summary>On entry the wanted length of the last volume, 0 for its device's; on return its length.</summary>
    [FieldOffset(0x00)] public ulong LengthBytes;

    /// <summary>On return 1 when it is longer than before, else 0.</summary>
    [FieldOffset(0x08)] public int IsChanged;
}
