// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Devices.Claims;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices;

/// <summary>The device has content, and is not overwritten.</summary>
public sealed class DeviceContentException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>Opens devices that are going to be volumes of a filesystem.</summary>
public static class AddedVolumeDevice
{
    /// <summary>Opens and locks a device for writing, unless something is on it. What an interrupted addition to the
    /// same filesystem left on it does not count.</summary>
    /// <param name="path">A block device, an image file, or the address of a remote device, which is claimed.</param>
    /// <param name="root">The header of the filesystem's root volume.</param>
    /// <param name="isMounted">True when the filesystem is mounted: a file in it would wait for itself.</param>
    /// <param name="logger">Receives what becomes of a remote device.</param>
    /// <exception cref="MediaException">It cannot be opened, is in use, or has content.</exception>
    public static IBlockDevice Open(string path, VolumeHeader root, bool isMounted, ILogger logger)
    {
        bool isRemote = DeviceOpener.IsRemote(path);
        if (!isRemote) RefuseUse(path, isMounted);
        IBlockDevice device = DeviceOpener.Open(path, new FileBlockDeviceOptions(), logger);
        try
        {
            if (!IsLeftover(device, root)) RefuseContent(device);
            if (!isRemote) return device;
            var claimed = new ClaimedBlockDevice(device, root.Fields.FilesystemId, new ClaimOptions(), logger);
            claimed.Claim();
            return claimed;
        }
        catch (MediaException)
        {
            device.Dispose();
            throw;
        }
    }

    private static void RefuseUse(string path, bool isMounted)
    {
        if (isMounted && LinuxBlockIoctls.IsOnFuse(path) && !IsBlock(path))
        {
            throw new DeviceOpenException(
                path, "is in a FUSE filesystem, which may be the one that is to become larger");
        }
        if (LoopUse.Find(path).Device is { } loop)
            throw new DeviceBusyException(path, $"is in use as {loop}; 'losetup -d {loop}' ends that");
    }

    private static bool IsBlock(string path) =>
        LinuxBlockIoctls.TryStat(path, out FileStatus status) && status.IsBlock;

    private static bool IsLeftover(IBlockDevice device, VolumeHeader root)
    {
        foreach (VolumeHeaderCopy copy in VolumeHeaderCopies.ReadAll(device))
            if (copy.Header is { } header && JoiningVolume.IsNext(root, header)) return true;
        return false;
    }

    private static void RefuseContent(IBlockDevice device)
    {
        IReadOnlyList<Signature> found = SignatureProbe.Find(device);
        if (found.Count > 0)
        {
            throw new DeviceContentException(
                device.Name, $"has {SignatureProbe.Describe(found)}; 'wipefs -a' erases what tells so");
        }
        if (device is not FileBlockDevice file) return;
        if (file.FindContent(out long offset) != Hammer2Error.None)
        {
            throw new DeviceContentException(
                device.Name, "cannot be read, so that it is not known whether it has other content");
        }
        if (offset >= 0)
        {
            throw new DeviceContentException(device.Name, string.Create(CultureInfo.InvariantCulture,
                $"is a file with other content (byte {offset} is not zero)"));
        }
    }
}
