// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;

namespace Hammer2.Fuse;

/// <summary>
/// Lookup counts of the objects that the kernel has looked up and not forgotten, and which of them may be orphans: an
/// orphan is deleted when its lookup count reaches zero. An open file holds one reference.
/// </summary>
/// <remarks>
/// FORGET usually drops all references of an object, but may drop only some, so they are counted from the first lookup
/// on. Locks: rank 80, leaves, one for each shard.
/// </remarks>
internal sealed class NodeTable
{
    private const int ShardsTotal = 64;
    private const ulong RootNode = 1;               // lives as long as the mount

    private readonly Shard[] _shards = new Shard[ShardsTotal];
    private int _possibleOrphansTotal;              // in all shards

    /// <summary>An empty table.</summary>
    public NodeTable()
    {
        for (int shard = 0; shard < ShardsTotal; shard++) _shards[shard] = new Shard();
    }

    /// <summary>Adds one reference, before a reply that makes the kernel look up an object.</summary>
    public void Add(ulong node)
    {
        if (node == RootNode) return;
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope())
            shard.References.Add(node);
    }

    /// <summary>Drops references on a FORGET of the kernel.</summary>
    /// <returns>True when no reference is left of an object that may be an orphan.</returns>
    public bool Drop(ulong node, ulong references)
    {
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope())
        {
            if (!shard.References.Drop(node, references) || !shard.PossibleOrphans.Remove(node)) return false;
            _ = Interlocked.Decrement(ref _possibleOrphansTotal);
            return true;
        }
    }

    /// <summary>Marks an object that lost a link, or was created without one.</summary>
    /// <returns>True when the kernel has no reference to the object.</returns>
    public bool MarkPossibleOrphan(ulong node)
    {
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope())
        {
            if (!shard.References.Has(node)) return true;
            if (shard.PossibleOrphans.Add(node)) _ = Interlocked.Increment(ref _possibleOrphansTotal);
            return false;
        }
    }

    /// <summary>True for an object that lost a link, or was created without one, and that the kernel
    /// references.</summary>
    public bool MayBeOrphan(ulong node)
    {
        if (Volatile.Read(ref _possibleOrphansTotal) == 0) return false;
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope()) return shard.PossibleOrphans.Contains(node);
    }

    /// <summary>Calls a function with each object that the kernel references; with those that come meanwhile or
    /// not.</summary>
    public void ForEach(Action<ulong> visit)
    {
        foreach (Shard shard in _shards)
        {
            List<ulong> nodes = [];
            using (shard.NodesLock.EnterScope()) shard.References.CopyTo(nodes);
            foreach (ulong node in nodes) visit(node);
        }
    }

    /// <summary>Empties the table after unmounting, which ended all references.</summary>
    /// <returns>The inode numbers of objects that may be orphans.</returns>
    public List<ulong> TakePossibleOrphans()
    {
        var orphans = new List<ulong>();
        Volatile.Write(ref _possibleOrphansTotal, 0);
        foreach (Shard shard in _shards)
        {
            using (shard.NodesLock.EnterScope())
            {
                orphans.AddRange(shard.PossibleOrphans);
                shard.PossibleOrphans.Clear();
                shard.References.Clear();
            }
        }
        return orphans;
    }

    // Inode numbers are allocated in order, so that these bits spread evenly.
    private Shard ShardOf(ulong node) => _shards[(node >> NodeReferences.NeighboursRadix) % ShardsTotal];

    private sealed class Shard
    {
        public readonly RankedLock NodesLock = new(LockRank.NodeTable);
        public readonly NodeReferences References = new();
        public readonly HashSet<ulong> PossibleOrphans = []; // with references
    }
}
