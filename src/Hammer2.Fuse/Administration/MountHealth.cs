// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Fuse.Administration;

/// <summary>How well a mount is; the worst counts.</summary>
internal enum Health
{
    /// <summary>All nodes are synced, and nothing was damaged.</summary>
    Healthy,

    /// <summary>A node is absent, or not read and written; or the work of a timer was not done in time.</summary>
    Degraded,

    /// <summary>A block could not be read, or a change could not be committed, since it was mounted.</summary>
    Damaged,

    /// <summary>Nothing is written: for good, or until nodes have returned.</summary>
    Stopped,
}

/// <summary>What the health of a mount depends on.</summary>
/// <param name="StopReason">What stopped writing; None while it is not stopped.</param>
/// <param name="Nodes">The nodes.</param>
/// <param name="LastDamage">The last damage found; null for none.</param>
/// <param name="LeftOutInodes">Inodes whose changes could not be committed.</param>
/// <param name="IsEmergency">True in emergency mode.</param>
/// <param name="Stall">Changes that wait for nodes; null while they do not.</param>
/// <param name="Overdue">What timers should have done by now; null for nothing.</param>
/// <param name="UnnamedMasters">Masters of the cluster that the mount was given no device for.</param>
internal readonly record struct MountCondition(
    Hammer2Error StopReason, IReadOnlyList<NodeDescription> Nodes, string? LastDamage, long LeftOutInodes,
    bool IsEmergency = false, StallCondition? Stall = null, IReadOnlyList<string>? Overdue = null,
    int UnnamedMasters = 0);

/// <summary>Changes that wait for nodes.</summary>
/// <param name="Synced">Nodes that can be written.</param>
/// <param name="Quorum">Nodes that are needed.</param>
/// <param name="UnwrittenBytes">Bytes of file data that are in memory alone.</param>
internal readonly record struct StallCondition(int Synced, int Quorum, long UnwrittenBytes);

/// <summary>The health of a mount with its reasons, the worst first; none when it is healthy.</summary>
internal readonly record struct HealthVerdict(Health Health, IReadOnlyList<string> Reasons);

/// <summary>Judges how well a mount is.</summary>
internal static class MountHealth
{
    /// <summary>The verdict on a condition.</summary>
    public static HealthVerdict Of(in MountCondition condition)
    {
        var health = Health.Healthy;
        var reasons = new List<string>();
        if (condition.StopReason != Hammer2Error.None)
        {
            health = Health.Stopped;
            reasons.Add($"writing has stopped: {condition.StopReason}");
        }
        if (condition.Stall is { } stall)
        {
            health = Health.Stopped;
            reasons.Add($"changes wait for nodes: {stall.Synced} can be written, {stall.Quorum} make a quorum, "
                + $"{stall.UnwrittenBytes} bytes of file data are in memory alone");
        }
        if (condition.LastDamage is { } fault)
        {
            health = Worse(health, Health.Damaged);
            reasons.Add(fault);
        }
        if (condition.LeftOutInodes > 0)
        {
            health = Worse(health, Health.Damaged);
            reasons.Add($"changes of {condition.LeftOutInodes} inodes could not be committed");
        }
        if (condition.IsEmergency)
        {
            health = Worse(health, Health.Degraded);
            reasons.Add("emergency mode is on: nothing can be added");
        }
        foreach (NodeDescription node in condition.Nodes)
        {
            // A slave does what it is for. A master that is passive is no member of the cluster.
            bool isWell = node.State == NodeState.Synced
                || (node.State == NodeState.Passive && node.Role != NodeRole.Master);
            if (isWell) continue;
            health = Worse(health, Health.Degraded);
            reasons.Add($"node {node.Name} is {node.State}: {node.Reason}");
        }
        if (condition.UnnamedMasters > 0)
        {
            health = Worse(health, Health.Degraded);
            reasons.Add($"{condition.UnnamedMasters} of the cluster's masters are on no device of this mount");
        }
        foreach (string overdue in condition.Overdue ?? [])
        {
            health = Worse(health, Health.Degraded);
            reasons.Add(overdue);
        }
        return new HealthVerdict(health, reasons);
    }

    /// <summary>The name in results.</summary>
    public static string NameOf(Health health) => health switch
    {
        Health.Healthy => "healthy",
        Health.Degraded => "degraded",
        Health.Damaged => "damaged",
        _ => "stopped",
    };

    private static Health Worse(Health one, Health other) => one > other ? one : other;
}
