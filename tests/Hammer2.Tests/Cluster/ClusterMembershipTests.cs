// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// Goal: whatever happened to single nodes between mounts, no acknowledged file is silently gone, and nothing is
/// written that another quorum could contradict. Method: real nodes on devices in memory; fsck must judge each as the
/// mount does.
/// </summary>
public sealed class ClusterMembershipTests
{
    [Fact]
    public void An_older_quorum_with_a_torn_header_does_not_beat_the_acknowledged_commit()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        var old = cluster.SaveHeaders(2);
        cluster.Write("two", 0, 1, 2);
        cluster.RestoreHeaders(2, old);
        cluster.DropRecord(2);
        cluster.TearNewestHeader(0);
        cluster.DropRecord(0);
        using ClusterMount mount = cluster.Mount([0, 1, 2]);
        Assert.True(TestCluster.Shows(mount, "two"));
        Assert.Equal([NodeState.Uncertain, NodeState.Synced, NodeState.Stale], States(mount));
        Assert.Equal(WriteObstacle.Uncertain, mount.Pfs.Membership.Obstacle);
        Assert.Equal(Hammer2Error.NoQuorum, mount.Pfs.OpenForWriting());
        Assert.True(cluster.Log.Contains(
            LogLevel.Warning, "a newer volume header on it is torn, unreadable, or was replaced"));
        AssertFsckAgrees(cluster, mount, 0, 1, 2);
    }

    [Fact]
    public void A_header_that_was_lost_between_two_others_is_written_again_from_the_record()
    {
        foreach (int[] present in new int[][] { [0, 1, 2], [0, 1] })
        {
            var cluster = new TestCluster(3, 3);
            cluster.Write("one", 0, 1, 2);
            List<(long, byte[])> before;
            using (ClusterMount first = cluster.Mount(present))
            {
                Assert.Equal(Hammer2Error.None, first.Pfs.OpenForWriting());
                before = cluster.SaveHeaders(1);
                TestCluster.Make(first, "two");
            }
            cluster.RestoreHeaders(1, before);
            using (ClusterMount mount = cluster.Mount(present))
            {
                Assert.All(mount.Pfs.View.Members, node => Assert.Equal(NodeState.Synced, node.State));
                Assert.True(cluster.Log.Contains(LogLevel.Information, "which it had prepared before power failed"));
                // Reading writes nothing.
                Assert.NotEqual(mount.Devices[1].Header.Fields.MirrorTid, MirrorTidOf(cluster.Devices[1]));
                AssertFsckAgrees(cluster, mount, present);
                Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
                TestCluster.Make(mount, "three");
            }
            using ClusterMount alone = cluster.Mount([1], isDegraded: true);
            Assert.True(TestCluster.Shows(alone, "two") && TestCluster.Shows(alone, "three"));
        }
    }

    [Fact]
    public void A_record_is_void_after_another_commit_of_its_device()
    {
        var cluster = new TestCluster(3, 3);
        List<(long, byte[])> before;
        using (ClusterMount first = cluster.Mount([0, 1, 2]))
        {
            Assert.Equal(Hammer2Error.None, first.Pfs.OpenForWriting());
            before = cluster.SaveHeaders(1);
            TestCluster.Make(first, "two");
        }
        cluster.RestoreHeaders(1, before);
        cluster.ModifyForeign(1, by: 0);
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(cluster.Devices[1])]);
        Assert.Equal(PreparedState.Void, PreparedCommitRecord.Read(volumes)!.State);
    }

    [Fact]
    public void A_foreign_change_of_one_node_does_not_outvote_newer_commits()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        cluster.ModifyForeign(2, by: 1UL << 50);
        cluster.Write("two", 0, 1);
        using ClusterMount mount = cluster.Mount([0, 1, 2]);
        Assert.Equal([NodeState.Synced, NodeState.Synced, NodeState.Foreign], States(mount));
        Assert.True(TestCluster.Shows(mount, "two"));
        Assert.True(cluster.Log.Contains(LogLevel.Warning, "another program changed it"));
        AssertFsckAgrees(cluster, mount, 0, 1, 2);
    }

    [Fact]
    public void Foreign_changes_of_a_quorum_are_a_split()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        cluster.ModifyForeign(1);
        cluster.ModifyForeign(2);
        PfsException refusal = Assert.Throws<PfsException>(() => cluster.Mount([0, 1, 2]));
        Assert.Contains("neither side outvotes the other", refusal.Message, StringComparison.Ordinal);
        using ClusterMount mount = cluster.Mount([0, 1, 2], isDegraded: true);
        Assert.Equal(Hammer2Error.NoQuorum, mount.Pfs.OpenForWriting());
        AssertFsckAgrees(cluster, mount, 0, 1, 2);
    }

    [Fact]
    public void A_newer_commit_that_no_quorum_confirms_is_called_so()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        var old = new[] { cluster.SaveHeaders(1), cluster.SaveHeaders(2) };
        cluster.Write("two", 0, 1, 2);
        cluster.RestoreHeaders(1, old[0]);
        cluster.RestoreHeaders(2, old[1]);
        using ClusterMount mount = cluster.Mount([0, 1, 2]);
        Assert.Equal([NodeState.Newer, NodeState.Synced, NodeState.Synced], States(mount));
        Assert.True(cluster.Log.Contains(LogLevel.Warning, "a newer commit that no quorum confirms"));
        AssertFsckAgrees(cluster, mount, 0, 1, 2);
    }

    [Fact]
    public void A_blank_node_does_not_help_an_old_one_to_a_quorum()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        cluster.Write("two", 0, 1);
        cluster.NewFilesystem(0, 3);
        using ClusterMount mount = cluster.Mount([0, 2]);
        Assert.Equal(WriteObstacle.TooFewSynced, mount.Pfs.Membership.Obstacle);
        Assert.Equal(Hammer2Error.NoQuorum, mount.Pfs.OpenForWriting());
    }

    [Fact]
    public void Nodes_that_store_no_number_are_written_once_the_user_says_how_many_there_are()
    {
        var cluster = new TestCluster(2, 0);
        using (ClusterMount unknown = cluster.Mount([0, 1]))
        {
            Assert.Equal(WriteObstacle.MastersUnknown, unknown.Pfs.Membership.Obstacle);
            Assert.Equal(Hammer2Error.NoQuorum, unknown.Pfs.OpenForWriting());
        }
        using (ClusterMount told = cluster.Mount([0, 1], masters: 2))
            Assert.Equal(Hammer2Error.None, told.Pfs.OpenForWriting());
        // The number is stored now: it need not be given again, and another number is rejected.
        cluster.Write("one", 0, 1);
        PfsException refusal = Assert.Throws<PfsException>(() => cluster.Mount([0, 1], masters: 3));
        Assert.Contains("masters=3 was given, and n0 stores 2", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<PfsException>(() => cluster.Mount([0]));
    }

    [Fact]
    public void A_sibling_on_an_attached_device_keeps_a_node_from_being_written_alone()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            string[] paths = [.. Enumerable.Range(0, 3).Select(i => Path.Combine(folder.FullName, $"d{i}"))];
            for (int node = 0; node < 2; node++)
            {
                using (FileStream file = File.Create(paths[node])) file.SetLength(NewVolume.UsualBytes);
                using FileBlockDevice device = FileBlockDevice.Open(paths[node]);
                NewFilesystem wanted = NewVolume.Describe(1, node, 2);
                NewVolume.Format([device],
                    wanted with { Pfses = [wanted.Pfses[0], wanted.Pfses[1] with { Masters = 0 }] });
            }
            File.WriteAllText(paths[2], "no filesystem");
            AssertAlone(paths[0], [paths[0], paths[2]], WriteObstacle.None, masters: null);
            AssertAlone(paths[0], [paths[2], paths[1]], WriteObstacle.MastersUnknown, masters: null);
            AssertAlone(paths[0], [paths[2], paths[1]], WriteObstacle.NoQuorum, masters: 2);
            AssertAlone(paths[0], [paths[2], paths[1]], WriteObstacle.None, masters: 1);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_copy_of_a_node_counts_once_in_fsck_and_a_stranger_is_named()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        using MemoryBlockDevice stranger = NewVolume.InMemory(seed: 77);
        VolumeSet[] sets =
        [
            Open(cluster.Devices[0]), Open(cluster.Devices[0]), Open(cluster.Devices[0]), Open(stranger),
        ];
        ClusterReport report = Assert.Single(ClusterCompare.Run(sets, new FsckOptions()));
        Assert.Single(report.Nodes);
        Assert.Equal(WriteObstacle.NoQuorum, report.Membership.Obstacle);
        Assert.Equal(2, report.Findings.Count(finding =>
            finding.Text.Contains("the same filesystem", StringComparison.Ordinal)));
        Assert.Contains(report.Findings, finding =>
            finding.Location == stranger.Name && finding.Text.Contains("no node of this", StringComparison.Ordinal));
        Assert.False(report.IsClean);
    }

    [Fact]
    public void Fsck_says_of_a_commit_that_one_node_holds_that_one_holds_it()
    {
        var cluster = new TestCluster(3, 3);
        cluster.Write("one", 0, 1, 2);
        cluster.Write("two", 0, 1);
        ClusterReport report = Assert.Single(
            ClusterCompare.Run([Open(cluster.Devices[0]), Open(cluster.Devices[2])], new FsckOptions()));
        FsckFinding finding = Assert.Single(report.Findings);
        Assert.Contains("which 1 of 3 masters have", finding.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("the quorum has", finding.Text, StringComparison.Ordinal);
    }

    private static void AssertAlone(string path, string[] attached, WriteObstacle obstacle, int? masters)
    {
        var log = new LogCapture();
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20, AllowDegraded: true, masters)
        {
            Siblings = new SiblingSearch(() => attached),
        };
        using ClusterMount mount = OpenFilesystems.MountAlone(
            [new MountSpec([path], NewVolume.ClusterLabel)], options, log);
        Assert.Equal(obstacle, mount.Pfs.Membership.Obstacle);
        Assert.Equal(
            obstacle == WriteObstacle.MastersUnknown,
            log.Contains(LogLevel.Warning, "holds another node of the cluster"));
    }

    private static VolumeSet Open(IBlockDevice device) => VolumeSet.Open([new UnownedDevice(device)]);

    private static NodeState[] States(ClusterMount mount) => [.. mount.Pfs.View.Members.Select(node => node.State)];

    private static ulong MirrorTidOf(IBlockDevice device)
    {
        using VolumeSet volumes = Open(device);
        return volumes.Header.Fields.MirrorTid;
    }

    private static void AssertFsckAgrees(TestCluster cluster, ClusterMount mount, params int[] nodes)
    {
        VolumeSet[] sets = [.. nodes.Select(node => Open(cluster.Devices[node]))];
        ClusterReport report = Assert.Single(ClusterCompare.Run(sets, new FsckOptions()));
        Assert.Equal(States(mount), report.Nodes.Select(node => node.State));
        Assert.Equal(mount.Pfs.Membership.Obstacle, report.Membership.Obstacle);
        Assert.Equal(mount.Pfs.Membership.Commit, report.Membership.Commit);
        Assert.Equal(mount.Pfs.View.Members.All(node => node.State == NodeState.Synced), report.IsClean);
    }
}
