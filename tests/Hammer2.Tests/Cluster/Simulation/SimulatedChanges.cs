// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>Changes of the nodes of a mounted cluster, as an administrator makes them.</summary>
internal sealed class SimulatedChanges(SimulatedCluster cluster, SimulatedMount mount, SimulationCounts counts)
{
    private SeededRandom Random => cluster.Random;

    /// <summary>Makes a drawn change, if it is possible.</summary>
    public void Draw()
    {
        cluster.IsChanging = true;
        SimulatedNode node = Random.Pick<SimulatedNode>([.. cluster.Nodes]);
        MemberOutcome? outcome = Random.Below(7) switch
        {
            0 or 1 => Attach(node),
            2 when MayShrink(node) => Detach(node),
            3 when MayShrink(node) => Say($"demote {node.Name}", mount.Members.Demote(node.Name)),
            4 => Say($"promote {node.Name}", mount.Members.Promote(node.Name)),
            5 => Say($"offline {node.Name}", mount.Members.Offline(node.Name)),
            6 => Say($"online {node.Name}", mount.Members.Online(node.Name)),
            _ => null,
        };
        cluster.IsChanging = false;
        if (outcome is { Error: Hammer2Error.None }) counts.MemberChanges++;
        Assert.NotEqual(Hammer2Error.Internal, outcome?.Error);
    }

    // Of fewer masters fewer may be damaged.
    private bool MayShrink(SimulatedNode node)
    {
        if (mount.View.Record?.RoleOf(node.Tag) != MemberRole.Master) return true;
        return cluster.MayHave(cluster.Masters - 1);
    }

    private MemberOutcome? Attach(SimulatedNode node)
    {
        if (node.IsTainted || mount.View.Members.Any(member => member.Name == node.Name)) return null;
        if (!node.IsFormatted || (node.IsReleased && Random.OneIn(2)))
        {
            if (!node.Disk.IsUp) return null;
            bool wasQuiet = cluster.IsQuiet;
            cluster.IsQuiet = true;
            node.FormatJoiner(cluster.Seed, cluster.Masters);
            cluster.IsQuiet = wasQuiet;
            cluster.Say($"{node.Name} is a new node");
        }
        return Add(node);
    }

    /// <summary>Removes a node.</summary>
    /// <returns>Null when there is none on its device.</returns>
    public MemberOutcome? Detach(SimulatedNode node)
    {
        if (!node.IsFormatted) return null;
        if (node.IsUnseated) return DetachLost(node);
        PresentNode? present = mount.View.Nodes.FirstOrDefault(one => one.Name == node.Name);
        bool wasSynced = present is { IsSynced: true };
        string name = present is null ? node.FilesystemId.ToString() : node.Name;
        MemberOutcome outcome = Say($"detach {node.Name}", mount.Members.Detach(name));
        // Whether it got an identity of its own is seen on its device.
        node.MayBeReleased |= wasSynced;
        return outcome;
    }

    /// <summary>Removes the node from the record whose device was replaced.</summary>
    public MemberOutcome DetachLost(SimulatedNode node)
    {
        MemberOutcome outcome = Say(
            $"detach what {node.Name} was", mount.Members.Detach(node.LostFilesystemId.ToString()));
        if (outcome.Error == Hammer2Error.None) node.IsUnseated = false;
        return outcome;
    }

    /// <summary>Adds a node.</summary>
    public MemberOutcome Add(SimulatedNode node)
    {
        MemberOutcome outcome = Say($"attach {node.Name}", mount.Members.Attach([node.Name]));
        if (outcome.Error != Hammer2Error.None) return outcome;
        PresentNode added = mount.View.Nodes.Single(one => one.Name == node.Name);
        Assert.True(added.Facts.Role != NodeRole.Master || KeptSnapshots.Count(added.Device) != 0,
            $"{node.Name} was attached with what it held, which is kept nowhere");
        node.HoldsOwn = false;
        return outcome;
    }

    private MemberOutcome Say(string what, MemberOutcome outcome)
    {
        cluster.Say($"{what}: {outcome.Error} {outcome.Refusal}");
        return outcome;
    }
}
