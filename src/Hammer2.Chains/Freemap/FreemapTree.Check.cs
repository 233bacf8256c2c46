// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

// Comparing what is on media with its check codes, and replacing what cannot be read.
internal sealed partial class FreemapTree
{
    // 2 MiB of memory.
    private const ulong KeptLeavesMax = 64;

    // Nodes of this level have leaves below.
    private const int LevelAboveLeaves = FreemapGeometry.LevelLeaf + 1;

    /// <summary>True when there are so few leaves that all of them are read at first, and stay in memory.</summary>
    public bool KeepsLeaves => FreemapGeometry.LeavesTotal(_totalBytes) <= KeptLeavesMax;

    /// <summary>The references, as they were, to blocks that could not be read and were replaced; until the caller
    /// removes them.</summary>
    public List<Blockref> Lost { get; } = [];

    /// <summary>Gives a leaf that cannot be read entries in which everything is allocated: it is not known what is
    /// free. It is written by the next commit.</summary>
    /// <remarks>It is not in memory, so that it has no changes since it was written.</remarks>
    public void Replace(FreemapLeaf leaf)
    {
        Invariant.Holds(!leaf.IsLoaded && !leaf.IsDirty);
        Lost.Add(leaf.Reference);
        if (leaf.IsCounted) Known -= leaf.Free;
        else _unseen--;
        leaf.FillAllocated(_allocatorBegin, _totalBytes);
        MarkDirty(leaf);
    }

    /// <summary>Compares the nodes on media with their check codes; one that cannot be read is written anew, since
    /// they are all in memory.</summary>
    public FreemapFindings CheckNodes()
    {
        ulong checkedBytes = 0;
        long faults = 0;
        CheckNodes(_root, ref checkedBytes, ref faults);
        return new FreemapFindings(checkedBytes, faults, 0);
    }

    /// <summary>Compares a leaf on media with its check code. One that cannot be read is written anew: from memory, or
    /// with everything in it allocated.</summary>
    public FreemapFindings CheckLeaf(ulong key)
    {
        FreemapLeaf leaf = _leaves[key];
        // What is to be written next is right, also if what is on media is not.
        if (leaf.IsDirty) return default;
        bool isWhole = ReadBlock(leaf.Reference, new byte[FreemapGeometry.BlockBytes]) == Hammer2Error.None;
        if (isWhole) return new FreemapFindings(FreemapGeometry.BlockBytes, 0, 0);
        bool isReplaced = !leaf.IsLoaded;
        if (isReplaced) Replace(leaf);
        else MarkDirty(leaf);
        return new FreemapFindings(FreemapGeometry.BlockBytes, 1, isReplaced ? 1 : 0);
    }

    private void CheckNodes(FreemapNode node, ref ulong checkedBytes, ref long faults)
    {
        foreach (FreemapBlock child in node.Children.Values)
        {
            if (child is not FreemapNode below) continue;
            CheckNodes(below, ref checkedBytes, ref faults);
            if (below.IsDirty) continue;
            checkedBytes += FreemapGeometry.BlockBytes;
            if (ReadBlock(below.Reference, new byte[FreemapGeometry.BlockBytes]) == Hammer2Error.None) continue;
            faults++;
            _root.MarkPathDirty(below.Reference.Key);
        }
    }

    // Which leaves there were below a node that cannot be read is not known, nor where: new ones for all of its space.
    // Nodes of higher levels have more below than is held in memory.
    private bool TryReplaceBelow(FreemapNode node)
    {
        Blockref lost = node.Reference;
        if (lost.KeyBits != FreemapGeometry.KeyBitsOf(LevelAboveLeaves)) return false;
        ulong end = Math.Min(lost.KeyEnd, _totalBytes - 1);
        for (ulong key = lost.Key; key <= end; key += Media.ZoneBytes)
        {
            var leaf = FreemapLeaf.Create(key, _allocatorBegin, _totalBytes);
            leaf.FillAllocated(_allocatorBegin, _totalBytes);
            if (!_leaves.TryAdd(key, leaf)) return false;
            node.Children.Add(key, leaf);
        }
        Lost.Add(lost);
        node.IsDirty = true;
        return true;
    }
}
