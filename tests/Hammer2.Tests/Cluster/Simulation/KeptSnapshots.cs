// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>What devices keep of the content of their nodes that the other nodes lack.</summary>
internal static class KeptSnapshots
{
    private const string LabelStart = NewVolume.ClusterLabel + ".kept.";

    /// <summary>How many such snapshots are on a device; null when its PFSs cannot be read.</summary>
    public static int? Count(MediaDevice device)
    {
        var entries = new List<PfsEntry>();
        if (PfsEntry.List(device, entries) != Hammer2Error.None) return null;
        return entries.Count(
            entry => Encoding.ASCII.GetString(entry.Label).StartsWith(LabelStart, StringComparison.Ordinal));
    }
}
