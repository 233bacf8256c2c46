// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices.Claims;
using Hammer2.Devices.Nbd;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices;

/// <summary>Opens devices by what users call them: a path of an image file or a block device, or the address of a
/// remote device.</summary>
public static class DeviceOpener
{
    /// <summary>True for the address of a device on another machine or behind a socket.</summary>
    public static bool IsRemote(string name) => NbdAddress.IsAddress(name);

    /// <summary>The name for other processes: the absolute path, or the address.</summary>
    public static string FullName(string name) => IsRemote(name) ? name : LinuxPath.GetFull(name);

    /// <summary>Opens a device.</summary>
    /// <param name="name">Its path or address.</param>
    /// <param name="options">Access, and locks where there are any: a server tells nothing of other clients, so that a
    /// remote device has none.</param>
    /// <param name="logger">Receives warnings, and why the connection to a server was lost.</param>
    /// <exception cref="MediaException">It cannot be opened, or is in use.</exception>
    public static IBlockDevice Open(string name, FileBlockDeviceOptions options, ILogger logger)
    {
        if (IsRemote(name))
        {
            return NbdBlockDevice.Open(AddressOf(name), new NbdBlockDeviceOptions(options.IsReadOnly)
            {
                Logger = logger,
                Scheduler = options.Scheduler,
            });
        }
        FileBlockDevice device = FileBlockDevice.Open(name, options);
        if (device.LockNote is { } note) DevicesLog.Note(logger, note);
        return device;
    }

    /// <summary>Returns when no writer on another machine has the volume of HAMMER2 on a device, if there is one; may
    /// watch it for some seconds.</summary>
    /// <exception cref="DeviceBusyException">One has it.</exception>
    public static void RefuseOtherWriters(IBlockDevice device, ClaimOptions options, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(device);
        VolumeHeaderCopies copies;
        try
        {
            copies = VolumeHeaderCopies.Read(device);
        }
        catch (NotHammer2Exception)
        {
            return;     // there is no volume that another one could be writing
        }
        _ = VolumeMarks.RefuseOthers(device, copies.Newest.Fields.FilesystemId, options, logger);
    }

    /// <summary>The identity of a device, without opening it.</summary>
    /// <returns>Null when it is not there, or the address is malformed.</returns>
    public static DeviceIdentity? Identify(string name)
    {
        if (!IsRemote(name)) return LinuxBlockIoctls.TryStat(name, out FileStatus status) ? status.Identity : null;
        try
        {
            return NbdAddress.Parse(name).Identity;
        }
        catch (FormatException)
        {
            return null;        // opening it says why
        }
    }

    private static NbdAddress AddressOf(string name)
    {
        try
        {
            return NbdAddress.Parse(name);
        }
        catch (FormatException malformed)
        {
            throw new DeviceOpenException(name, "is no address of a device: " + malformed.Message, malformed);
        }
    }
}
