// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// Decoded file blocks of 64 KiB that were read in part. The kernel caches what it read; this cache only
/// saves verifying and decoding a whole block once per 4 KiB of it. Whole reads bypass it.
/// </summary>
/// <remarks>Sharded; bytes are copied under the shard's lock (rank 80), so that a buffer can be reused for another
/// block without counting its readers.</remarks>
internal sealed class DataBlockCache
{
    private const int ShardsMax = 16;

    private readonly Shard[] _shards;

    /// <summary>Makes a cache of at most <paramref name="bytesMax"/> bytes, at least one block.</summary>
    public DataBlockCache(long bytesMax)
    {
        int blocks = (int)Math.Clamp(bytesMax / Media.FileBlockBytes, 1, 1 << 20);
        int shards = 1;
        while (shards < ShardsMax && blocks / (shards * 2) >= 4) shards *= 2;
        _shards = new Shard[shards];
        for (int i = 0; i < shards; i++) _shards[i] = new Shard(blocks / shards);
    }

    /// <summary>What it holds, and how often it had what was looked for.</summary>
    public CacheUse Use
    {
        get
        {
            long blocks = 0, most = 0, hits = 0, misses = 0;
            foreach (Shard shard in _shards)
            {
                most += shard.Buffers.Length;
                blocks += shard.Used;
                hits += Volatile.Read(ref shard.Hits);
                misses += Volatile.Read(ref shard.Misses);
            }
            return new CacheUse(blocks * Media.FileBlockBytes, most * Media.FileBlockBytes, hits, misses);
        }
    }

    /// <summary>Copies a part of a block. False when the block is not in the cache.</summary>
    public bool TryCopy(in DataBlockKey key, int start, Span<byte> destination)
    {
        Shard shard = ShardOf(key);
        using (shard.BlocksLock.EnterScope())
        {
            if (!shard.Index.TryGetValue(key, out int slot))
            {
                shard.Misses++;
                return false;
            }
            shard.Hits++;
            shard.Touched[slot] = true;
            shard.Buffers[slot].AsSpan(start, destination.Length).CopyTo(destination);
            return true;
        }
    }

    /// <summary>Takes over a full buffer for a block, and returns another one for reuse, or null.</summary>
    public byte[]? Exchange(in DataBlockKey key, byte[] buffer)
    {
        Shard shard = ShardOf(key);
        using (shard.BlocksLock.EnterScope())
        {
            if (shard.Index.ContainsKey(key)) return buffer;
            return shard.Put(key, buffer);
        }
    }

    /// <summary>Removes all blocks.</summary>
    public void Clear()
    {
        foreach (Shard shard in _shards)
        {
            using (shard.BlocksLock.EnterScope()) shard.Clear();
        }
    }

    private Shard ShardOf(in DataBlockKey key)
    {
        ulong mixed = (key.DataRaw >> Media.AllocationRadixMin) * 0x9E37_79B9_7F4A_7C15;
        return _shards[(int)(mixed >> 40) & (_shards.Length - 1)];
    }

    private sealed class Shard(int blocksMax)
    {
        public readonly RankedLock BlocksLock = new(LockRank.DataBlockCache);
        public readonly Dictionary<DataBlockKey, int> Index = [];
        public readonly byte[][] Buffers = new byte[blocksMax][];
        public readonly bool[] Touched = new bool[blocksMax];
        public long Hits;
        public long Misses;
        private readonly DataBlockKey[] _keys = new DataBlockKey[blocksMax];
        private int _used;
        private int _hand;

        public int Used => Volatile.Read(ref _used);

        public void Clear()
        {
            Index.Clear();
            Array.Clear(Buffers, 0, _used);
            Array.Clear(Touched, 0, _used);
            _used = _hand = 0;
        }

        public byte[]? Put(in DataBlockKey key, byte[] buffer)
        {
            int slot;
            byte[]? old = null;
            if (_used < Buffers.Length) slot = _used++;
            else
            {
                while (Touched[_hand])
                {
                    Touched[_hand] = false;
                    _hand = (_hand + 1) % Buffers.Length;
                }
                slot = _hand;
                _hand = (_hand + 1) % Buffers.Length;
                old = Buffers[slot];
                _ = Index.Remove(_keys[slot]);
            }
            Buffers[slot] = buffer;
            _keys[slot] = key;
            Touched[slot] = false;
            Index.Add(key, slot);
            return old;
        }
    }
}
