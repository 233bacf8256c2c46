// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>An inode in requests about inodes: the whole block, of which only the meta part is used.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_inode</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 1056)]
public struct InodeRecord
{
    /// <summary>Flag: set the quota of inodes.</summary>
    public const uint SetsInodeQuota = 0x01;

    /// <summary>Flag: set the quota of data.</summary>
    public const uint SetsDataQuota = 0x02;

    /// <summary>Flag: set the number of copies.</summary>
    public const uint SetsCopies = 0x04;

    /// <summary>Flag: set the check method.</summary>
    public const uint SetsCheck = 0x08;

    /// <summary>Flag: set the compression.</summary>
    public const uint SetsCompression = 0x10;

    /// <summary>The fields to set.</summary>
    [FieldOffset(0x000)] public uint Flags;

    /// <summary>A pointer that is not used.</summary>
    [FieldOffset(0x008)] public ulong Reserved08;

    /// <summary>Bytes allocated for the object and all below it.</summary>
    [FieldOffset(0x010)] public ulong DataCount;

    /// <summary>Inodes below the object; of files their own.</summary>
    [FieldOffset(0x018)] public ulong InodeCount;

    /// <summary>The meta part.</summary>
    [FieldOffset(0x020)] public InodeMeta Meta;
}
