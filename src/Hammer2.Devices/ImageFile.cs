// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>Makes image files.</summary>
public static class ImageFile
{
    /// <summary>Makes a file of zeros that takes no space yet, or gives an empty one its length.</summary>
    /// <param name="path">Where.</param>
    /// <param name="lengthBytes">Its length.</param>
    /// <exception cref="DeviceOpenException">It cannot be made, or there is a file that is not empty.</exception>
    public static void Create(string path, long lengthBytes)
    {
        using SafeFileHandle? file = LinuxBlockIoctls.TryCreate(path);
        if (file is null) throw Failed(path);
        if (!LinuxBlockIoctls.TryStat(file, out FileStatus status)) throw Failed(path);
        if (status.SizeBytes != 0) throw new DeviceOpenException(path, "was made by another process meanwhile");
        if (LinuxBlockIoctls.SetLength(file, lengthBytes) != 0) throw Failed(path);
    }

    private static DeviceOpenException Failed(string path) =>
        new(path, $"cannot be made: {LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError)}");
}
