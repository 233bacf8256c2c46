// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>A Linux device number: the driver (major) and the device within it (minor).</summary>
internal readonly record struct DeviceNumber(uint Major, uint Minor);

/// <summary>Type, identity and size of a file, from <c>struct statx</c>.</summary>
internal readonly record struct FileStatus(
    ushort Mode, ulong Inode, long SizeBytes, DeviceNumber Special, DeviceNumber Device)
{
    private const int TypeMask = 0xF000;

    /// <summary>True for a block device (S_IFBLK).</summary>
    internal bool IsBlock => (Mode & TypeMask) == 0x6000;

    /// <summary>True for a regular file (S_IFREG).</summary>
    internal bool IsRegular => (Mode & TypeMask) == 0x8000;

    /// <summary>The identity of the file, the same for all its names.</summary>
    internal DeviceIdentity Identity => IsBlock
        ? new DeviceIdentity(Special.Major, Special.Minor, 0, 0)
        : new DeviceIdentity(Device.Major, Device.Minor, Inode, 0);
}
