// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A request to remove a directory entry or an inode that is damaged.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_destroy</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 272)]
public struct DestroyRecord
{
    /// <summary>Command: remove the entry of a name in the directory.</summary>
    public const int RemovesEntry = 1;

    /// <summary>Command: remove the inode of a number.</summary>
    public const int RemovesInode = 2;

    /// <summary>The command; 0 does nothing.</summary>
    [FieldOffset(0x000)] public int Command;

    /// <summary>The name, with a NUL after it.</summary>
    [FieldOffset(0x004)] public Text256 Name;

    /// <summary>The inode number.</summary>
    [FieldOffset(0x108)] public ulong Inum;
}
