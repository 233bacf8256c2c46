// SPDX-License-Identifier: BSD-3-Clause
using System.IO;

namespace Hammer2.Devices;

/// <summary>
/// Whether the kernel offers an image file as a loop device: then its bytes may be in use although nobody holds a
/// lock on the file itself.
/// </summary>
public static class LoopUse
{
    private const string BlockClass = "/sys/block";

    /// <summary>The loop device over the file at <paramref name="path"/>, such as /dev/loop3; null when there is none,
    /// or when the kernel does not tell.</summary>
    public static string? Find(string path)
    {
        if (!LinuxBlockIoctls.TryStat(path, out FileStatus wanted) || !wanted.IsRegular) return null;
        if (!Directory.Exists(BlockClass)) return null;
        foreach (string device in Directory.EnumerateDirectories(BlockClass, "loop*"))
        {
            string? backing = ReadBackingFile(Path.Combine(device, "loop", "backing_file"));
            if (backing != null && LinuxBlockIoctls.TryStat(backing, out FileStatus status)
                && status.Identity == wanted.Identity)
            {
                return "/dev/" + Path.GetFileName(device);
            }
        }
        return null;
    }

    private static string? ReadBackingFile(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).TrimEnd('\n') : null;
        }
        catch (IOException)
        {
            return null; // detached between the two calls
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
