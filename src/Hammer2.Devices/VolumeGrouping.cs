// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Devices;

/// <summary>
/// Determines which devices of a list are volumes of one filesystem, and which are separate filesystems, such as the
/// nodes of a cluster.
/// </summary>
public static class VolumeGrouping
{
    /// <summary>Reads the header of each device, without a lock, and groups the devices by filesystem.</summary>
    /// <param name="given">Lists of paths. The paths of one list belong to one filesystem.</param>
    /// <param name="options">Where on the devices the volumes are.</param>
    /// <returns>The lists, in the order of their first paths. A device that cannot be read stays in its list: opening
    /// it will report the error.</returns>
    public static IReadOnlyList<IReadOnlyList<string>> Join(
        IReadOnlyList<IReadOnlyList<string>> given, MediaSourceOptions options) =>
        Join(given, path => VolumeProbe.Read(path, options)?.Volume);

    /// <summary>The same with a given function to identify a device; it returns null when that is not
    /// possible.</summary>
    internal static IReadOnlyList<IReadOnlyList<string>> Join(
        IReadOnlyList<IReadOnlyList<string>> given, Func<string, VolumeIdentity?> identify)
    {
        var groups = new List<(List<string> Paths, HashSet<VolumeIdentity> Volumes)>();
        foreach (IReadOnlyList<string> list in given)
        {
            HashSet<VolumeIdentity> volumes = [.. list.Select(identify).OfType<VolumeIdentity>()];
            // A second device with the same volume is a copy, not a part of the same filesystem.
            int at = groups.FindIndex(group => !group.Volumes.Overlaps(volumes)
                && group.Volumes.Any(one => volumes.Any(other => other.FilesystemId == one.FilesystemId)));
            if (at < 0)
            {
                groups.Add(([.. list], volumes));
                continue;
            }
            groups[at].Paths.AddRange(list);
            groups[at].Volumes.UnionWith(volumes);
        }
        return [.. groups.Select(group => group.Paths)];
    }
}
