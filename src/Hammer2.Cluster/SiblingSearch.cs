// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Cluster;

/// <summary>
/// Looks on attached devices for another node of a cluster whose nodes do not say how many there are, as upstream's do
/// not: one of several written alone would part from its siblings.
/// </summary>
/// <remarks>Only filesystems of one volume are looked into: of one volume among several the PFSs cannot be
/// read.</remarks>
public sealed class SiblingSearch
{
    private const long CacheBytes = 1 << 20;

    private readonly Func<IReadOnlyList<string>> _devices;

    /// <summary>A search over devices.</summary>
    /// <param name="devices">Lists the paths to look at; called once for each search.</param>
    public SiblingSearch(Func<IReadOnlyList<string>> devices) => _devices = devices;

    /// <summary>Finds a node of the same cluster on another filesystem.</summary>
    /// <returns>The path of its device; null when there is none.</returns>
    public string? Find(PfsEntry node)
    {
        ArgumentNullException.ThrowIfNull(node);
        foreach (string path in _devices())
            if (HoldsSibling(path, node)) return path;
        return null;
    }

    // What cannot be opened or listed is no sign of a sibling: most devices hold something else.
    private static bool HoldsSibling(string path, PfsEntry node)
    {
        VolumeSet volumes;
        try
        {
            var options = new MediaSourceOptions(TakesLock: false, PartitionOffset: 0);
            volumes = MediaSource.Open([path], options, NullLogger.Instance);
        }
        catch (MediaException)
        {
            return false;
        }
        using var device = new MediaDevice(volumes, new MediaCaches(CacheBytes), NullLogger<MediaDevice>.Instance);
        if (volumes.FilesystemId == node.Device.Header.Fields.FilesystemId) return false;
        var entries = new List<PfsEntry>();
        _ = PfsEntry.List(device, entries);
        return entries.Exists(entry => entry.ClusterId == node.ClusterId);
    }
}
