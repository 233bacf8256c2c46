// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>A Linux device number: which driver, and which of its devices.</summary>
internal readonly record struct DeviceNumber(uint Major, uint Minor);

/// <summary>The part of <c>struct statx</c> that says what a file is and which one.</summary>
internal readonly record struct FileStatus(
    ushort Mode, ulong Inode, long SizeBytes, DeviceNumber Special, DeviceNumber Device)
{
    private const int TypeMask = 0xF000;

    /// <summary>True for a block special (S_IFBLK).</summary>
    internal bool IsBlock => (Mode & TypeMask) == 0x6000;

    /// <summary>True for a regular file (S_IFREG).</summary>
    internal bool IsRegular => (Mode & TypeMask) == 0x8000;

    /// <summary>The same for every name of the same bytes.</summary>
    internal DeviceIdentity Identity => IsBlock
        ? new DeviceIdentity(Special.Major, Special.Minor, 0, 0)
        : new DeviceIdentity(Device.Major, Device.Minor, Inode, 0);
}
