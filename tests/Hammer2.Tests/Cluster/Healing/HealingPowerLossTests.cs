// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Healing;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>
/// Goal: power that fails while blocks are written again where they are, or stored anew, leaves each of them right or
/// as damaged as before, loses nothing, and all nodes synced.
/// Method: healing of spoiled blocks on devices that record; power fails again and again, and the nodes are read and
/// healed. HAMMER2_SEED=n replays one; HAMMER2_POWER_CUTS=n tries n cuts in place of 48.
/// </summary>
public sealed class HealingPowerLossTests
{
    private const int Scripts = 4;
    private const int CutsUsual = 48;
    private const int NodesTotal = 3;
    private const int Bad = 2;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_during_healing_loses_nothing(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal, files: 25);
        _ = cluster.Spoil(random, Bad, 30);
        var history = new WriteHistory([.. cluster.Disks]);
        cluster.Open(history.Open());
        cluster.ReadAndHeal();
        HealCounts healed = cluster.Pfs.Writer!.Healed;
        Assert.NotEqual(0, healed.Healed);
        cluster.CloseUnchanged();
        DrawnCuts.Run(history, random, 0, DrawnCuts.CountForScript(Scripts, CutsUsual), $"seed {seed}",
            (_, devices, place) => Judge(cluster, devices, place));
    }

    private static void Judge(DamagedCluster cluster, OverlayBlockDevice[] devices, string place)
    {
        cluster.Open(devices);
        Assert.All(cluster.Pfs.Nodes, node => Assert.True(node.State == NodeState.Synced, $"{place}: {node.State}"));
        cluster.ReadAndHeal();
        Assert.Equal(0, cluster.Pfs.Writer!.Healed.Failed);
        cluster.Compare();
        cluster.CloseUnchanged();
    }
}
