// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Blocks of file data that were written lately, by a hash of what is stored: equal bytes need not be stored
/// twice. Only a hint; whoever finds a block here compares the bytes.
/// </summary>
/// <remarks>Upstream: <c>hammer2_dedup_record</c>, <c>hammer2_dedup_lookup</c>; its table has four ways as
/// well. Lock: rank 80, a leaf.</remarks>
internal sealed class DedupTable
{
    private const int Ways = 4;
    private const int SetsTotal = 8192;

    private readonly Lock _gate = new();
    private readonly DirtyBlock?[] _blocks = new DirtyBlock?[SetsTotal * Ways];
    private uint _turn;

    /// <summary>Finds a block with this hash. It counts as shared from then on, so that its space is not given
    /// back.</summary>
    public DirtyBlock? Find(ulong hash, in Blockref reference, int storedBytes)
    {
        int set = SetOf(hash);
        lock (_gate)
        {
            for (int way = set; way < set + Ways; way++)
            {
                if (_blocks[way] is not { Stored: { } stored } block || block.Hash != hash) continue;
                if (!IsAlike(stored, reference.Methods, storedBytes)) continue;
                block.IsShared = true;
                return block;
            }
        }
        return null;
    }

    /// <summary>Takes a block in that was just written, unless it was dropped at once.</summary>
    public void Add(DirtyBlock block)
    {
        int set = SetOf(block.Hash);
        lock (_gate)
        {
            if (block.State != DirtyBlockState.Stored) return;
            int at = set + (int)(_turn++ % Ways);
            for (int way = set; way < set + Ways; way++)
                if (_blocks[way] is null || _blocks[way]!.Hash == block.Hash) at = way;
            _blocks[at] = block;
        }
    }

    /// <summary>Takes a dropped block out. True when nobody shares it, so that its space is free.</summary>
    public bool Forget(DirtyBlock block)
    {
        int set = SetOf(block.Hash);
        lock (_gate)
        {
            for (int way = set; way < set + Ways; way++)
                if (_blocks[way] == block) _blocks[way] = null;
            return !block.IsShared;
        }
    }

    /// <summary>Forgets everything: space is about to be used again.</summary>
    public void Clear()
    {
        lock (_gate) Array.Clear(_blocks);
    }

    // All nodes that have it have it alike.
    private static bool IsAlike(Blockref[] stored, BlockMethods methods, int storedBytes)
    {
        foreach (ref readonly Blockref reference in stored.AsSpan())
        {
            if (reference.Data.Raw != 0)
                return reference.Methods == methods && reference.Data.SizeBytes == storedBytes;
        }
        return false;
    }

    private static int SetOf(ulong hash) => (int)(hash % SetsTotal) * Ways;
}
