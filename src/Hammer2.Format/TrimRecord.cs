// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A request to give up free space.</summary>
/// <remarks>Source: <c>struct fstrim_range</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct TrimRecord
{
    /// <summary>First byte of the filesystem's address space.</summary>
    [FieldOffset(0x00)] public ulong Start;

    /// <summary>Length in bytes; returns the length of what was given up.</summary>
    [FieldOffset(0x08)] public ulong LengthBytes;

    /// <summary>Runs of free space that are shorter than this many bytes are left.</summary>
    [FieldOffset(0x10)] public ulong LeastBytes;
}
