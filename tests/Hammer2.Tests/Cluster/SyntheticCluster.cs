// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Chains;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>
/// One object with equal leaves on several nodes, below trees whose shapes differ, with damage that is drawn for each
/// node; and what a reader must see of it.
/// </summary>
internal sealed class SyntheticCluster : IDisposable
{
    private readonly List<(ulong First, ulong Last)>[] _hidden;

    /// <summary>Grows the trees.</summary>
    /// <param name="random">Draws everything.</param>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="kind">What the leaves are.</param>
    /// <param name="keys">In order.</param>
    /// <param name="size">Size of the object, in bytes.</param>
    public SyntheticCluster(SeededRandom random, int nodes, LeafKind kind, List<ulong> keys, ulong size = 0)
        : this([.. Enumerable.Range(0, nodes).Select(node => SyntheticTree.Grow(
            random, kind, keys, size, memoryBytes: 1, filesystem: (uint)node + 1))])
    {
    }

    /// <summary>One tree a node.</summary>
    public SyntheticCluster(SyntheticTree[] trees)
    {
        Trees = trees;
        int nodes = trees.Length;
        var members = new List<NodeMember>();
        var facts = new NodeFacts(NodeRole.Master, new CommitPoint(1, 0), StampState.None, nodes);
        for (int slot = 0; slot < nodes; slot++)
        {
            Assert.Equal(Hammer2Error.None, SyntheticTree.LoadTop(Trees[slot].Device, out Chain? top));
            members.Add(new PresentNode(slot, new PfsEntry(Trees[slot].Device, top!), NodeState.Synced, facts));
        }
        ClusterView view = ClusterView.Of([.. members], (nodes / 2) + 1);
        var decided = QuorumResolver.Resolve([.. Enumerable.Repeat(facts, nodes)]);
        Pfs = new Pfs([(byte)'X'], view, decided, NullLogger.Instance);
        Keys = trees[0].Keys;
        _hidden = [.. Enumerable.Range(0, nodes).Select(_ => new List<(ulong, ulong)>())];
    }

    public SyntheticTree[] Trees { get; }

    public Pfs Pfs { get; }

    public List<ulong> Keys { get; }

    /// <summary>The object as it is seen with one node as its focus.</summary>
    public Inode Seen(int focus) =>
        new(Pfs.ClusterNodes, Pfs.View, Pfs.View[focus], Media.PfsRootInum, Pfs.View[focus].Root);

    /// <summary>Damages some blocks of references of each node but the spared ones.</summary>
    public void Damage(SeededRandom random, int blocksMax, params int[] spared)
    {
        for (int slot = 0; slot < Trees.Length; slot++)
        {
            SyntheticTree tree = Trees[slot];
            if (tree.Checked.Count == 0 || spared.Contains(slot)) continue;
            var victims = new HashSet<int>();
            for (int i = random.Below(blocksMax + 1); i > 0; i--) _ = victims.Add(random.Below(tree.Checked.Count));
            foreach (int victim in victims) tree.Damage(tree.Checked[victim]);
            _hidden[slot] = HiddenOn(slot);
        }
    }

    /// <summary>Damages one block of references of a node.</summary>
    public void Damage(int slot, int block)
    {
        Trees[slot].Damage(Trees[slot].Checked[block]);
        _hidden[slot] = HiddenOn(slot);
    }

    /// <summary>True when a node shows a key by itself.</summary>
    public bool IsShown(int slot, ulong key) =>
        !_hidden[slot].Exists(range => key >= range.First && key <= range.Last);

    /// <summary>The nodes that show a key by themselves.</summary>
    public IEnumerable<int> Showing(ulong key) =>
        Enumerable.Range(0, Trees.Length).Where(slot => IsShown(slot, key));

    public void Dispose()
    {
        foreach (SyntheticTree tree in Trees) tree.Dispose();
    }

    private List<(ulong, ulong)> HiddenOn(int slot)
    {
        var hidden = new List<(ulong, ulong)>();
        var cursor = new ChainCursor(Trees[slot].Device, Pfs.View[slot].Root, 0, ulong.MaxValue);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
            if (error != Hammer2Error.None) hidden.Add((cursor.HiddenFirst, cursor.HiddenLast));
        return hidden;
    }
}
