// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Freemap;
using Hammer2.Cluster;
using Hammer2.Cluster.Scrubbing;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>What concerns the devices of a mounted cluster: scrubs, and space that others take.</summary>
internal sealed class SimulatedUpkeep(SimulatedCluster cluster, SimulatedMount mount, SimulationCounts counts)
{
    /// <summary>Scrubs a node.</summary>
    public Hammer2Error Scrub(PresentNode node, ScrubOptions options, Func<bool> isCancelled)
    {
        Hammer2Error error = mount.Writer.Scrubs.Run(node, options, isCancelled);
        cluster.Say($"scrub of {node.Name}: {error}");
        Assert.NotEqual(Hammer2Error.Internal, error);
        counts.Scrubs++;
        return error;
    }

    /// <summary>Does something while another PFS of a device has all of its free space.</summary>
    public void RunWithoutSpace(PresentNode node, Action act)
    {
        if (node.Device.OpenForWriting(cluster.Time) != Hammer2Error.None) return;
        SpaceReservations space = node.Device.Committer!.Space;
        long taken = 0;
        for (long part = 1L << 40; part >= Media.AllocationBytesMin; part /= 2)
            while (space.TryReserve(part, 0, SpaceUse.Add)) taken += part;
        cluster.Say($"{node.Name} has no free space");
        act();
        space.Release(taken);
        cluster.Say($"{node.Name} has space again");
        counts.Full++;
    }
}
