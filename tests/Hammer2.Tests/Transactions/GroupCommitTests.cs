// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Cluster;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>A commit counts only when a quorum of nodes has it, whichever PFS fenced the others.</summary>
public sealed class GroupCommitTests
{
    // As when another PFS on these devices fences them while no step of this commit fails.
    [Theory, InlineData(1), InlineData(2)]
    public void A_quorum_that_is_lost_between_steps_is_no_success(int stepsBefore)
    {
        MemoryBlockDevice[] disks = NewVolume.ClusterInMemory(3);
        using (ClusterMount mount = RecordedScript.Mount(disks, NewVolume.ClusterLabel))
        {
            var runner = new FencingRunner(mount.Pfs);
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(new PfsWriteOptions { Runner = runner }));
            TestCluster.Make(mount, "before");
            runner.StepsLeft = stepsBefore;
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            Assert.Equal(Errno.None, ops.Create(
                VnodeOps.RootInum, "after"u8, new NewObject(ObjectType.RegularFile, UnixMode.O644),
                new Credentials(0, 0), out _));
            Assert.Equal(Errno.EIO, ops.Sync());
            Assert.Equal(Hammer2Error.NoQuorum, mount.Pfs.Writer!.StopReason);
        }
        using (ClusterMount mount = RecordedScript.Mount(disks, NewVolume.ClusterLabel))
            Assert.Equal((true, false), (TestCluster.Shows(mount, "before"), TestCluster.Shows(mount, "after")));
        foreach (MemoryBlockDevice disk in disks) disk.Dispose();
    }

    /// <summary>Runs steps one by one, and fences two of three nodes after some of them.</summary>
    private sealed class FencingRunner(Pfs pfs) : INodeRunner
    {
        public int StepsLeft { get; set; } = int.MaxValue;

        public void RunAll(IReadOnlyList<NodeStep> steps)
        {
            foreach (NodeStep step in steps) step.Run();
            if (--StepsLeft != 0) return;
            foreach (PresentNode node in pfs.View.Nodes.Take(2)) Assert.True(node.TryFence());
        }
    }
}
