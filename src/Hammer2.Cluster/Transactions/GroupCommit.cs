// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Commits a frozen group on every synced node, in two phases: each node's blocks, made durable; then each node's
/// volume header. A node that fails is fenced.
/// </summary>
/// <remarks>
/// A crash between headers leaves nodes at this commit or the one before, and never more than a minority at a commit
/// that was acknowledged elsewhere. What a group contains that no node can read leaves it, with all that depends on
/// it. One commit of a PFS at a time.
/// </remarks>
internal sealed class GroupCommit
{
    private readonly ClusterNodes _nodes;
    private readonly BlockWriteBack _writeBack;
    private readonly NodeFencing _fencing;
    private readonly FailStop _failStop;
    private readonly INodeRunner _runner;
    private readonly GroupReversal _reversal;

    public GroupCommit(
        ClusterNodes nodes, BlockWriteBack writeBack, NodeFencing fencing, FailStop failStop, INodeRunner runner,
        GroupReversal reversal)
    {
        _nodes = nodes;
        _writeBack = writeBack;
        _fencing = fencing;
        _failStop = failStop;
        _runner = runner;
        _reversal = reversal;
    }

    /// <summary>Commits a group; an empty one writes the PFS root alone.</summary>
    /// <param name="group">Afterwards as it was committed: without the inodes that could not be.</param>
    /// <returns>None; what kept it from a quorum of nodes, or an exception's Internal: the PFS must stop, or is
    /// stopped.</returns>
    public Hammer2Error Write(ref SyncingGroup group)
    {
        _writeBack.WriteGroup(group.Inodes);
        if (_failStop.IsStopped) return _failStop.Reason;
        if (!_fencing.CheckQuorum()) return _fencing.Errors;
        bool isEmpty = group.Inodes.Count == 0;
        List<UnreadableInode> unreadable = FindUninstalled(group);
        while (true)
        {
            if (unreadable.Count > 0) group = _reversal.Without(group, unreadable);
            if (group.Inodes.Count == 0 && !isEmpty) return Hammer2Error.None;
            ClusterView view = _nodes.View;
            using CommitTurn turn = EnterTurns(view);
            List<NodeCommit> commits = BeginAttempt(view, group);
            Hammer2Error errors = OnEachNode(commits, static commit => commit.Build());
            if (_failStop.IsStopped) return _failStop.Reason;
            if (!_fencing.CheckQuorum()) return errors;
            unreadable = EndAttempt(commits);
            if (unreadable.Count == 0) return WriteHeaders(commits, errors);
        }
    }

    private static CommitTurn EnterTurns(ClusterView view)
    {
        var committers = new List<MediaCommitter?>();
        foreach (PresentNode node in view.Synced) committers.Add(node.Device.Committer);
        return CommitTurn.Enter(committers);
    }

    private List<NodeCommit> BeginAttempt(ClusterView view, SyncingGroup group)
    {
        var commits = new List<NodeCommit>();
        foreach (PresentNode node in view.Synced) commits.Add(new NodeCommit(_nodes, view, node, group));
        return commits;
    }

    // Nothing is prepared on any node as long as one cannot have all of the group.
    private List<UnreadableInode> EndAttempt(List<NodeCommit> commits)
    {
        var unreadable = new List<UnreadableInode>();
        foreach (NodeCommit commit in commits)
        {
            if (!commit.Node.IsSynced) continue;
            unreadable.AddRange(commit.Unreadable);
            if (commit.RestoredTotal > 0) MountLog.Restored(_nodes.Logger, commit.Node.Name, commit.RestoredTotal);
        }
        if (unreadable.Count > 0) _ = OnEachNode(commits, static commit => commit.Abandon());
        return unreadable;
    }

    private static List<UnreadableInode> FindUninstalled(SyncingGroup group)
    {
        var found = new List<UnreadableInode>();
        foreach (FrozenInode image in group.Inodes)
            if (image.Below is not null) found.Add(new UnreadableInode(image, Hammer2Error.Io));
        return found;
    }

    private Hammer2Error WriteHeaders(List<NodeCommit> commits, Hammer2Error errors)
    {
        errors |= OnEachNode(commits, static commit => commit.Prepare());
        if (_failStop.IsStopped) return _failStop.Reason;
        if (!_fencing.CheckQuorum()) return errors;
        errors |= OnEachNode(commits, static commit => commit.Finish());
        if (_failStop.IsStopped) return _failStop.Reason;
        return _fencing.CheckQuorum() ? Hammer2Error.None : errors;
    }

    private Hammer2Error OnEachNode(List<NodeCommit> commits, Func<NodeCommit, Hammer2Error> step)
    {
        var errors = new Hammer2Error[commits.Count];
        var steps = new List<NodeStep>();
        for (int i = 0; i < commits.Count; i++)
        {
            NodeCommit commit = commits[i];
            if (!commit.Node.IsSynced) continue;
            int index = i;
            string name = $"commit {commit.Node.Name}";
            steps.Add(new NodeStep(name, () => errors[index] = _failStop.Run(name, commit, step)));
        }
        _runner.RunAll(steps);
        Hammer2Error all = Hammer2Error.None;
        for (int i = 0; i < errors.Length; i++)
        {
            if (errors[i] == Hammer2Error.None) continue;
            all |= errors[i];
            // An exception stopped the PFS: nothing is written any more, and the node may still be read.
            if (errors[i] != Hammer2Error.Internal) _ = _fencing.Fence(commits[i].Node, errors[i]);
        }
        return all;
    }
}
