// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Cluster.Scrubbing;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>
/// The second phase: all devices answer and nothing fails any more. The cluster may be written at once, each node that
/// is not damaged becomes equal in the first mount, and one that is damaged at the latest when its device was replaced
/// by a blank one, as an administrator would do it.
/// </summary>
internal sealed class SimulationEnd(SimulatedCluster cluster, AcknowledgedStates states, SimulationCounts counts)
{
    private const int TriesMax = 2;
    private const int HealsMax = 20;

    /// <summary>Runs it.</summary>
    public void Run()
    {
        cluster.HealAll();
        foreach (SimulatedNode node in cluster.Nodes) node.FindReleased();
        cluster.Say("all devices are healed");
        for (int mounts = 1; !MakeLevel(); mounts++)
            Assert.True(mounts <= Media.NodesMax, "the nodes do not become equal");
        Judge();
    }

    // True when all are.
    private bool MakeLevel()
    {
        FindSeated();
        foreach (SimulatedNode node in cluster.Nodes)
            if (node is { IsUnseated: true, IsDamaged: true }) cluster.Replace(node);
        SimulatedNode[] named = [.. cluster.Nodes.Where(node => node.IsMember)];
        bool isWritten;
        using (SimulatedMount? mount = SimulatedMount.Open(cluster, named))
        {
            Assert.True(mount is not null, "the cluster cannot be shown");
            cluster.Say(mount.Describe());
            bool isUndecided = mount.Obstacle is WriteObstacle.TooFewSynced or WriteObstacle.Uncertain;
            if ((isUndecided && cluster.MayNeedUser) || LostTooMany(mount))
            {
                AssertUndecided(mount);
                mount.Dispose();
                Resolve(named);
                return false;
            }
            Assert.True(mount.Obstacle == WriteObstacle.None, $"not written: {mount.Describe()}");
            Hammer2Error opened = mount.OpenForWriting();
            isWritten = opened == Hammer2Error.None;
            // A damaged node can keep all from being written until it is replaced.
            Assert.True(isWritten || named.Any(node => node.IsDamaged), $"not written: {opened}, {mount.Describe()}");
            if (isWritten) Use(mount);
            else counts.Blocked++;
        }
        return !ReplaceDamaged();
    }

    // A damaged node voted until another one was behind; that one is neither the old nor the new state.
    private bool LostTooMany(SimulatedMount mount) => mount.Obstacle == WriteObstacle.NoQuorum
        && cluster.Nodes.Any(node => node is { IsDamaged: true, IsMember: true })
        && (mount.View.Nodes.Any(node => node.Facts.Role == NodeRole.Returning)
            || cluster.Nodes.Any(node => node.IsUnseated));

    // Masters that certainly lost nothing and agree need no word of a user.
    private static void AssertUndecided(SimulatedMount mount)
    {
        ClusterView view = mount.View;
        int agreeing = view.Nodes.Select(node => node.Facts)
            .Where(facts => facts is { Role: NodeRole.Master, Stamp: StampState.Valid, IsUncertain: false }
                && (view.Record is null || view.Record.RoleOf(facts.Tag) == MemberRole.Master))
            .GroupBy(facts => facts.Commit).Select(group => group.Count()).DefaultIfEmpty().Max();
        Assert.True(agreeing < view.Quorum, $"{agreeing} masters agree, and are not written: {mount.Describe()}");
    }

    // The state with the newest commit counts: the one that may have been acknowledged.
    private void Resolve(SimulatedNode[] named)
    {
        Hammer2Error error = ResolveWith(named);
        // What is left of a damaged node may not be enough to keep its content: then it is not named.
        if (error != Hammer2Error.None && named.Any(node => node.IsDamaged))
            error = ResolveWith([.. named.Where(node => !node.IsDamaged)]);
        Assert.Equal(Hammer2Error.None, error);
        foreach (SimulatedNode node in cluster.Nodes) node.HoldsOwn = false;
        counts.Resolved++;
    }

