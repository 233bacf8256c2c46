// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>
/// One seed: a cluster, operations, faults, interleavings. First safety: whatever happens, each mount that may write
/// shows what was acknowledged, or what was attempted after it. Then liveness: when all devices are healed, all nodes
/// are equal after few mounts, hold what the model says, and each by itself is sound.
/// </summary>
internal sealed class ClusterSimulation
{
    private readonly SimulatedCluster _cluster;
    private readonly AcknowledgedStates _states = new();
    private readonly SimulationCounts _counts;

    public ClusterSimulation(ulong seed, SimulationCounts counts)
    {
        _cluster = new SimulatedCluster(seed);
        _counts = counts;
    }

    /// <summary>What happened.</summary>
    public IReadOnlyList<string> Trace => _cluster.Trace;

    private SeededRandom Random => _cluster.Random;

    /// <summary>Runs both phases.</summary>
    /// <exception cref="SimulationException">A rule was broken.</exception>
    public void Run()
    {
        try
        {
            Begin();
            int sessions = 2 + Random.Below(5);
            for (int i = 0; i < sessions; i++)
            {
                ChangeDevices();
                RunSession();
            }
            new SimulationEnd(_cluster, _states, _counts).Run();
        }
        catch (Exception failure) when (failure is not SimulationException)
        {
            throw new SimulationException(_cluster, failure);
        }
        _counts.LateWrites += _cluster.LateWrites;
    }

    private void Begin()
    {
        using SimulatedMount mount = SimulatedMount.Open(
            _cluster, [.. _cluster.Nodes.Take(_cluster.Masters)])!;
        Assert.Equal(Hammer2Error.None, mount.OpenForWriting());
        var player = new ScriptPlayer(Random, _cluster.HasAttributes);
        _ = ModelMount.MakeRoom(mount.Ops, player, "model");
        player.Play(mount.Ops, Random.Below(40));
        player.ForgetAll(mount.Ops);
        Assert.Equal(Errno.None, mount.Ops.Sync());
        _states.Record(player.Model.Root);
        _cluster.Acknowledge(mount.View, mount.Pfs.Membership.MastersTotal);
    }

    // What happens while nothing is mounted.
    private void ChangeDevices()
    {
        foreach (SimulatedNode node in _cluster.Nodes)
            if (!Random.OneIn(3)) node.Disk.Heal();
        SimulatedNode picked = Random.Pick<SimulatedNode>([.. _cluster.Nodes]);
        bool isUsable = picked.IsUsable && picked.Disk.IsUp;
        switch (Random.Below(9))
        {
            case 0 when isUsable && picked is { IsTainted: false, Disk.HasFailingWrites: false }
                && _cluster.MayDamage(picked):
                _cluster.Say($"{picked.Name} is changed by another program");
                bool isMaster = picked.ReadRole() == NodeRole.Master;
                if (!ForeignWriter.TryCommit(picked.Disk)) break;
                picked.HoldsOwn = isMaster;
                _cluster.Damage(picked);
                _counts.ForeignWrites++;
                break;
            case 1 when isUsable && _cluster.Holders.Contains(picked) && _cluster.MayDamage(picked)
                && !_cluster.Nodes.Any(node => node.IsUnseated):
                _cluster.Replace(picked);
                _counts.Replaced++;
                break;
            case 2:
                _cluster.FailPower(_cluster.Nodes.Where(_ => Random.OneIn(2)).ToArray());
                _cluster.EndCut();
                break;
            case 3:
                WriteOtherPfses();
                break;
            case 4 when Random.OneIn(2):
                LoseHeaders();
                break;
        }
    }

