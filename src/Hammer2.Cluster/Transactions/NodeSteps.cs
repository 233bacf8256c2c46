// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Runs a step of a commit on all of its nodes side by side, and fences the nodes that fail it.</summary>
internal sealed class NodeSteps
{
    private readonly INodeRunner _runner;
    private readonly NodeFencing _fencing;
    private readonly FailStop _failStop;

    public NodeSteps(INodeRunner runner, NodeFencing fencing, FailStop failStop)
    {
        _runner = runner;
        _fencing = fencing;
        _failStop = failStop;
    }

    /// <summary>Runs a step on every node that is still synced, and returns when the last one is done. Whether enough
    /// nodes are left is asked of <see cref="NodeFencing.MayCommit"/> afterwards.</summary>
    /// <param name="commits">The nodes' parts of one commit.</param>
    /// <param name="step">The step. An exception stops the PFS; the node is not fenced then.</param>
    public void RunAll(IReadOnlyList<NodeCommit> commits, Func<NodeCommit, Hammer2Error> step)
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
        for (int i = 0; i < errors.Length; i++)
        {
            // An exception stopped the PFS: nothing is written any more, and the node may still be read.
            if (errors[i] is Hammer2Error.None or Hammer2Error.Internal) continue;
            _ = _fencing.Fence(commits[i].Node, errors[i]);
        }
    }
}