    private Hammer2Error ResolveWith(SimulatedNode[] named)
    {
        VolumeSet[] sets = [.. named.Select(OpenWhole).OfType<VolumeSet>()];
        using var resolution = new ClusterResolution(
            sets, NewVolume.ClusterLabel, cluster.Time, cluster.Random.NextUInt64, new TraceLog(cluster));
        ResolutionOutcome outcome = resolution.Run(kept: null);
        cluster.Say($"resolved: {outcome.Error} {outcome.Refusal}, kept: {string.Join(' ', outcome.Kept)}");
        return outcome.Error;
    }

    private static VolumeSet? OpenWhole(SimulatedNode node)
    {
        try
        {
            return VolumeSet.Open([node.Disk], new VolumeSetOptions(IsReadOnly: false));
        }
        catch (MediaException) when (node.IsDamaged)
        {
            return null;
        }
    }

    // Nodes in the place of lost ones that are in the record by now.
    private void FindSeated()
    {
        if (!cluster.Nodes.Any(node => node.IsUnseated || node.IsStranger)) return;
        using SimulatedMount? mount = SimulatedMount.Open(
            cluster, [.. cluster.Nodes.Where(node => node.IsUsable)]);
        if (mount is not null) cluster.FindSeated(mount.View);
    }

    private void Use(SimulatedMount mount)
    {
        SimulationChecks.TakeUp(cluster, mount, states);
        var session = new SimulatedSession(cluster, mount, states, counts);
        session.Play(5);
        session.Sync();
        var changes = new SimulatedChanges(cluster, mount, counts);
        foreach (SimulatedNode node in cluster.Nodes.Where(node => node.IsUnseated))
        {
            _ = changes.DetachLost(node);
            Hammer2Error error = changes.Add(node).Error;
            Assert.True(error == Hammer2Error.None, $"{node.Name} cannot be attached: {error}, {mount.Describe()}");
            (node.IsUnseated, node.IsStranger) = (false, false);
        }
        Resynchronize(mount, session);
        if (cluster.Random.OneIn(3)) Scrub(mount);
        session.Play(10);
        session.Sync();
        session.Compare();
        for (int i = 0; i < HealsMax && mount.Writer.Heal(); i++) session.Compare();
        session.Close();
        // Slaves get the last commit, too.
        Resynchronize(mount, session);
    }

    // What one scrub leaves of nodes that nothing was done to is clean.
    private void Scrub(SimulatedMount mount)
    {
        var upkeep = new SimulatedUpkeep(cluster, mount, counts);
        var whole = new ScrubOptions(IsRestarted: true);
        foreach (PresentNode node in mount.View.Nodes.Where(node => node.IsSynced).ToArray())
        {
            Assert.Equal(Hammer2Error.None, upkeep.Scrub(node, whole, static () => false));
            UpkeepFields found = node.Device.Committer!.Upkeep.Current.Fields;
            cluster.Say($"scrub of {node.Name}: {found.Faults} faults, {found.Healed} healed");
            Assert.True(found.Unhealed == 0 || cluster.NodeOf(node).IsDamaged,
                $"{node.Name}: {found.Unhealed} of {found.Faults} faults are left");
        }
    }

    private void Resynchronize(SimulatedMount mount, SimulatedSession session)
    {
        foreach (PresentNode node in mount.View.Nodes.ToArray())
        {
            if (node.State == NodeState.Synced) continue;
            SimulatedNode simulated = cluster.NodeOf(node);
            if (!IsMember(mount, node)) continue;
            Hammer2Error error = Hammer2Error.None;
            for (int tries = 0; tries < TriesMax; tries++)
            {
                PresentNode now = mount.View.Nodes.Single(one => one.Name == node.Name);
                error = session.Resynchronize(now, depth: -1);
                if (error == Hammer2Error.None) break;
            }
            Assert.True(error == Hammer2Error.None || simulated.IsDamaged,
                $"{node.Name} cannot be resynchronized: {error}, {mount.Describe()}");
        }
        cluster.Acknowledge(mount.View, mount.Pfs.Membership.MastersTotal);
        cluster.Say(mount.Describe());
        foreach (PresentNode node in mount.View.Nodes)
        {
            if (mount.View.Record?.RoleOf(node.Facts.Tag) is MemberRole.Master or MemberRole.Joining)
                Assert.True(node.IsSynced || cluster.NodeOf(node).IsDamaged, $"not level: {mount.Describe()}");
        }
    }

