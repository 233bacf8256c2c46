// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: a node that its snapshots leave no space for a resynchronization waits, or loses the oldest ones that are
/// neither held nor in use, as the policy says, and becomes equal then; the other nodes lose none.
/// Method: a small node beside larger ones; the checkers on each, and the comparison of all; power that fails at drawn
/// moments. HAMMER2_POWER_CUTS=n tries n cuts in place of 16.
/// </summary>
public sealed class ResyncSnapshotsTests
{
    private const int CutsUsual = 16;

    private static readonly string[] s_all = ["s1", "s2", "s3", "s4"];

    [Fact]
    public void It_waits_as_long_as_snapshots_are_to_be_kept()
    {
        using var node = new FullNode(FullNode.OneTooMany);
        using (OpenedPfses opened = node.Open(deletes: false))
        {
            for (int tries = 0; tries < 2; tries++)
            {
                Assert.Equal(Hammer2Error.NoSpace, Resynchronize(opened));
                Assert.Equal(NodeState.Full, opened.Pfses[0].Nodes[FullNode.Away].State);
                Assert.Equal(s_all, Snapshots(opened, FullNode.Away));
            }
            // The policy can be changed at any time.
            opened.Writers[0].ResyncSnapshots.MayDelete = true;
            Assert.Equal(Hammer2Error.None, Resynchronize(opened));
        }
        FullNode.Judge(node.Disks);
    }

    [Theory]
    [InlineData(FullNode.OneTooMany, "s2", "s3", "s4")]
    [InlineData(FullNode.TwoTooMany, "s3", "s4")]
    public void It_loses_the_oldest_until_there_is_space(int awayBytes, params string[] kept)
    {
        using var node = new FullNode(awayBytes);
        AssertEqualWith(node, kept);
    }

    [Fact]
    public void Held_ones_stay_also_when_the_hold_is_on_the_others_alone()
    {
        using var node = new FullNode(
            FullNode.OneTooMany, static pfses => Assert.Equal(Hammer2Error.None, pfses.Hold("s1"u8, "audit"u8)));
        AssertEqualWith(node, "s1", "s3", "s4");
    }

    [Fact]
    public void Ones_in_use_stay()
    {
        using var node = new FullNode(FullNode.OneTooMany);
        node.Use("s1");
        node.Use("s2");
        AssertEqualWith(node, "s1", "s2", "s4");
    }

    [Fact]
    public void It_waits_when_none_is_left()
    {
        using var node = new FullNode(FullNode.TwoTooMany);
        foreach (string label in (string[])["s1", "s3", "s4"]) node.Use(label);
        using OpenedPfses opened = node.Open(deletes: true);
        Assert.Equal(Hammer2Error.NoSpace, Resynchronize(opened));
        Assert.Equal(NodeState.Full, opened.Pfses[0].Nodes[FullNode.Away].State);
        Assert.Equal(["s1", "s3", "s4"], Snapshots(opened, FullNode.Away));
        Assert.Equal(Hammer2Error.NoSpace, Resynchronize(opened));
        Assert.Equal(1, opened.Writers[0].ResyncSnapshots.DeletedTotal);
    }

    /// <summary>Bulkfree could free nothing.</summary>
    [Fact]
    public void None_is_deleted_while_a_commit_of_its_device_is_pinned()
    {
        using var node = new FullNode(FullNode.OneTooMany);
        using OpenedPfses opened = node.Open(deletes: true);
        PresentNode away = opened.Pfses[0].Nodes[FullNode.Away];
        Assert.Equal(Hammer2Error.None, away.Device.OpenForWriting(TimeProvider.System));
        using (away.Device.Committer!.Pin("a test", TimeSpan.FromHours(1)))
            Assert.Equal(Hammer2Error.NoSpace, Resynchronize(opened));
        Assert.Equal(s_all, Snapshots(opened, FullNode.Away));
        Assert.Equal(Hammer2Error.None, Resynchronize(opened));
    }

    /// <summary>What the node alone holds is kept on it first, which needs space, too.</summary>
    [Fact]
    public void What_another_program_changed_is_kept_before_anything_is_overwritten()
    {
        using var node = new FullNode(awayBytes: 1 << 20);
        ForeignWriter.Commit(node.Disks[FullNode.Away], by: 1);
        using (OpenedPfses opened = node.Open(deletes: false))
        {
            PresentNode away = opened.Pfses[0].Nodes[FullNode.Away];
            Assert.Equal(NodeState.Foreign, away.State);
            // All space is reserved for another PFS, and bulkfree finds none.
            Assert.Equal(Hammer2Error.None, away.Device.OpenForWriting(TimeProvider.System));
            MediaCommitter committer = away.Device.Committer!;
            Assert.Equal(Hammer2Error.None, Bulkfree.Run([committer], default, out _));
            committer.Space.Charge((long)away.Device.FreeBytes - committer.Space.ReserveBytes);
            Assert.Equal(Hammer2Error.NoSpace, Resynchronize(opened));
            Assert.Equal(NodeState.Foreign, away.State);
            opened.Writers[0].ResyncSnapshots.MayDelete = true;
            Assert.Equal(Hammer2Error.None, Resynchronize(opened));
            Assert.Equal(s_all[1..], Snapshots(opened, FullNode.Away));
            Assert.Single(opened.Labels().ElementAt(FullNode.Away),
                static label => label.StartsWith("CL.kept.", StringComparison.Ordinal));
        }
        FullNode.Judge(node.Disks);
    }

