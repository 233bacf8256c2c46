// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>Creates image files.</summary>
public static class ImageFile
{
    /// <summary>Creates a sparse file of zeros, or extends an empty file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="lengthBytes">Its length in bytes.</param>
    /// <exception cref="DeviceOpenException">The file cannot be created, or exists and is not empty.</exception>
    public static void Create(string path, long lengthBytes)
    {
        using SafeFileHandle? file = LinuxBlockIoctls.TryCreate(path);
        if (file is null) throw Failed(path);
        if (!LinuxBlockIoctls.TryStat(file, out FileStatus status)) throw Failed(path);
        if (status.SizeBytes != 0) throw new DeviceOpenException(path, "was created by another process meanwhile");
        if (LinuxBlockIoctls.SetLength(file, lengthBytes) != 0) throw Failed(path);
    }

    private static DeviceOpenException Failed(string path) =>
        new(path, $"cannot be created: {LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError)}");
}