    // A first change of members may have failed: then a sole master has no record, and what was to join it is no
    // member.
    private static bool IsMember(SimulatedMount mount, PresentNode node) => mount.View.Record is { } record
        ? record.RoleOf(node.Facts.Tag) is not null
        : node.Facts.Role == NodeRole.Master || mount.Pfs.Membership.MastersTotal > 1;

    // Only what was damaged on purpose is, where no read found it, or it could not be mended.
    private bool ReplaceDamaged()
    {
        // So many as may be absent; the others after those are level.
        int replaceable = Math.Max(1, (cluster.Masters - 1) / 2), replaced = 0;
        foreach (SimulatedNode node in cluster.Nodes)
        {
            if (!node.IsMember || IsSound(node)) continue;
            Assert.True(node.IsDamaged, $"{node.Name} is damaged, and nothing was done to it");
            if (replaced == replaceable) break;
            // Where no master may be absent, it must have no vote any more when its device is gone.
            if (cluster.Masters == cluster.Quorum) TakeOut(node);
            cluster.Replace(node);
            replaced++;
        }
        return replaced > 0;
    }

    private void TakeOut(SimulatedNode node)
    {
        SimulatedNode[] named = [.. cluster.Nodes.Where(one => one.IsMember)];
        using (SimulatedMount mount = SimulatedMount.Open(cluster, named)!)
        {
            // It may have lost its vote by a resolution that did not name it.
            if (mount.View.Record is { } record && record.RoleOf(node.Tag) != MemberRole.Master) return;
            if (mount.OpenForWriting() == Hammer2Error.None)
            {
                var changes = new SimulatedChanges(cluster, mount, counts);
                MemberOutcome outcome = changes.Detach(node)!.Value;
                Assert.True(outcome.Error == Hammer2Error.None, $"{node.Name} cannot leave: {mount.Describe()}");
                cluster.Acknowledge(mount.View, mount.Pfs.Membership.MastersTotal);
                return;
            }
        }
        Resolve([.. named.Where(one => one != node)]);
    }

    private static bool IsSound(SimulatedNode node)
    {
        try
        {
            MediaAudit.AssertSound(node.Disk, node.Name);
            return true;
        }
        catch (MediaException)
        {
            return false;
        }
        catch (Xunit.Sdk.XunitException)
        {
            return false;
        }
    }

    // Each by itself, without the driver, and compared.
    private void Judge()
    {
        var members = new List<IBlockDevice>();
        using (SimulatedMount mount = SimulatedMount.Open(
            cluster, [.. cluster.Nodes.Where(node => node.IsMember)])!)
        {
            Assert.True(mount.Obstacle == WriteObstacle.None, mount.Describe());
            foreach (PresentNode node in mount.View.Nodes)
            {
                MemberRole? role = mount.View.Record?.RoleOf(node.Facts.Tag);
                Assert.True(node.State == NodeState.Synced || role is MemberRole.Slave or null, mount.Describe());
                if (IsMember(mount, node)) members.Add(cluster.NodeOf(node).Disk);
            }
            string expected = TreeListing.Of(states.Last);
            Assert.Equal(expected, TreeListing.Of(mount.Ops, states.Last.Inum));
        }
        // What was kept as a snapshot may have open orphans.
        foreach (IBlockDevice member in members) MediaAudit.AssertSound(member, member.Name);
        if (members.Count > 1) ModelMount.JudgeEquality(members, cluster.Seed);
        foreach (SimulatedNode left in cluster.Nodes.Where(node => node.IsReleased && !node.IsDamaged))
            MediaAudit.AssertSound(left.Disk, left.Name);
    }
}
