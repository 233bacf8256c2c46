// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>
/// How often the kernel was told of each object and has not forgotten it, and which of those may have lost
/// their last name: such an object goes when the last reference does, and open files hold one.
/// </summary>
/// <remarks>
/// The kernel mostly forgets an object at once, but gives single references back too, so that they have to be
/// counted from the first lookup on. Locks: rank 80, leaves, one for each shard.
/// </remarks>
internal sealed class NodeTable
{
    private const int ShardsTotal = 64;
    private const ulong RootNode = 1;               // lives as long as the mount

    private readonly Shard[] _shards = new Shard[ShardsTotal];
    private int _namelessTotal;                     // that may be

    /// <summary>An empty table.</summary>
    public NodeTable()
    {
        for (int shard = 0; shard < ShardsTotal; shard++) _shards[shard] = new Shard();
    }

    /// <summary>The kernel is about to be told of an object.</summary>
    public void Add(ulong node)
    {
        if (node == RootNode) return;
        Shard shard = ShardOf(node);
        lock (shard.Gate) CollectionsMarshal.GetValueRefOrAddDefault(shard.Nodes, node, out _).References++;
    }

    /// <summary>The kernel gives references back.</summary>
    /// <returns>True when none is left of an object that may be without a name.</returns>
    public bool Drop(ulong node, ulong references)
    {
        Shard shard = ShardOf(node);
        lock (shard.Gate)
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(shard.Nodes, node);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry)) return false;
            if (entry.References > references)
            {
                entry.References -= references;
                return false;
            }
            bool mayBeNameless = entry.MayBeNameless;
            _ = shard.Nodes.Remove(node);
            if (mayBeNameless) _ = Interlocked.Decrement(ref _namelessTotal);
            return mayBeNameless;
        }
    }

    /// <summary>An object lost a name, or was made without one.</summary>
    /// <returns>True when the kernel has no reference to it.</returns>
    public bool MarkNameless(ulong node)
    {
        Shard shard = ShardOf(node);
        lock (shard.Gate)
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(shard.Nodes, node);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry)) return true;
            if (!entry.MayBeNameless) _ = Interlocked.Increment(ref _namelessTotal);
            entry.MayBeNameless = true;
            return false;
        }
    }

    /// <summary>True for an object that lost a name, or was made without one, and that the kernel knows.</summary>
    public bool MayBeNameless(ulong node)
    {
        if (Volatile.Read(ref _namelessTotal) == 0) return false;
        Shard shard = ShardOf(node);
        lock (shard.Gate) return shard.Nodes.TryGetValue(node, out Entry entry) && entry.MayBeNameless;
    }

    /// <summary>The mount is gone, and all references with it: empties the table.</summary>
    /// <returns>The objects that may be without a name.</returns>
    public List<ulong> TakeNameless()
    {
        var nameless = new List<ulong>();
        Volatile.Write(ref _namelessTotal, 0);
        foreach (Shard shard in _shards)
        {
            lock (shard.Gate)
            {
                foreach ((ulong node, Entry entry) in shard.Nodes)
                    if (entry.MayBeNameless) nameless.Add(node);
                shard.Nodes.Clear();
            }
        }
        return nameless;
    }

    // Numbers are given out in order, so that their low bits spread evenly.
    private Shard ShardOf(ulong node) => _shards[node % ShardsTotal];

    private struct Entry
    {
        public ulong References;
        public bool MayBeNameless;
    }

    private sealed class Shard
    {
        public readonly Lock Gate = new();
        public readonly Dictionary<ulong, Entry> Nodes = [];
    }
}
