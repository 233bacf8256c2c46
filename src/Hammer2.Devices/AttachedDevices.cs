// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;

namespace Hammer2.Devices;

/// <summary>The block devices of this machine that may hold a volume: disks, partitions and loop devices.</summary>
public static class AttachedDevices
{
    private const string BlockClass = "/sys/class/block";

    // Opening these would wait for a removable medium or allocate memory.
    private static readonly string[] s_excluded = ["fd", "sr", "ram", "zram", "nbd"];

    /// <summary>Lists their paths, sorted by name. Devices without a medium are left out; the list is empty when /sys
    /// is not mounted.</summary>
    public static IReadOnlyList<string> List()
    {
        var paths = new List<string>();
        if (!Directory.Exists(BlockClass)) return paths;
        foreach (string entry in Directory.EnumerateFileSystemEntries(BlockClass))
        {
            string name = Path.GetFileName(entry);
            bool isExcluded = Array.Exists(s_excluded, prefix => name.StartsWith(prefix, StringComparison.Ordinal));
            if (!isExcluded && HasMedium(entry))
                paths.Add("/dev/" + name.Replace('!', '/'));
        }
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    private static bool HasMedium(string entry)
    {
        try
        {
            return File.ReadAllText(Path.Combine(entry, "size")).Trim() is not ("" or "0");
        }
        catch (IOException)
        {
            return false; // the device was detached between the two calls
        }
    }
}
