// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Cluster.Reports;

/// <summary>Scrubs and error counters of the nodes of a mounted PFS.</summary>
/// <remarks>Thread-safe. Nodes that are not open for writing have none.</remarks>
public static class ScrubReports
{
    /// <summary>Most places whose paths are looked up.</summary>
    public const int PathsMax = 256;

    /// <summary>The last scrub of each node.</summary>
    /// <param name="pfs">The PFS.</param>
    /// <param name="hasPlaces">True to look up the paths of what could not be healed.</param>
    public static IReadOnlyList<ScrubDescription> Of(Pfs pfs, bool hasPlaces)
    {
        var scrubs = new List<ScrubDescription>();
        for (int number = 0; number < pfs.Nodes.Count; number++)
        {
            PresentNode node = pfs.Nodes[number];
            if (node.Device.Committer is not { } committer) continue;
            UpkeepRecord record = committer.Upkeep.Current;
            UpkeepFields fields = record.Fields;
            var paths = new PlaceNames(pfs, node);
            DamagedPlaceDescription[] places = hasPlaces
                ? [.. record.Places.Take(PathsMax).Select(place => paths.Describe(place))] : [];
            scrubs.Add(new ScrubDescription(number, node.Name, fields.State,
                pfs.Writer?.Scrubs.IsRunning(node) ?? false, MediaTime.Of(fields.StartedMicroseconds),
                MediaTime.Of(fields.EndedMicroseconds), fields.CheckedBytes, fields.TotalBytes, fields.Faults,
                fields.Healed, fields.Unhealed, places));
        }
        return scrubs;
    }

    /// <summary>The errors of each volume of each node.</summary>
    public static IReadOnlyList<VolumeErrors> ErrorsOf(Pfs pfs)
    {
        var errors = new List<VolumeErrors>();
        for (int number = 0; number < pfs.Nodes.Count; number++)
        {
            PresentNode node = pfs.Nodes[number];
            DeviceErrorCounts[]? counts = node.Device.Committer?.Upkeep.Current.Errors;
            foreach (Volume volume in node.Device.Volumes.Volumes)
            {
                errors.Add(new VolumeErrors(
                    number, volume.Index, volume.Device.Name, counts?[volume.Index] ?? volume.Errors.Counts));
            }
        }
        return errors;
    }

    /// <summary>Sets the error counters of a node to zero.</summary>
    /// <returns>None; ReadOnly when the node is not open for writing; the error that fenced its device.</returns>
    public static Hammer2Error ClearErrors(PresentNode node)
    {
        if (node.Device.Committer is not { } committer) return Hammer2Error.ReadOnly;
        node.Device.Faults.Clear();
        return committer.Upkeep.ClearErrors();
    }
}
