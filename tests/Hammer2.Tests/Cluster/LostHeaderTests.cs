// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: a node that lost its newest volume header does not speak against the commit that was in it, also when another
/// PFS of its device is written since, until the cluster itself was committed there. Method: three nodes on devices in
/// memory.
/// </summary>
public sealed class LostHeaderTests
{
    private readonly TestCluster _cluster = new(3, 3);

    [Fact]
    public void The_commit_of_another_PFS_does_not_hide_that_a_header_was_lost()
    {
        LoseOnTwo();
        foreach (int node in (int[])[1, 2]) WriteOther(node);
        using (ClusterMount mount = _cluster.Mount([0, 1, 2]))
        {
            Assert.True(TestCluster.Shows(mount, "two"));
            Assert.Equal(
                [NodeState.Synced, NodeState.Uncertain, NodeState.Uncertain],
                mount.Pfs.View.Members.Select(node => node.State));
            Assert.Equal(WriteObstacle.Uncertain, mount.Pfs.Membership.Obstacle);
        }
        Assert.Equal(Hammer2Error.None, Resolve(kept: null).Error);
        AssertLevelAgain();
    }

    [Fact]
    public void One_of_three_is_made_level_and_is_in_doubt_no_more()
    {
        _cluster.Write("one", 0, 1, 2);
        _cluster.Write("two", 0, 1, 2);
        Lose(1);
        WriteOther(1);
        using (ClusterMount mount = _cluster.Mount([0, 1, 2]))
        {
            Assert.Equal(NodeState.Uncertain, mount.Pfs.View.Nodes[1].State);
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Resynchronize(mount.Pfs.View.Nodes[1], () => false));
        }
        AssertLevelAgain();
    }

    [Fact]
    public void A_resolution_without_a_named_node_does_not_prefer_what_another_program_wrote()
    {
        LoseOnTwo();
        _cluster.ModifyForeign(2, by: 1UL << 50);
        ResolutionOutcome outcome = Resolve(kept: null);
        Assert.Equal((Hammer2Error.None, null), (outcome.Error, outcome.Refusal));
        Assert.Equal([_cluster.Devices[0].Name], outcome.Kept);
        AssertLevelAgain();
    }

    private void LoseOnTwo()
    {
        _cluster.Write("one", 0, 1, 2);
        _cluster.Write("two", 0, 1, 2);
        Lose(1);
        Lose(2);
    }

    private void Lose(int node)
    {
        _cluster.TearNewestHeader(node);
        _cluster.DropRecord(node);
    }

    private void WriteOther(int node)
    {
        var options = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), 4 << 20);
        using ClusterMount mount = OpenFilesystems.MountAlone(
            [Open(node)], NewPfs.LocalLabel, options, NullLoggerFactory.Instance);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(seed: 1)));
        TestCluster.Make(mount, "other");
    }

    private ResolutionOutcome Resolve(int? kept)
    {
        ulong random = 0;
        using var resolution = new ClusterResolution([Open(0), Open(1), Open(2)], NewVolume.ClusterLabel,
            System.TimeProvider.System, () => ++random, NullLoggerFactory.Instance);
        return resolution.Run(kept);
    }

    private void AssertLevelAgain()
    {
        using ClusterMount mount = _cluster.Mount([0, 1, 2]);
        Assert.True(TestCluster.Shows(mount, "two"));
        Assert.Equal(WriteObstacle.None, mount.Pfs.Membership.Obstacle);
        Assert.All(mount.Pfs.View.Nodes, node => Assert.False(node.Facts.IsUncertain));
    }

    private VolumeSet Open(int node) =>
        VolumeSet.Open([new UnownedDevice(_cluster.Devices[node])], new VolumeSetOptions(IsReadOnly: false));
}
