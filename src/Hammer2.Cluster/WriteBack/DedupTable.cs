// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Blocks of file data that were written lately, by a hash of their stored bytes: duplicates need not be stored again.
/// Only a hint; callers must compare the bytes.
/// </summary>
/// <remarks>Upstream: <c>hammer2_dedup_record</c>, <c>hammer2_dedup_lookup</c>; its table has four ways as
/// well. Lock: rank 80, a leaf.</remarks>
internal sealed class DedupTable
{
    private const int Ways = 4;
    private const int SetsTotal = 8192;

    private readonly RankedLock _dedupLock = new(LockRank.DedupTable);
    private readonly DirtyBlock?[] _blocks = new DirtyBlock?[SetsTotal * Ways];
    private uint _turn;

    /// <summary>Finds a block with this hash, and marks it as shared, so that its space is not freed.</summary>
    public DirtyBlock? Find(ulong hash, in Blockref reference, int storedBytes)
    {
        int set = SetOf(hash);
        using (_dedupLock.EnterScope())
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

    /// <summary>Adds a block that was just written, unless it was dropped already.</summary>
    public void Add(DirtyBlock block)
    {
        int set = SetOf(block.Hash);
        using (_dedupLock.EnterScope())
        {
            if (block.State != DirtyBlockState.Stored) return;
            int at = set + (int)(_turn++ % Ways);
            for (int way = set; way < set + Ways; way++)
                if (_blocks[way] is null || _blocks[way]!.Hash == block.Hash) at = way;
            _blocks[at] = block;
        }
    }

    /// <summary>Removes a dropped block. True when it is not shared, so that its space can be freed.</summary>
    public bool Forget(DirtyBlock block)
    {
        int set = SetOf(block.Hash);
        using (_dedupLock.EnterScope())
        {
            for (int way = set; way < set + Ways; way++)
                if (_blocks[way] == block) _blocks[way] = null;
            return !block.IsShared;
        }
    }

    /// <summary>Removes all blocks, before space is allocated again.</summary>
    public void Clear()
    {
        using (_dedupLock.EnterScope()) Array.Clear(_blocks);
    }

    // All nodes that have the block have the same bytes.
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
