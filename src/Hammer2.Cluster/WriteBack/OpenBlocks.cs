// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using Hammer2.Cluster.Transactions;

namespace Hammer2.Cluster.WriteBack;

/// <summary>An open block with its position in its file.</summary>
/// <param name="File">The file.</param>
/// <param name="Key">First byte of the block.</param>
/// <param name="Block">The block.</param>
internal readonly record struct OpenBlock(DirtyInode File, ulong Key, DirtyBlock Block);

/// <summary>Open blocks in the order in which they were written first.</summary>
/// <remarks>Lock-free. An entry may outlive its block's being open: such entries are dropped from the front, a few with
/// each write, so that there are never many.</remarks>
internal sealed class OpenBlocks
{
    private const int DroppedAtOnce = 4;

    private readonly ConcurrentQueue<OpenBlock> _entries = new();

    /// <summary>Entries at present.</summary>
    public int Count => _entries.Count;

    /// <summary>Appends a block.</summary>
    public void Add(in OpenBlock block) => _entries.Enqueue(block);

    /// <summary>Drops some entries from the front whose blocks are not open any more.</summary>
    public void DropSealed()
    {
        for (int i = 0; i < DroppedAtOnce; i++)
        {
            if (!_entries.TryPeek(out OpenBlock first) || first.Block.State == DirtyBlockState.Open) return;
            _ = _entries.TryDequeue(out _);
        }
    }

    /// <summary>Removes the oldest entry; its block may be sealed already.</summary>
    public bool TryTakeOldest(out OpenBlock oldest) => _entries.TryDequeue(out oldest);
}
