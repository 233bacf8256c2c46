// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tests.Model;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>What a mount that may write has to show.</summary>
internal static class SimulationChecks
{
    /// <summary>Judges what a mount shows, which is the state that all goes on from.</summary>
    public static void TakeUp(SimulatedCluster cluster, SimulatedMount mount, AcknowledgedStates states)
    {
        string? breach = states.Find(mount.Ops, out ModelNode? state);
        Assert.True(breach is null, breach);
        // A cluster began an epoch with it; a single node wrote nothing yet.
        bool isDurable = mount.Pfs.Membership.IsCluster || mount.View.Record is not null;
        states.GoOnFrom(state!, isDurable);
        if (isDurable) cluster.Acknowledge(mount.View, mount.Pfs.Membership.MastersTotal);
    }
}
