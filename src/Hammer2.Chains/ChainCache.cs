// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// Verified metadata blocks by device and location, bounded in bytes, shared by all devices of a mount. The
/// bound covers what the cache holds on to; a chain that a reader still uses after it was evicted is the
/// reader's.
/// </summary>
/// <remarks>
/// Sharded, so that workers rarely wait for each other; within a shard the second-chance (clock) algorithm selects
/// entries to evict, since a walk over a big tree must not cost a list operation per access. A hit allocates nothing.
/// Lock: rank 80, a leaf; nothing is called while it is held.
/// </remarks>
public sealed class ChainCache
{
    private const int ShardsMax = 64;
    private const long ShardBytesMin = 1 << 20;

    private readonly Shard[] _shards;
    private readonly long _shardBytesMax;

    /// <summary>A cache of at most <paramref name="bytesMax"/> bytes, or 128 KiB if that is more.</summary>
    public ChainCache(long bytesMax)
    {
        bytesMax = Math.Max(bytesMax, 2 * Media.AllocationBytesMax);
        int shards = 1;
        while (shards < ShardsMax && bytesMax / (shards * 2) >= ShardBytesMin) shards *= 2;
        _shardBytesMax = bytesMax / shards;
        _shards = new Shard[shards];
        for (int i = 0; i < shards; i++) _shards[i] = new Shard();
    }

    /// <summary>Bytes in the cache.</summary>
    public long HeldBytes
    {
        get
        {
            long sum = 0;
            foreach (Shard shard in _shards) sum += Volatile.Read(ref shard.Bytes);
            return sum;
        }
    }

    /// <summary>What it holds, and how often it had what was looked for.</summary>
    public CacheUse Use
    {
        get
        {
            long hits = 0, misses = 0;
            foreach (Shard shard in _shards)
            {
                hits += Volatile.Read(ref shard.Hits);
                misses += Volatile.Read(ref shard.Misses);
            }
            return new CacheUse(HeldBytes, _shardBytesMax * _shards.Length, hits, misses);
        }
    }

    /// <summary>
    /// Finds the chain for a reference. Only an entry that was loaded through the very same reference
    /// counts: another reference to the same location may carry another check code, and must be judged anew.
    /// </summary>
    internal Chain? Find(int device, in Blockref reference)
    {
        var location = new Location(device, reference.Data.Raw);
        Shard shard = ShardOf(location);
        using (shard.EntriesLock.EnterScope())
        {
            Chain? found = shard.Find(location, reference);
            if (found is null) shard.Misses++;
            else shard.Hits++;
            return found;
        }
    }

    /// <summary>Adds a chain; it replaces one at the same location.</summary>
    internal void Add(int device, Chain chain)
    {
        int cost = chain.CostBytes;
        if (cost > _shardBytesMax) return;
        var location = new Location(device, chain.Reference.Data.Raw);
        Shard shard = ShardOf(location);
        using (shard.EntriesLock.EnterScope())
        {
            if (shard.Index.TryGetValue(location, out int old)) shard.Remove(old);
            while (shard.Bytes + cost > _shardBytesMax) shard.EvictOne();
            shard.Insert(location, chain, cost);
        }
    }

    /// <summary>Forgets the block at a location: a commit replaced it, and it is unlikely to be read soon.</summary>
    internal void Remove(int device, in DataOffset data)
    {
        var location = new Location(device, data.Raw);
        Shard shard = ShardOf(location);
        using (shard.EntriesLock.EnterScope())
        {
            if (shard.Index.TryGetValue(location, out int slot)) shard.Remove(slot);
        }
    }

    private Shard ShardOf(in Location location)
    {
        ulong mixed = ((location.Raw >> Media.AllocationRadixMin) + (ulong)location.Device) * 0x9E37_79B9_7F4A_7C15;
        return _shards[(int)(mixed >> 40) & (_shards.Length - 1)];
    }

    private readonly record struct Location(int Device, ulong Raw);

    private struct Slot
    {
        public Chain? Chain;
        public Location Location;
        public bool WasTouched;
    }

    private sealed class Shard
    {
        public readonly RankedLock EntriesLock = new(LockRank.ChainCache);
        public readonly Dictionary<Location, int> Index = [];
        public readonly List<Slot> Slots = [];
        public long Bytes;
        public long Hits;
        public long Misses;
        private readonly Stack<int> _free = [];
        private int _hand;

        public Chain? Find(in Location location, in Blockref reference)
        {
            if (!Index.TryGetValue(location, out int slot)) return null;
            ref Slot found = ref CollectionsMarshal.AsSpan(Slots)[slot];
            if (!BlockrefComparer.IsSame(found.Chain!.Reference, reference)) return null;
            found.WasTouched = true;
            return found.Chain;
        }

        public void Insert(in Location location, Chain chain, int cost)
        {
            var entry = new Slot { Chain = chain, Location = location };
            if (_free.TryPop(out int slot)) Slots[slot] = entry;
            else
            {
                slot = Slots.Count;
                Slots.Add(entry);
            }
            Index.Add(location, slot);
            Bytes += cost;
        }

        public void EvictOne()
        {
            Span<Slot> slots = CollectionsMarshal.AsSpan(Slots);
            while (true)
            {
                if (_hand >= slots.Length) _hand = 0;
                ref Slot slot = ref slots[_hand];
                if (slot.Chain is not null && !slot.WasTouched)
                {
                    Remove(_hand++);
                    return;
                }
                slot.WasTouched = false;
                _hand++;
            }
        }

        public void Remove(int slot)
        {
            ref Slot entry = ref CollectionsMarshal.AsSpan(Slots)[slot];
            Bytes -= entry.Chain!.CostBytes;
            _ = Index.Remove(entry.Location);
            entry = default;
            _free.Push(slot);
        }
    }
}
