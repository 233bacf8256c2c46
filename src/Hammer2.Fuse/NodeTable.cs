// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
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
    private int _possibleOrphansTotal;              // entries with MayBeOrphan

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
            CollectionsMarshal.GetValueRefOrAddDefault(shard.Nodes, node, out _).References++;
    }

    /// <summary>Drops references on a FORGET of the kernel.</summary>
    /// <returns>True when no reference is left of an object that may be an orphan.</returns>
    public bool Drop(ulong node, ulong references)
    {
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope())
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(shard.Nodes, node);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry)) return false;
            if (entry.References > references)
            {
                entry.References -= references;
                return false;
            }
            bool mayBeOrphan = entry.MayBeOrphan;
            _ = shard.Nodes.Remove(node);
            if (mayBeOrphan) _ = Interlocked.Decrement(ref _possibleOrphansTotal);
            return mayBeOrphan;
        }
    }

    /// <summary>Marks an object that lost a link, or was created without one.</summary>
    /// <returns>True when the kernel has no reference to the object.</returns>
    public bool MarkPossibleOrphan(ulong node)
    {
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope())
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(shard.Nodes, node);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry)) return true;
            if (!entry.MayBeOrphan) _ = Interlocked.Increment(ref _possibleOrphansTotal);
            entry.MayBeOrphan = true;
            return false;
        }
    }

    /// <summary>True for an object that lost a link, or was created without one, and that the kernel
    /// references.</summary>
    public bool MayBeOrphan(ulong node)
    {
        if (Volatile.Read(ref _possibleOrphansTotal) == 0) return false;
        Shard shard = ShardOf(node);
        using (shard.NodesLock.EnterScope()) return shard.Nodes.TryGetValue(node, out Entry entry) && entry.MayBeOrphan;
    }

    /// <summary>Calls a function with each object that the kernel references; with those that come meanwhile or
    /// not.</summary>
    public void ForEach(Action<ulong> visit)
    {
        foreach (Shard shard in _shards)
        {
            ulong[] nodes;
            using (shard.NodesLock.EnterScope()) nodes = [.. shard.Nodes.Keys];
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
                foreach ((ulong node, Entry entry) in shard.Nodes)
                    if (entry.MayBeOrphan) orphans.Add(node);
                shard.Nodes.Clear();
            }
        }
        return orphans;
    }

    // Inode numbers are allocated in order, so that their low bits spread evenly.
    private Shard ShardOf(ulong node) => _shards[node % ShardsTotal];

    private struct Entry
    {
        public ulong References;
        public bool MayBeOrphan;
    }

    private sealed class Shard
    {
        public readonly RankedLock NodesLock = new(LockRank.NodeTable);
        public readonly Dictionary<ulong, Entry> Nodes = [];
    }
}
