// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Commits;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// One attempt to commit a group on every synced node of a view, step by step: built, then abandoned or prepared and
/// finished. It has the turn of each device from its beginning to its end.
/// </summary>
/// <remarks>Used by one thread.</remarks>
internal sealed class CommitAttempt : IDisposable
{
    private readonly ClusterNodes _nodes;
    private readonly NodeSteps _steps;
    private readonly ClusterView _view;
    private readonly CommitTurn _turn;
    private readonly List<NodeCommit> _commits = [];

    /// <summary>Waits for the turns of the devices.</summary>
    public CommitAttempt(ClusterNodes nodes, NodeSteps steps)
    {
        _nodes = nodes;
        _steps = steps;
        _view = nodes.View;
        var committers = new List<MediaCommitter?>();
        foreach (PresentNode node in _view.Synced) committers.Add(node.Device.Committer);
        _turn = CommitTurn.Enter(committers);
    }

    /// <summary>Writes the blocks of a group on each node. Nothing leads to them yet.</summary>
    public void Build(SyncingGroup group)
    {
        foreach (PresentNode node in _view.Synced)
            _commits.Add(new NodeCommit(node, group, new SiblingLeaves(_nodes, _view, node)));
        _steps.RunAll(_commits, static commit => commit.Build());
    }

    /// <summary>The inodes that a node cannot write since it cannot read a block, after <see cref="Build"/>. As long as
    /// there are any, nothing may be prepared on any node.</summary>
    public List<UnreadableInode> FindUnreadable()
    {
        var unreadable = new List<UnreadableInode>();
        foreach (NodeCommit commit in _commits)
        {
            if (!commit.Node.IsSynced) continue;
            unreadable.AddRange(commit.Unreadable);
            if (commit.RestoredTotal > 0) MountLog.Restored(_nodes.Logger, commit.Node.Name, commit.RestoredTotal);
        }
        return unreadable;
    }

    /// <summary>Frees the space of what was built.</summary>
    public void Abandon() => _steps.RunAll(_commits, static commit => commit.Abandon());

    /// <summary>Makes what was built durable on each node.</summary>
    public void Prepare() => _steps.RunAll(_commits, static commit => commit.Prepare());

    /// <summary>Writes the header of each node, by which the commit counts.</summary>
    public void Finish() => _steps.RunAll(_commits, static commit => commit.Finish());

    /// <summary>Gives the turns of the devices to the next commit.</summary>
    public void Dispose() => _turn.Dispose();
}
