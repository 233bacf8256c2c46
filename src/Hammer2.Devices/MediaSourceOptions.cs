// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>How image files and block devices are opened as media.</summary>
/// <param name="IsReadOnly">Never write; readers share a device with each other, but not with a
/// writer.</param>
/// <param name="TakesLock">False for tools that only look and must work beside a mount.</param>
/// <param name="PartitionOffset">Where in each file the filesystem starts, in bytes; null to search.</param>
/// <param name="Partition">Name of the partition to use, such as p2, s1 or s1d; null to search.</param>
/// <param name="AcceptsShortDevices">Open although a device ends before its volume does, to save what can
/// be saved; only for reading.</param>
/// <param name="LockWaitMilliseconds">How long to wait for a lock that somebody holds for a moment.</param>
public sealed record MediaSourceOptions(
    bool IsReadOnly = true,
    bool TakesLock = true,
    long? PartitionOffset = null,
    string? Partition = null,
    bool AcceptsShortDevices = false,
    int LockWaitMilliseconds = 1500)
{
    /// <summary>Where sysfs is looked for; tests name another directory.</summary>
    internal string SystemDirectory { get; init; } = FileBlockDeviceOptions.SystemMount;
}
