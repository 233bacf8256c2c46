// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Steps run on every synced node; a node that fails one is fenced, and an exception is no node's
/// fault.</summary>
public sealed class NodeStepsTests : IDisposable
{
    private readonly MemoryBlockDevice[] _disks = NewVolume.ClusterInMemory(3);
    private readonly ClusterMount _mount;
    private readonly FailStop _failStop = new(NullLogger.Instance, "test", new QuorumPolicySetting());
    private readonly NodeThreads _threads = new();
    private readonly NodeSteps _steps;
    private readonly List<NodeCommit> _commits = [];

    public NodeStepsTests()
    {
        _mount = RecordedScript.Mount(_disks, NewVolume.ClusterLabel);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        ClusterNodes nodes = _mount.Pfs.ClusterNodes;
        _steps = new NodeSteps(_threads, new NodeFencing(nodes, _failStop), _failStop);
        var group = new SyncingGroup([], Ids: default, LastInum: 0, ReservedBytes: 0, HasOrphans: false);
        foreach (PresentNode node in nodes.View.Nodes)
            _commits.Add(new NodeCommit(node, group, new SiblingLeaves(nodes, nodes.View, node)));
    }

    public void Dispose()
    {
        _threads.Dispose();
        _mount.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    [Fact]
    public void A_node_that_fails_a_step_is_fenced_and_takes_no_further_one()
    {
        Assert.Equal([0, 1, 2], Run(slot => slot == 1 ? Hammer2Error.Io : Hammer2Error.None));
        Assert.Equal([true, false, true], _commits.Select(commit => commit.Node.IsSynced));
        Assert.Equal([0, 2], Run(_ => Hammer2Error.None));
        Assert.False(_failStop.IsStopped);
    }

    [Fact]
    public void An_exception_stops_the_PFS_and_fences_no_node()
    {
        Assert.Equal([0, 1, 2], Run(slot => slot == 2 ? throw new InvalidOperationException() : Hammer2Error.None));
        Assert.Equal(Hammer2Error.Internal, _failStop.Reason);
        Assert.All(_commits, commit => Assert.True(commit.Node.IsSynced));
    }

    // The slots whose step ran.
    private IEnumerable<int> Run(Func<int, Hammer2Error> step)
    {
        var ran = new List<int>();
        var ranLock = new Lock();
        _steps.RunAll(_commits, commit =>
        {
            lock (ranLock) ran.Add(commit.Node.Slot);
            return step(commit.Node.Slot);
        });
        return ran.Order();
    }
}
