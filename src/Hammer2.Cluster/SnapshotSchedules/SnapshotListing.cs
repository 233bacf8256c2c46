// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>Reads what a schedule knows of the PFSs of a filesystem.</summary>
internal static class SnapshotListing
{
    private const int ListedMax = 65536;

    /// <summary>Reads it from the first node.</summary>
    /// <param name="pfs">A PFS of the filesystem.</param>
    /// <param name="isUsed">Whether the PFS with a label is mounted by this process.</param>
    /// <param name="snapshots">All PFSs.</param>
    /// <returns>None; the error of reading the list.</returns>
    public static Hammer2Error Read(Pfs pfs, Func<byte[], bool> isUsed, out List<SnapshotFacts> snapshots)
    {
        var found = new List<PfsDescription>();
        snapshots = [];
        Hammer2Error error = PfsReports.ListPfss(pfs.Nodes[0], 0, ListedMax, found);
        if (error != Hammer2Error.None) return error;
        foreach (PfsDescription one in found)
        {
            snapshots.Add(new SnapshotFacts(one.Label, one.Subtype, one.OriginId, MediaTime.Of((long)one.BirthTime),
                one.IsHeld, isUsed(ByteText.Encode(one.Label))));
        }
        return error;
    }
}
