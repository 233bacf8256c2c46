// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>Numbers of HAMMER2's ioctls, the same on Linux and on the BSDs.</summary>
/// <remarks>Source: hammer2_ioctl.h. All are <c>_IOWR('h', number, record)</c>.</remarks>
public static class IoctlCommand
{
    /// <summary>Gives the space of what was deleted back: <see cref="BulkfreeRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_BULKFREE_SCAN</c>, number 92.</remarks>
    public const uint BulkfreeScan = 0xC040685C;
}

/// <summary>What bulkfree is asked for, and what it did; counts are of bytes.</summary>
/// <remarks>
/// Source: <c>struct hammer2_ioc_bulkfree</c>. Upstream leaves the counts as they came; here they are set.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct BulkfreeRecord
{
    /// <summary>Where to begin. Asked for as 0: the whole filesystem is walked over.</summary>
    [FieldOffset(0x00)] public ulong First;

    /// <summary>Where to stop. Upstream sets it to the end of the filesystem.</summary>
    [FieldOffset(0x08)] public ulong End;

    /// <summary>Memory to use, in bytes. It has a bound of its own here, and this is not looked at.</summary>
    [FieldOffset(0x10)] public ulong MemoryBytes;

    /// <summary>Owned and not marked in use, which is damage: marked now.</summary>
    [FieldOffset(0x18)] public ulong AllocatedBytes;

    /// <summary>Made free.</summary>
    [FieldOffset(0x20)] public ulong FreedBytes;

    /// <summary>Without an owner and not free yet: a later run frees it if that stays so.</summary>
    [FieldOffset(0x28)] public ulong FragmentedBytes;

    /// <summary>In use afterwards.</summary>
    [FieldOffset(0x30)] public ulong TotalAllocatedBytes;

    /// <summary>All space that there is.</summary>
    [FieldOffset(0x38)] public ulong TotalScannedBytes;
}
