// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Cluster.Scrubbing;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>
/// Goal: a scrub finds every damaged block of a node's filesystem, heals what siblings, copies or reachability prove,
/// lists the rest, goes on where it was after a restart, and finds nothing the second time.
/// Method: blocks of all types of one node are spoiled, the freemap's too; the scrub is interrupted at drawn moments,
/// and amid operations; the media are judged node by node. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class ScrubTests
{
    private const int NodesTotal = 3;
    private const int Bad = 1;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(4));

    [Theory, MemberData(nameof(Seeds))]
    public void A_thousand_spoiled_blocks_of_one_node_are_healed(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal, files: 220);
        MapBlock[] spoiled = cluster.Spoil(random, Bad, 1000);
        cluster.Open();
        cluster.Compare();
        UpkeepFields found = Scrub(cluster, Bad);
        Assert.Equal(found.Faults, found.Healed);
        Assert.InRange(found.Faults, 1UL, (ulong)spoiled.Length);
        cluster.Compare();
        UpkeepFields again = Scrub(cluster, Bad);
        Assert.Equal((0UL, 0UL), (again.Faults, again.Unhealed));
        Assert.All(cluster.Pfs.Nodes, node => Assert.Equal(NodeState.Synced, node.State));
        cluster.Player.Play(cluster.Ops, 30);
        cluster.Close();
        cluster.Open();
        cluster.Compare();
        Assert.Equal(0, cluster.Pfs.RepairedReads);
        cluster.Close();
        cluster.Judge();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_scrub_goes_on_after_a_restart_and_amid_operations(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal, files: 100);
        _ = cluster.Spoil(random, Bad, 200);
        ulong faults = 0, healed = 0;
        for (int session = 0; ; session++)
        {
            cluster.Open();
            int left = session < 3 ? 200 + random.Below(600) : int.MaxValue;
            Hammer2Error error = cluster.Pfs.Writer!.Scrubs.Run(Node(cluster), default, () =>
            {
                if (left % 100 == 0 && random.OneIn(2)) cluster.Player.Play(cluster.Ops, 3);
                return left-- <= 0;
            });
            UpkeepFields fields = FieldsOf(cluster, Bad);
            Assert.True(fields.Faults >= faults && fields.Healed >= healed, $"session {session}");
            (faults, healed) = (fields.Faults, fields.Healed);
            if (error == Hammer2Error.None) break;
            Assert.Equal(Hammer2Error.Interrupted, error);
            Assert.Equal(ScrubState.Running, fields.State);
            cluster.Player.Play(cluster.Ops, 20);
            cluster.Compare();
            cluster.Close();
        }
        Assert.Equal(ScrubState.Finished, FieldsOf(cluster, Bad).State);
        Assert.Equal(faults, healed);
        Assert.Equal(0UL, Scrub(cluster, Bad).Faults);
        cluster.Compare();
        cluster.Close();
        cluster.Judge();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Leaves_of_the_freemap_are_written_anew(ulong seed)
    {
        var random = new SeededRandom(seed);
        int nodes = random.OneIn(2) ? NodesTotal : 1;
        using var cluster = new DamagedCluster(seed, nodes);
        cluster.Open();
        if (random.OneIn(2))
        {
            cluster.Player.Play(cluster.Ops, 5);
            Assert.Equal(Errno.None, cluster.Ops.Sync());
        }
        MapBlock[] leaves = cluster.FreemapOf(0);
        foreach (MapBlock leaf in leaves) cluster.SpoilOne(random, 0, leaf);
        UpkeepFields found = Scrub(cluster, 0);
        Assert.Equal((ulong)leaves.Length, found.Faults);
        Assert.Equal(found.Faults, found.Healed);
        cluster.Player.Play(cluster.Ops, 50);
        cluster.Compare();
        Assert.Equal(Hammer2Error.None, cluster.Pfs.Writer!.Reclaim(default, out _));
        cluster.Close();
        cluster.Judge();
    }

    [Fact]
    public void What_a_single_node_cannot_heal_is_listed_until_it_is_gone()
    {
        using var cluster = new DamagedCluster(seed: 5, nodes: 1);
        var random = new SeededRandom(5);
        MapBlock[] spoiled = cluster.Spoil(random, 0, 12, BlockrefType.Data);
        cluster.Open();
        PresentNode node = cluster.Pfs.Nodes[0];
        UpkeepFields found = Scrub(cluster, 0);
        Assert.Equal(((ulong)spoiled.Length, 0UL), (found.Faults, found.Healed));
        IReadOnlyList<DamagedPlace> places = node.Device.Committer!.Upkeep.Current.Places;
        Assert.Equal(spoiled.Select(block => block.Objects.Single().Inum).Order(),
            places.Select(place => place.Inum).Order());

        // Files that are written anew are right; only what was listed is looked at.
        foreach (ulong inum in places.Select(place => place.Inum).Distinct().Take(3))
            Assert.Equal(Errno.None, cluster.Ops.SetAttributes(inum, new AttributeChange { SizeBytes = 0 }, out _));
        Assert.Equal(Errno.None, cluster.Ops.Sync());
        ulong read = FieldsOf(cluster, 0).CheckedBytes;
        Assert.Equal(Hammer2Error.None,
            cluster.Pfs.Writer!.Scrubs.Run(node, new ScrubOptions(IsErrorsOnly: true), static () => false));
        Assert.True(FieldsOf(cluster, 0).Unhealed < found.Unhealed);
        Assert.Equal(read, FieldsOf(cluster, 0).CheckedBytes);
        cluster.CloseUnchanged();
    }

    [Fact]
    public void A_copy_on_the_same_node_heals_a_block_that_its_check_code_proves()
    {
        using var cluster = new DamagedCluster(seed: 6, nodes: 1);
        cluster.Open();
        byte[] content = new byte[Media.FileBlockBytes];
        new SeededRandom(6).Fill(content);
        // Written by two mounts, so that the second one does not know of the first.
        ulong left = cluster.MakeFile("left", content);
        cluster.CloseUnchanged();
        cluster.Open();
        ulong right = cluster.MakeFile("right", content);
        cluster.CloseUnchanged();
        MapBlock[] blocks = [.. cluster.BlocksOf(0, BlockrefType.Data).Where(
            block => block.Objects.Any(one => one.Inum == left || one.Inum == right))];
        Assert.Equal(2, blocks.Length);
        cluster.SpoilOne(new SeededRandom(6), 0, blocks[0]);
        cluster.Open();
        UpkeepFields found = Scrub(cluster, 0);
        Assert.Equal((1UL, 1UL, 0UL), (found.Faults, found.Healed, found.Unhealed));
        cluster.CloseUnchanged();
        Assert.Empty(cluster.StillDamaged(0, blocks));
        cluster.Judge();
    }

    [Fact]
    public void Error_counters_last_until_they_are_cleared()
    {
        using var cluster = new DamagedCluster(seed: 7, NodesTotal);
        var random = new SeededRandom(7);
        int spoiled = cluster.Spoil(random, Bad, 20, BlockrefType.Data).Length;
        cluster.Devices[Bad].FailReads((long)cluster.BlocksOf(Bad, BlockrefType.Data)[0].Address, 1024);
        cluster.Open();
        _ = Scrub(cluster, Bad);
        DeviceErrorCounts errors = ErrorsOf(cluster);
        Assert.True(errors.Checks >= spoiled - 1, $"{errors}");
        Assert.True(errors.Reads > 0, $"{errors}");
        Assert.Equal(0, errors.Writes + errors.Flushes);
        Assert.True(errors.Healed >= spoiled - 1, $"{errors}");
        cluster.Close();
        cluster.Devices[Bad].Heal();
        cluster.Open();
        Assert.Equal(errors, ErrorsOf(cluster));
        Assert.Equal(Hammer2Error.None, ScrubReports.ClearErrors(Node(cluster)));
        Assert.Equal(default, ErrorsOf(cluster));
        Assert.Null(Node(cluster).Device.Faults.LastFault);
        cluster.Close();
        cluster.Open();
        Assert.Equal(default, ErrorsOf(cluster));
        cluster.Close();
    }

    private static DeviceErrorCounts ErrorsOf(DamagedCluster cluster) =>
        Node(cluster).Device.Committer!.Upkeep.Current.Errors[0];

    private static PresentNode Node(DamagedCluster cluster) => cluster.Pfs.Nodes[Bad];

    private static UpkeepFields FieldsOf(DamagedCluster cluster, int node) =>
        cluster.Pfs.Nodes[node].Device.Committer!.Upkeep.Current.Fields;

    private static UpkeepFields Scrub(DamagedCluster cluster, int node)
    {
        Assert.Equal(Hammer2Error.None,
            cluster.Pfs.Writer!.Scrubs.Run(cluster.Pfs.Nodes[node], default, static () => false));
        UpkeepFields fields = FieldsOf(cluster, node);
        Assert.Equal(ScrubState.Finished, fields.State);
        return fields;
    }
}