    // A commit that is on some nodes cannot be finished on the others then.
    private void WriteOtherPfses()
    {
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            if (!node.IsUsable || !node.Disk.IsReadable || Random.OneIn(2)) continue;
            _cluster.Say($"another PFS of {node.Name} is written");
            if (DeviceHistory.WriteOtherPfs(_cluster, node)) _counts.OtherCommits++;
            _cluster.MayBeUndecided();
        }
    }

    // However many fall back to an older header: one that holds what was acknowledged is left, and the others must not
    // speak against it.
    private void LoseHeaders()
    {
        SimulatedNode[] holders = [.. _cluster.Holders.Where(node => !node.IsTainted).OrderBy(node => node.Number)];
        if (holders.Length < 2) return;
        SimulatedNode left = Random.Pick<SimulatedNode>(holders);
        foreach (SimulatedNode node in holders)
        {
            if (node == left || !node.Disk.IsReadable || Random.OneIn(4) || !DeviceHistory.LoseHeader(node)) continue;
            _cluster.Say($"{node.Name} loses its newest header");
            _cluster.Damage(node);
            _cluster.MayBeUndecided(isCertain: true);
            _counts.HeadersLost++;
        }
    }

    private void RunSession()
    {
        // A node that was away when it was removed says so once it answers again.
        foreach (SimulatedNode node in _cluster.Nodes) node.FindReleased();
        int present = Random.Pick<int>([50, 80, 100]);
        SimulatedNode[] named = [.. _cluster.Nodes.Where(
            node => node.IsUsable && Random.Chance(IsNew(node) ? present / 4 : present))];
        _cluster.Say($"mount of {string.Join(' ', named.Select(node => node.Name))}");
        _cluster.IsQuiet = Random.OneIn(5);
        SimulatedMount? mount = SimulatedMount.Open(_cluster, named);
        try
        {
            if (mount is not null) RunMount(mount);
            else _counts.Refused++;
            if (!_cluster.IsCut && mount is not null && Random.OneIn(2)) _cluster.Cut(hasPower: Random.OneIn(2));
        }
        finally
        {
            if (_cluster.IsCut) _counts.Cuts++;
            (_cluster.IsQuiet, _cluster.IsWritten) = (true, false);
            mount?.Dispose();
            _cluster.EndCut();
        }
        foreach (SimulatedNode node in _cluster.Nodes) node.FindReleased();
        Audit();
    }

    private void RunMount(SimulatedMount mount)
    {
        _cluster.Say(mount.Describe());
        AssertNoSplit(mount.Obstacle);
        if (mount.Obstacle != WriteObstacle.None || mount.OpenForWriting() is not Hammer2Error.None)
        {
            _counts.Refused++;
            return;
        }
        if (_cluster.IsCut || !mount.IsReadable || !mount.View.Nodes.Any(IsAnswering)) return;
        _counts.Mounts++;
        _cluster.IsWritten = true;
        TakeUp(mount);
        var session = new SimulatedSession(_cluster, mount, _states, _counts);
        session.Run(Random.Below(30));
        if (session.Violation is { } violation) throw new SimulationException(_cluster, violation);
        if (Random.OneIn(2)) session.Close();
    }

    private bool IsAnswering(PresentNode node) => node.IsSynced && _cluster.NodeOf(node).Disk.IsReadable;

    private void TakeUp(SimulatedMount mount)
    {
        bool wasQuiet = _cluster.IsQuiet;
        _cluster.IsQuiet = true;
        SimulationChecks.TakeUp(_cluster, mount, _states);
        _cluster.IsQuiet = wasQuiet;
    }

    // One that the cluster does not know is mounted with it by mistake.
    private static bool IsNew(SimulatedNode node) => node is { IsStranger: true, IsUnseated: false };

    private static void AssertNoSplit(WriteObstacle obstacle) => Assert.False(
        obstacle is WriteObstacle.Split or WriteObstacle.UnknownRecord or WriteObstacle.TooManyMasters
            or WriteObstacle.MastersUnknown, $"{obstacle}");

    // What lies on the devices is whole after any end, but for what was damaged on purpose.
    private void Audit()
    {
        if (!Random.OneIn(3)) return;
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            if (!node.IsFormatted || node.IsDamaged || !node.Disk.IsReadable) continue;
            MediaAudit.AssertSound(node.Disk, node.Name);
        }
    }
}
