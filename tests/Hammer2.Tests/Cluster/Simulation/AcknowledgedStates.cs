// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>The states that a mount may show: the one that was acknowledged last, and each that was attempted
/// since.</summary>
internal sealed class AcknowledgedStates
{
    private readonly List<ModelNode> _states = [];

    /// <summary>The last state.</summary>
    public ModelNode Last => _states[^1];

    /// <summary>What was acknowledged last.</summary>
    public ModelNode Acknowledged => _states[0];

    /// <summary>Records a state that was attempted.</summary>
    public void Record(ModelNode root) => _states.Add(ModelCopy.Of(root));

    /// <summary>All states so far are durable, and what came before the last one is past.</summary>
    public void Acknowledge() => _states.RemoveRange(0, _states.Count - 1);

    /// <summary>Finds the state that a mount shows.</summary>
    /// <returns>Null when it may not be shown.</returns>
    public ModelNode? Find(VnodeOps ops)
    {
        string listing = TreeListing.Of(ops, Last.Inum), flags = NumbersAndFlagsOf(ops, Last.Inum);
        for (int i = _states.Count - 1; i >= 0; i--)
            if (TreeListing.Of(_states[i]) == listing && NumbersAndFlagsOf(_states[i]) == flags) return _states[i];
        return null;
    }

    /// <summary>Goes on from one of the states.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isDurable">False when the others may still be found later.</param>
    public void GoOnFrom(ModelNode state, bool isDurable)
    {
        if (isDurable) _states.Clear();
        _states.Add(state);
    }

    // With the numbers: exchanging two files that are the same but for these is a change, too.
    private static string NumbersAndFlagsOf(ModelNode node) =>
        $"{node.Inum} {node.Flags} {string.Join(' ', node.Names.Values.Select(NumbersAndFlagsOf))}";

    private static string NumbersAndFlagsOf(VnodeOps ops, ulong inum)
    {
        Assert.Equal(Errno.None, ops.GetFlags(inum, out LinuxFileFlags flags));
        Assert.Equal(Errno.None, ops.GetAttributes(inum, out VnodeAttributes at));
        IEnumerable<ulong> below = at.Type == ObjectType.Directory
            ? TreeListing.EntriesOf(ops, inum, "/").Select(entry => entry.Inum) : [];
        return $"{inum} {flags} {string.Join(' ', below.Select(child => NumbersAndFlagsOf(ops, child)))}";
    }
}
