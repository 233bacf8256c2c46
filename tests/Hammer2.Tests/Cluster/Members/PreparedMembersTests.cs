// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Members;

/// <summary>
/// Goal: a node that gets a vote while it is mounted prepares its commits from then on, as those that had one before:
/// a commit of both must not be on one of them alone.
/// Method: nodes in files that have no vote when they are mounted, and what their devices hold afterwards.
/// </summary>
public sealed class PreparedMembersTests
{
    [Fact]
    public void Commits_of_a_sole_master_with_a_slave_are_prepared_as_those_of_two_masters()
    {
        using var files = new MemberFiles(nodes: 2);
        using (var mounted = new MountedMembers(files, 0, 1))
            Assert.Equal(Hammer2Error.None, mounted.Members.Demote(files.Paths[1]).Error);
        // The commit that gives the slave a vote again is one of both.
        using (var mounted = new MountedMembers(files, 0, 1))
            Assert.All(mounted.Pfs.Nodes, node => Assert.True(node.Device.KeepsPreparedRecord));
        using var alone = new MountedMembers(files, 0);
        Assert.True(alone.Pfs.Nodes[0].Device.KeepsPreparedRecord);
    }

    /// <summary>Seed 53069 of the simulation: the only write that failed was that of the new master's header.</summary>
    [Fact]
    public void A_node_that_is_blank_when_it_is_mounted_prepares_its_commits_once_it_votes()
    {
        using var files = new MemberFiles(nodes: 1);
        files.Join(1);
        // The list of nodes has it, but nothing was copied to it.
        using (var mounted = new MountedMembers(files, 0))
            Assert.Equal(Hammer2Error.None, mounted.Members.Attach([files.Paths[1]]).Error);
        using (var mounted = new MountedMembers(files, 0, 1))
        {
            PresentNode node = mounted.Pfs.Nodes.Single(one => one.State == NodeState.Stale);
            Assert.Equal(Hammer2Error.None, mounted.Pfs.Writer!.Resynchronize(node, () => false));
            mounted.Play(20);
        }
        CommitIdentity?[] prepared = [.. files.Paths.Take(2).Select(LastPrepared)];
        Assert.NotNull(prepared[0]);
        Assert.Equal(prepared[0], prepared[1]);
    }

    // Null where the last commit was not prepared.
    private static CommitIdentity? LastPrepared(string path)
    {
        using VolumeSet volumes = MediaSource.Open([path], new MediaSourceOptions(), NullLogger.Instance);
        return PreparedCommitRecord.Read(volumes) is { State: PreparedState.Written } record ? record.Commit : null;
    }
}
