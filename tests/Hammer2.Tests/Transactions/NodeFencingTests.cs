// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Nodes that failed are counted out, and without a quorum nothing is committed.</summary>
public sealed class NodeFencingTests : IDisposable
{
    private readonly MemoryBlockDevice[] _disks = NewVolume.ClusterInMemory(3);
    private readonly ClusterMount _mount;
    private readonly FailStop _failStop = new(NullLogger.Instance, "test", new QuorumPolicySetting());
    private readonly NodeFencing _fencing;

    public NodeFencingTests()
    {
        _mount = RecordedScript.Mount(_disks, NewVolume.ClusterLabel);
        _fencing = new NodeFencing(_mount.Pfs.ClusterNodes, _failStop);
    }

    private PresentNode NodeAt(int slot) => _mount.Pfs.View[slot];

    public void Dispose()
    {
        _mount.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    [Fact]
    public void A_commit_goes_on_while_a_quorum_is_left()
    {
        Assert.True(_fencing.MayCommit(out Hammer2Error reason));
        Assert.True(_fencing.Fence(NodeAt(1), Hammer2Error.Io));
        Assert.False(_fencing.Fence(NodeAt(1), Hammer2Error.NoSpace));
        Assert.False(NodeAt(1).IsSynced);
        Assert.True(_fencing.MayCommit(out reason));
        Assert.Equal(Hammer2Error.None, reason);
        Assert.Equal(Hammer2Error.None, _fencing.HaltWithoutQuorum());
        Assert.False(_failStop.IsStopped);

        Assert.True(_fencing.Fence(NodeAt(0), Hammer2Error.NoSpace));
        Assert.False(_fencing.MayCommit(out reason));
        Assert.Equal(Hammer2Error.Io | Hammer2Error.NoSpace, reason);
        Assert.False(_failStop.IsStopped);
        Assert.Equal(Hammer2Error.Io | Hammer2Error.NoSpace, _fencing.HaltWithoutQuorum());
        Assert.Equal(Hammer2Error.Io | Hammer2Error.NoSpace, _failStop.Reason);
        // It stops once.
        Assert.Equal(Hammer2Error.None, _fencing.HaltWithoutQuorum());
    }

    [Fact]
    public void The_failure_that_takes_the_quorum_away_stops_the_PFS()
    {
        _fencing.FenceAndCheck(NodeAt(2), Hammer2Error.Io);
        Assert.False(_failStop.IsStopped);
        _fencing.FenceAndCheck(NodeAt(0), Hammer2Error.Io);
        Assert.Equal(Hammer2Error.Io, _failStop.Reason);
    }

    [Fact]
    public void A_stopped_PFS_commits_nothing_whatever_its_nodes()
    {
        _failStop.Stop("a test", failure: null);
        Assert.False(_fencing.MayCommit(out Hammer2Error reason));
        Assert.Equal(Hammer2Error.Internal, reason);
    }

    // As while another thread is between fencing a node and saying why.
    [Fact]
    public void A_lost_quorum_has_a_reason_before_it_is_known_what_the_nodes_met()
    {
        Assert.True(NodeAt(0).TryFence());
        Assert.True(NodeAt(1).TryFence());
        Assert.False(_fencing.MayCommit(out Hammer2Error reason));
        Assert.Equal(Hammer2Error.NoQuorum, reason);
        Assert.Equal(Hammer2Error.NoQuorum, _fencing.HaltWithoutQuorum());
    }
}
