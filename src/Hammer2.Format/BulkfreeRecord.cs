// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>Arguments and results of bulkfree; sizes are in bytes.</summary>
/// <remarks>
/// Source: <c>struct hammer2_ioc_bulkfree</c>. Upstream does not fill in the results; this driver does.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct BulkfreeRecord
{
    /// <summary>First address of the range. This driver needs 0: it walks the whole filesystem.</summary>
    [FieldOffset(0x00)] public ulong First;

    /// <summary>End of the range. Upstream sets it to the end of the filesystem.</summary>
    [FieldOffset(0x08)] public ulong End;

    /// <summary>Memory to use, in bytes. Ignored: this driver has its own limit.</summary>
    [FieldOffset(0x10)] public ulong MemoryBytes;

    /// <summary>Reachable blocks that were marked free, which is damage; now marked allocated.</summary>
    [FieldOffset(0x18)] public ulong AllocatedBytes;

    /// <summary>Freed.</summary>
    [FieldOffset(0x20)] public ulong FreedBytes;

    /// <summary>Unreachable but not free yet: a later run frees it if it is still unreachable.</summary>
    [FieldOffset(0x28)] public ulong FragmentedBytes;

    /// <summary>Allocated after the run.</summary>
    [FieldOffset(0x30)] public ulong TotalAllocatedBytes;

    /// <summary>Total size of the filesystem.</summary>
    [FieldOffset(0x38)] public ulong TotalScannedBytes;
}