    [Fact]
    public void One_that_the_others_have_no_more_is_deleted_in_its_turn()
    {
        using var node = new FullNode(
            FullNode.OneTooMany, static pfses => Assert.Equal(Hammer2Error.None, pfses.Delete("s1"u8, out _)));
        using (OpenedPfses opened = node.Open(deletes: true))
        {
            Assert.Equal(Hammer2Error.None, Resynchronize(opened));
            for (int i = 0; i < node.Disks.Count; i++) Assert.Equal(s_all[1..], Snapshots(opened, i));
        }
        FullNode.Judge(node.Disks);
    }

    [Fact]
    public void What_was_deleted_can_be_copied_back_once_there_is_space()
    {
        using var node = new FullNode(FullNode.OneTooMany);
        using (OpenedPfses opened = node.Open(deletes: true))
        {
            Assert.Equal(Hammer2Error.None, Resynchronize(opened));
            PresentNode away = opened.Pfses[0].Nodes[FullNode.Away];
            Assert.Equal(Errno.None, opened.Ops[0].Unlink(VnodeOps.RootInum, "more"u8, out ulong inum));
            Assert.Equal(Errno.None, opened.Ops[0].Forget(inum));
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
            Assert.Equal(Hammer2Error.None, opened.Writers[0].Reclaim(default, out _));
            Assert.Equal(Hammer2Error.None,
                opened.Writers[0].CopySnapshots(away, static _ => null, static () => false, out int copied));
            Assert.Equal(1, copied);
            Assert.Equal(s_all, Snapshots(opened, FullNode.Away));
        }
        FullNode.Judge(node.Disks);
    }

    [Fact]
    public void Power_that_fails_meanwhile_costs_no_held_one_and_a_later_mount_finishes_it()
    {
        var random = new SeededRandom(11);
        using var node = new FullNode(
            FullNode.TwoTooMany, static pfses => Assert.Equal(Hammer2Error.None, pfses.Hold("s2"u8, "audit"u8)));
        var history = new WriteHistory([.. node.Disks]);
        Dictionary<ulong, string> content;
        int first;
        using (OpenedPfses opened = node.Open(deletes: true, history.Open()))
        {
            content = ObjectListing.Of(opened.Ops[0], VnodeOps.RootInum);
            first = history.Events.Count;
            Assert.Equal(Hammer2Error.None, Resynchronize(opened));
        }
        int cuts = DrawnCuts.CountForScript(1, CutsUsual);
        DrawnCuts.Judge(history, random, first, cuts, "seed 11", (_, devices, place) =>
        {
            using (OpenedPfses opened = node.Open(deletes: true, devices))
            {
                PresentNode away = opened.Pfses[0].Nodes[FullNode.Away];
                if (away.State != NodeState.Synced)
                {
                    Assert.Equal(NodeState.Stale, away.State);
                    Assert.Equal(Hammer2Error.None, Resynchronize(opened));
                }
                Assert.Equal(content, ObjectListing.Of(opened.Ops[0], VnodeOps.RootInum));
                Assert.True(Snapshots(opened, FullNode.Away).SequenceEqual(["s2", "s4"]),
                    $"{place}: {string.Join(' ', Snapshots(opened, FullNode.Away))}");
                foreach (int other in (int[])[0, 2]) Assert.Equal(s_all, Snapshots(opened, other));
            }
            FullNode.Judge(devices);
        });
    }

    private static void AssertEqualWith(FullNode node, params string[] kept)
    {
        using (OpenedPfses opened = node.Open(deletes: true))
        {
            Assert.Equal(Hammer2Error.None, Resynchronize(opened));
            Assert.Equal(node.Disks.Count, opened.Pfses[0].View.Synced.Count);
            Assert.Equal(kept, Snapshots(opened, FullNode.Away));
            Assert.Equal(s_all.Length - kept.Length, opened.Writers[0].ResyncSnapshots.DeletedTotal);
            foreach (int other in (int[])[0, 2]) Assert.Equal(s_all, Snapshots(opened, other));
        }
        FullNode.Judge(node.Disks);
    }

    private static Hammer2Error Resynchronize(OpenedPfses opened) =>
        opened.Writers[0].Resynchronize(opened.Pfses[0].Nodes[FullNode.Away], static () => false);

    private static IEnumerable<string> Snapshots(OpenedPfses opened, int node) =>
        opened.Labels().ElementAt(node).Where(static label => label[0] == 's');
}
