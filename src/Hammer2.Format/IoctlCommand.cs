// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Numbers of HAMMER2's ioctls, the same on Linux and on the BSDs.</summary>
/// <remarks>Source: hammer2_ioctl.h. All are <c>_IOWR('h', number, record)</c>.</remarks>
public static class IoctlCommand
{
    /// <summary>Frees blocks that nothing refers to any more: <see cref="BulkfreeRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_BULKFREE_SCAN</c>, number 92.</remarks>
    public const uint BulkfreeScan = 0xC040685C;
}
