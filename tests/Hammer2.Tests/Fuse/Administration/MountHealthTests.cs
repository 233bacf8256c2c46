// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Fuse.Administration;
using Hammer2.Membership;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>Goal: the health of a mount is that of the worst of its parts. Method: conditions made by hand.</summary>
public sealed class MountHealthTests
{
    [Theory]
    [InlineData(NodeRole.Master, NodeState.Synced, Health.Healthy)]
    [InlineData(NodeRole.Slave, NodeState.Passive, Health.Healthy)]
    [InlineData(NodeRole.Master, NodeState.Passive, Health.Degraded)]      // no member any more, as after a split
    [InlineData(NodeRole.Master, NodeState.Failed, Health.Degraded)]
    [InlineData(NodeRole.Slave, NodeState.Full, Health.Degraded)]
    internal void A_node_degrades_the_mount_unless_it_does_its_part(NodeRole role, NodeState state, Health expected)
    {
        NodeDescription[] nodes =
        [
            new("a", NodeState.Synced, "", 1, [], NodeRole.Master),
            new("b", state, "its commit is 0x1", 1, [], role),
        ];
        HealthVerdict verdict = MountHealth.Of(new MountCondition(Hammer2Error.None, nodes, null, 0));
        Assert.Equal(expected, verdict.Health);
        Assert.Equal(expected == Health.Healthy, verdict.Reasons.Count == 0);
    }

    [Fact]
    public void The_worst_counts_and_all_reasons_are_told()
    {
        NodeDescription[] nodes = [new("a", NodeState.Failed, "it failed a write", 1, [], NodeRole.Master)];
        var condition = new MountCondition(Hammer2Error.None, nodes, "a block is damaged", 2, Overdue: ["no scrub"]);
        HealthVerdict damaged = MountHealth.Of(condition);
        Assert.Equal(Health.Damaged, damaged.Health);
        Assert.Equal(4, damaged.Reasons.Count);
        HealthVerdict stopped = MountHealth.Of(condition with { StopReason = Hammer2Error.Shutdown });
        Assert.Equal(Health.Stopped, stopped.Health);
        Assert.Equal("writing has stopped: Shutdown", stopped.Reasons[0]);
    }
}
