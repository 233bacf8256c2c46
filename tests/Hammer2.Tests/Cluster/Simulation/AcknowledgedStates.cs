// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>The states that a mount may show: the one that was acknowledged last, and each that was attempted since;
/// once fsync was called on single objects, also what <see cref="ObjectHistory"/> allows.</summary>
internal sealed class AcknowledgedStates
{
    private readonly List<ModelNode> _states = [];
    private readonly Dictionary<ulong, int> _objects = [];
    private bool _isPartial;

    /// <summary>The last state.</summary>
    public ModelNode Last => _states[^1];

    /// <summary>What was acknowledged last, as a whole.</summary>
    public ModelNode Acknowledged => _states[0];

    /// <summary>Records a state that was attempted.</summary>
    public void Record(ModelNode root) => _states.Add(ModelCopy.Of(root));

    /// <summary>All states so far are durable, and what came before the last one is past.</summary>
    public void Acknowledge()
    {
        _states.RemoveRange(0, _states.Count - 1);
        ForgetObjects();
    }

    /// <summary>A single object is going to be made durable, with what depends on it.</summary>
    public void BeginObject() => _isPartial = true;

    /// <summary>It is.</summary>
    public void AcknowledgeObject(ulong inum) => _objects[inum] = _states.Count - 1;

    /// <summary>Finds the state that a mount shows.</summary>
    /// <param name="ops">The mount.</param>
    /// <param name="state">The state; null when it may not be shown.</param>
    /// <returns>Why it may not be shown; null when it may.</returns>
    public string? Find(VnodeOps ops, out ModelNode? state)
    {
        state = null;
        if (_isPartial) return FindPartial(ops, out state);
        string listing = TreeListing.Of(ops, Last.Inum), flags = NumbersAndFlagsOf(ops, Last.Inum);
        for (int i = _states.Count - 1; i >= 0 && state is null; i--)
            if (TreeListing.Of(_states[i]) == listing && NumbersAndFlagsOf(_states[i]) == flags) state = _states[i];
        return state is not null
            ? null : "lost or never written: " + TreeListing.Difference(TreeListing.Of(Acknowledged), listing);
    }

    /// <summary>Goes on from one of the states.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isDurable">False when the others may still be found later.</param>
    public void GoOnFrom(ModelNode state, bool isDurable)
    {
        if (isDurable)
        {
            _states.Clear();
            ForgetObjects();
        }
        _states.Add(state);
    }

    private void ForgetObjects()
    {
        _objects.Clear();
        _isPartial = false;
    }

    private string? FindPartial(VnodeOps ops, out ModelNode? state)
    {
        state = null;
        Dictionary<ulong, string> found = ObjectListing.Of(ops, Last.Inum);
        var history = new ObjectHistory();
        foreach (ModelNode known in _states) history.Record(known);
        if (history.Judge(found, _states.Count - 1, inum => _objects.GetValueOrDefault(inum)) is { } breach)
            return breach;
        state = Compose(Last.Inum, found, VersionsOf(_states), []);
        return null;
    }

    // Each object as it was in some state: its listing has the numbers of what it names.
    private static Dictionary<(ulong, string), ModelNode> VersionsOf(IEnumerable<ModelNode> states)
    {
        var versions = new Dictionary<(ulong, string), ModelNode>();
        foreach (ModelNode state in states)
        {
            Dictionary<ulong, string> listing = ObjectListing.Of(state);
            foreach (ModelNode node in NodesOf(state)) versions[(node.Inum, listing[node.Inum])] = node;
        }
        return versions;
    }

    private static ModelNode Compose(ulong inum, Dictionary<ulong, string> found,
        Dictionary<(ulong, string), ModelNode> versions, Dictionary<ulong, ModelNode> made)
    {
        // An object with several names is one.
        if (made.TryGetValue(inum, out ModelNode? known)) return known;
        ModelNode version = versions[(inum, found[inum])];
        ModelNode node = made[inum] = version.CopyAlone();
        foreach ((string name, ModelNode child) in version.Names)
            node.Names.Add(name, Compose(child.Inum, found, versions, made));
        return node;
    }

    private static IEnumerable<ModelNode> NodesOf(ModelNode node) =>
        node.Names.Values.SelectMany(NodesOf).Append(node);

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
