// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices.Claims;

namespace Hammer2.Devices;

/// <summary>How image files and block devices are opened as media.</summary>
/// <param name="IsReadOnly">Never write; several readers can share a device, but not with a writer.</param>
/// <param name="TakesLock">False for read-only tools that must work while the device is mounted.</param>
/// <param name="PartitionOffset">Offset in each file at which the filesystem starts, in bytes; null to search.</param>
/// <param name="Partition">Name of the partition to use, such as p2, s1 or s1d; null to search.</param>
/// <param name="AcceptsShortDevices">Open a device that is shorter than its volume, to rescue data; only for
/// reading.</param>
/// <param name="LockWaitMilliseconds">How long to wait, in milliseconds, for a lock that another process holds
/// briefly.</param>
public sealed record MediaSourceOptions(
    bool IsReadOnly = true,
    bool TakesLock = true,
    long? PartitionOffset = null,
    string? Partition = null,
    bool AcceptsShortDevices = false,
    int LockWaitMilliseconds = 1500)
{
    /// <summary>How volumes are claimed that other machines can reach.</summary>
    public ClaimOptions Claims { get; init; } = new();

    /// <summary>The directory where sysfs is mounted; tests use another one.</summary>
    internal string SystemDirectory { get; init; } = FileBlockDeviceOptions.SystemMount;
}
