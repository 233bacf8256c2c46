// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;

namespace Hammer2.Devices;

/// <summary>How a file or block device is opened.</summary>
/// <param name="IsReadOnly">Never write; the lock is shared.</param>
/// <param name="TakesLock">False for read-only tools that must work while the device is mounted.</param>
/// <param name="LockWaitMilliseconds">How long to wait, in milliseconds, for a lock that another process holds briefly,
/// as udev does while it probes a block device.</param>
public sealed record FileBlockDeviceOptions(
    bool IsReadOnly = false, bool TakesLock = true, int LockWaitMilliseconds = 1500)
{
    /// <summary>Where sysfs is mounted.</summary>
    internal const string SystemMount = "/sys";

    /// <summary>The directory where sysfs is mounted; tests use another one.</summary>
    internal string SystemDirectory { get; init; } = SystemMount;

    /// <summary>Waits between two attempts.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;

    /// <summary>Measures how fast the device is.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
