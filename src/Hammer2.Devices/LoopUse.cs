// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>
/// Whether an image file is attached to a loop device: its bytes may then be in use although no process holds a lock on
/// the file itself.
/// </summary>
/// <param name="Device">The loop device that is backed by the file, such as /dev/loop3; null when none was
/// found.</param>
/// <param name="Note">A message when the search was not possible, so that there may be one; otherwise null.</param>
public readonly record struct LoopUse(string? Device, string? Note)
{
    /// <summary>Searches for a loop device that is backed by the file at a path. There is none when it is not a regular
    /// file.</summary>
    public static LoopUse Find(string path) => Find(path, FileBlockDeviceOptions.SystemMount);

    /// <summary>The same with sysfs mounted elsewhere.</summary>
    internal static LoopUse Find(string path, string systemDirectory)
    {
        if (!LinuxBlockIoctls.TryStat(path, out FileStatus wanted) || !wanted.IsRegular) return default;
        var topology = new BlockTopology(systemDirectory);
        if (topology.Absence is { } absence)
            return new LoopUse(null, $"{path}: cannot determine whether a loop device uses it: {absence}");
        foreach ((string node, string backing) in topology.LoopDevices())
            if (IsOver(node, backing, wanted)) return new LoopUse(node, null);
        return default;
    }

    // A user without permission to open the device can still compare the path of its backing file.
    private static bool IsOver(string node, string backing, FileStatus wanted)
    {
        using SafeFileHandle? device = LinuxBlockIoctls.TryOpen(node, LinuxBlockIoctls.OpenReadOnly);
        if (device is not null && LinuxBlockIoctls.TryGetLoopStatus(device, out LoopStatus loop))
            return loop.IsBackedBy(wanted);
        return LinuxBlockIoctls.TryStat(backing, out FileStatus status) && status.Identity == wanted.Identity;
    }
}
