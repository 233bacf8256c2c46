// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Xunit;

namespace Hammer2.Tests.Cluster.Members;

/// <summary>
/// Goal: nodes are added to a PFS that is written, removed and set aside, each change is durable and known by the next
/// mount, and what would leave no quorum is refused.
/// Method: nodes in files, a script that is played between and during the changes, and mounts afterwards.
/// </summary>
public sealed class ClusterMembersTests
{
    private const string Label = NewVolume.ClusterLabel;

    [Fact]
    public void From_one_node_to_three_and_back_to_one()
    {
        using var files = new MemberFiles(nodes: 1);
        using (var mounted = new MountedMembers(files, 0))
        {
            foreach (int node in (int[])[1, 2])
            {
                files.Join(node);
                mounted.Attach(node);
                Assert.Equal(node + 1, mounted.Pfs.View.Synced.Count);
                Assert.Equal((node + 1, ((node + 1) / 2) + 1), (
                    mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Quorum));
            }
            mounted.Play(50);
        }
        using (var mounted = new MountedMembers(files, 0, 1, 2))
        {
            Assert.Equal(3, mounted.Pfs.View.Synced.Count);
            mounted.Play(50);
            foreach (int node in (int[])[0, 2])
            {
                Assert.Equal(Hammer2Error.None, mounted.Members.Detach(files.Paths[node]).Error);
                mounted.Play(50);
            }
            Assert.Equal((1, 1), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Quorum));
            Assert.Single(mounted.Pfs.View.Members);
        }
        using (var last = new MountedMembers(files, 1)) last.Play(20);
        // Those that left are PFSs by themselves, with the content of that moment.
        foreach (int node in (int[])[0, 2])
        {
            using var alone = new MountedMembers(files, node);
            Assert.NotEqual(files.ClusterId, alone.Pfs.Nodes[0].Entry.ClusterId);
            alone.Play(20);
        }
        files.AssertClean();
    }

    /// <summary>Seed 856 of the simulation: the commit of a first attach failed, so that no record names the new
    /// node.</summary>
    [Fact]
    public void A_node_that_was_made_to_join_a_sole_one_takes_no_part_until_it_is_attached()
    {
        using var files = new MemberFiles(nodes: 1);
        files.Join(1);
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            Assert.Equal([NodeState.Synced, NodeState.Stale], mounted.Pfs.Nodes.Select(node => node.State));
            mounted.Play(30);
            Assert.Equal(
                Hammer2Error.NodeDown, mounted.Pfs.Writer!.Resynchronize(mounted.Pfs.Nodes[1], () => false));
            mounted.Play(30);
        }
        using (var mounted = new MountedMembers(files, 0))
        {
            mounted.Attach(1);
            Assert.Equal(2, mounted.Pfs.View.Synced.Count);
        }
        files.AssertClean();
    }

    [Fact]
    public void A_node_that_left_while_it_was_absent_takes_no_part_when_it_comes_back()
    {
        using var files = new MemberFiles(nodes: 3);
        using (var mounted = new MountedMembers(files, 0, 1, 2)) mounted.Play(30);
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            mounted.Play(30);
            MemberDescription absent = Assert.Single(
                MemberReport.Of(mounted.Pfs).Members, member => member.Name is null);
            Assert.Equal((MemberRole.Master, NodeState.Offline), (absent.Role, absent.State));
            Assert.Equal(Hammer2Error.None, mounted.Members.Detach(absent.FilesystemId[..8]).Error);
            mounted.Play(30);
        }
        using (var mounted = new MountedMembers(files, 0, 1, 2))
        {
            Assert.Equal((2, 2), (mounted.Pfs.Membership.MastersTotal, mounted.Pfs.View.Synced.Count));
            Assert.Equal(NodeState.Passive, mounted.Pfs.Nodes[2].State);
            mounted.Play(30);
        }
        // With only one of the two that are left it is no majority.
        Assert.Throws<PfsException>(() => new MountedMembers(files, 1, 2));
    }

    [Fact]
    public void One_that_left_is_added_again_and_its_content_is_kept()
    {
        using var files = new MemberFiles(nodes: 3);
        using (var mounted = new MountedMembers(files, 0, 1, 2)) mounted.Play(30);
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            string id = MemberReport.Of(mounted.Pfs).Members.Single(member => member.Name is null).FilesystemId[..8];
            Assert.Equal(Hammer2Error.None, mounted.Members.Detach(id).Error);
            mounted.Play(30);
            mounted.Attach(2);
            Assert.Equal(3, mounted.Pfs.View.Synced.Count);
            mounted.Play(30);
        }
        ToolRun list = ToolRun.Execute("pfs-list", files.Paths[2]);
        Assert.Contains(Label + ".kept.", list.ToString(), StringComparison.Ordinal);
        files.AssertClean();
    }

    // The list of nodes calls it one that is to be made equal, which says nothing of what it holds.
    [Fact]
    public void What_a_former_member_holds_is_kept_before_the_list_has_it()
    {
        using var files = new MemberFiles(nodes: 3);
        var all = new MountedMembers(files, 0, 1, 2);
        using (all) all.Play(30);
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            string id = MemberReport.Of(mounted.Pfs).Members.Single(member => member.Name is null).FilesystemId[..8];
            Assert.Equal(Hammer2Error.None, mounted.Members.Detach(id).Error);
            mounted.Play(30);
            Assert.Equal(Hammer2Error.None, mounted.Members.Attach([files.Paths[2]]).Error);
        }
        using (var mounted = new MountedMembers(files, 0, 1, 2))
        {
            PresentNode node = mounted.Pfs.Nodes.Single(one => one.Name == files.Paths[2]);
            Assert.Equal(NodeState.Stale, node.State);
            Assert.Equal(Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(node, () => false));
        }
        all.AssertHeldBy(2, files.KeptOn(2));
        files.AssertClean();
    }

    [Fact]
    public void What_would_leave_no_quorum_is_refused_and_changes_nothing()
    {
        using var files = new MemberFiles(nodes: 2);
        using var mounted = new MountedMembers(files, 0, 1);
        MembershipRecord before = mounted.Pfs.View.Record!;
        Assert.Equal(Hammer2Error.Invalid, mounted.Members.Offline("0").Error);
        Assert.Equal(Hammer2Error.Invalid, mounted.Members.Detach("7").Error);
        Assert.Equal(Hammer2Error.Invalid, mounted.Members.Detach("no such node").Error);
        Assert.Equal(Hammer2Error.Invalid, mounted.Members.Attach([files.Paths[1]]).Error);
        Assert.Equal(Hammer2Error.Io, mounted.Members.Attach([files.Paths[0] + ".none"]).Error);
        Assert.Equal(before, mounted.Pfs.View.Record);
        Assert.Equal(Hammer2Error.None, mounted.Members.Detach("1").Error);
        Assert.Equal(Hammer2Error.Invalid, mounted.Members.Detach("0").Error);
        mounted.Play(20);
    }

    [Fact]
    public void A_node_that_is_set_aside_stays_so_until_it_is_put_online()
    {
        using var files = new MemberFiles(nodes: 3);
        using var mounted = new MountedMembers(files, 0, 1, 2);
        mounted.Play(30);
        Assert.Equal(Hammer2Error.None, mounted.Members.Offline(files.Paths[1]).Error);
        mounted.Play(30);
        Assert.Empty(mounted.Returns.Check());
        Assert.Equal(2, mounted.Pfs.View.Synced.Count);
        Assert.Equal(Hammer2Error.Invalid, mounted.Members.Offline(files.Paths[2]).Error);
        Assert.Equal(Hammer2Error.None, mounted.Members.Online(files.Paths[1]).Error);
        PresentNode node = Assert.Single(mounted.Returns.Check());
        Assert.Equal(Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(node, () => false));
        mounted.Play(30);
        Assert.Equal(3, mounted.Pfs.View.Synced.Count);
    }

    [Fact]
    public void A_node_that_is_set_aside_amid_its_resynchronization_stays_so()
    {
        using var files = new MemberFiles(nodes: 3);
        using (var mounted = new MountedMembers(files, 0, 1, 2)) mounted.Play(30);
        using (var mounted = new MountedMembers(files, 0, 1)) mounted.Play(60);
        using var all = new MountedMembers(files, 0, 1, 2);
        PresentNode node = all.Pfs.Nodes[2];
        Assert.Equal(Hammer2Error.Interrupted, all.Pfs.Writer!.Resynchronize(node, () =>
        {
            if (node.State == NodeState.Copying)
                Assert.Equal(Hammer2Error.None, all.Members.Offline(files.Paths[2]).Error);
            return false;
        }));
        Assert.Equal((NodeState.Offline, true), (node.State, node.IsKeptOffline));
        Assert.Equal(2, all.Pfs.View.Synced.Count);
    }

    [Fact]
    public void An_attached_node_that_never_became_level_goes_on_in_the_next_mount()
    {
        using var files = new MemberFiles(nodes: 1);
        using (var mounted = new MountedMembers(files, 0))
        {
            mounted.Play(50);
            files.Join(1);
            Assert.Equal(Hammer2Error.None, mounted.Members.Attach([files.Paths[1]]).Error);
            mounted.Play(50);
            Assert.Equal((1, 1), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Synced.Count));
        }
        // It has no vote yet: the other one is not held up by it.
        using (var mounted = new MountedMembers(files, 0)) mounted.Play(20);
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            PresentNode node = mounted.Pfs.Nodes.Single(one => one.State == NodeState.Stale);
            Assert.Equal(Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(node, () => false));
            Assert.Equal((2, 2), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Synced.Count));
            mounted.Play(20);
        }
        Assert.Throws<PfsException>(() => new MountedMembers(files, 0));
        files.AssertClean();
    }

    [Fact]
    public void A_master_becomes_a_slave_that_follows_and_a_master_again()
    {
        using var files = new MemberFiles(nodes: 3);
        using (var mounted = new MountedMembers(files, 0, 1, 2))
        {
            mounted.Play(50);
            Assert.Equal(Hammer2Error.None, mounted.Members.Demote(files.Paths[1]).Error);
            Assert.Equal((2, 2), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Synced.Count));
            for (int round = 0; round < 3; round++)
            {
                mounted.Play(50);
                PresentNode slave = mounted.Pfs.Nodes[1];
                Assert.Equal(Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(slave, () => false));
                Assert.Equal(NodeState.Passive, slave.State);
                Chain shown = mounted.Pfs.Nodes[0].Root;
                Assert.Equal(shown.Reference.ModifyTid, slave.Root.Reference.ModifyTid);
                Assert.Equal((byte)PfsType.Slave, slave.Root.Meta.PfsRole);
            }
            mounted.Play(50);
        }
        files.AssertClean();
        using (var mounted = new MountedMembers(files, 0, 1, 2))
        {
            mounted.Play(50);
            Assert.Equal(Hammer2Error.Invalid, mounted.Members.Promote(files.Paths[0]).Error);
            Assert.Equal(Hammer2Error.None, mounted.Members.Promote(files.Paths[1]).Error);
            mounted.Play(50);
            Assert.Equal(
                Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(mounted.Pfs.Nodes[1], () => false));
            Assert.Equal((3, 3), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Synced.Count));
        }
        using var again = new MountedMembers(files, 0, 1);
        Assert.Equal(2, again.Pfs.View.Synced.Count);
    }

    [Fact]
    public void Snapshots_are_copied_to_a_node_that_joined_and_share_what_they_shared()
    {
        using var files = new MemberFiles(nodes: 1);
        using (var mounted = new MountedMembers(files, 0))
        {
            for (int number = 0; number < 4; number++)
            {
                mounted.Play(40);
                mounted.Snapshot($"s{number}");
            }
            mounted.Play(40);
            files.Join(1);
            mounted.Attach(1);
            Assert.Equal(Hammer2Error.Invalid, mounted.Members.CopySnapshots("7", () => false, out _).Error);
            // One that is interrupted goes on where it was.
            int asked = 0;
            Assert.Equal(Hammer2Error.Interrupted,
                mounted.Members.CopySnapshots(files.Paths[1], () => asked++ == 2, out int first).Error);
            Assert.Equal(Hammer2Error.None,
                mounted.Members.CopySnapshots(files.Paths[1], () => false, out int second).Error);
            Assert.InRange(first, 1, 3);
            Assert.Equal(4, first + second);
            Assert.Equal(Hammer2Error.None,
                mounted.Members.CopySnapshots(files.Paths[1], () => false, out int none).Error);
            Assert.Equal(0, none);
            // All of it is used again by what bulkfree leaves alone.
            mounted.Play(20);
            Assert.Equal(Hammer2Error.None, mounted.Members.Detach(files.Paths[0]).Error);
        }
        files.AssertClean();
        for (int number = 0; number < 4; number++)
        {
            string[] trees = [.. (from node in new[] { 0, 1 } select files.ListingOf(node, $"s{number}"))];
            Assert.NotEqual("", trees[0]);
            Assert.Equal(trees[0], trees[1]);
        }
        Assert.InRange(files.AllocatedOf(1), 0, files.AllocatedOf(0) * 105 / 100);
    }

    [Fact]
    public void A_cluster_is_adopted_with_all_of_its_masters()
    {
        using var files = new MemberFiles(nodes: 3);
        ToolRun run = ToolRun.Execute("cluster", "adopt", $"{files.Paths[0]}@{Label}", files.Paths[1]);
        Assert.True(run.ExitCode != 0 && run.ToString().Contains("2 of 3 masters", StringComparison.Ordinal), $"{run}");
        run = ToolRun.Execute("cluster", "adopt", $"{files.Paths[0]}@{Label}", files.Paths[1], files.Paths[2]);
        Assert.True(run.ExitCode == 0, run.ToString());
        using (var mounted = new MountedMembers(files, 0, 2))
        {
            Assert.Equal((3, 2), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Quorum));
            mounted.Play(20);
        }
        run = ToolRun.Execute("cluster", "adopt", "--masters", "2", $"{files.Paths[0]}@{Label}", files.Paths[1]);
        Assert.NotEqual(0, run.ExitCode);
        files.AssertClean();
    }

    [Fact]
    public void When_a_majority_is_lost_the_rest_goes_on_by_force_and_what_is_lost_never_votes_again()
    {
        using var files = new MemberFiles(nodes: 3);
        using (var mounted = new MountedMembers(files, 0, 1, 2)) mounted.Play(50);
        Assert.Throws<PfsException>(() => new MountedMembers(files, 2));
        ToolRun run = ToolRun.Execute("cluster", "resolve", "--force-members", $"{files.Paths[2]}@{Label}");
        Assert.True(run.ExitCode == 0, run.ToString());
        using (var mounted = new MountedMembers(files, 2))
        {
            Assert.Equal((1, 1), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Quorum));
            mounted.Play(50);
        }
        // The two others are a majority by their own list, but not beside one who knows better.
        using (var mounted = new MountedMembers(files, 0, 1, 2))
        {
            Assert.Equal([NodeState.Passive, NodeState.Passive, NodeState.Synced],
                mounted.Pfs.Nodes.Select(node => node.State));
            mounted.Play(20);
        }
        files.AssertClean();
    }

    [Fact]
    public void A_split_is_resolved_by_the_side_that_is_kept_and_the_other_one_is_kept_as_a_snapshot()
    {
        using var files = new MemberFiles(nodes: 2);
        using (var mounted = new MountedMembers(files, 0, 1)) mounted.Play(50);
        foreach (int node in (int[])[0, 1])
        {
            // Each is told that the other one is lost, which is not so.
            ToolRun forced = ToolRun.Execute("cluster", "resolve", "--force-members", $"{files.Paths[node]}@{Label}");
            Assert.True(forced.ExitCode == 0, forced.ToString());
            using var alone = new MountedMembers(files, node);
            alone.Play(30);
        }
        ToolRun run = ToolRun.Execute("cluster", "resolve", "--keep", files.Paths[0], $"{files.Paths[0]}@{Label}",
            files.Paths[1]);
        Assert.True(run.ExitCode == 0, run.ToString());
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            PresentNode other = mounted.Pfs.Nodes.Single(node => node.State == NodeState.Stale);
            Assert.Equal(files.Paths[1], other.Name);
            Assert.Equal(Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(other, () => false));
            Assert.Equal((2, 2), (mounted.Pfs.View.Record!.Masters, mounted.Pfs.View.Synced.Count));
            mounted.Play(20);
        }
        Assert.Contains(Label + ".kept.", ToolRun.Execute("pfs-list", files.Paths[1]).ToString(),
            StringComparison.Ordinal);
        files.AssertClean();
    }
}
