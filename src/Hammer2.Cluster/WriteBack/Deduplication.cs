// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Threading;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>Finds blocks of file data whose bytes are stored already, or are in the same batch, so that they share that
/// storage.</summary>
/// <param name="isOn">False to have each block stored by itself.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class Deduplication(bool isOn)
{
    private readonly DedupTable _table = new();
    private long _total;

    /// <summary>Blocks that were not stored because an equal one was.</summary>
    public long BlocksTotal => Volatile.Read(ref _total);

    /// <summary>Looks for the bytes of a block.</summary>
    /// <param name="view">The nodes.</param>
    /// <param name="batch">The batch, with the bytes of the blocks before this one.</param>
    /// <param name="item">The block. When it can share storage, it gets its locations, or the block of the batch that
    /// will have some.</param>
    /// <param name="stored">Its bytes as they would be stored.</param>
    /// <returns>True when it needs no storage of its own.</returns>
    public bool TryShare(ClusterView view, WriteBackBatch batch, WriteBackItem item, ReadOnlySpan<byte> stored)
    {
        ref readonly Blockref reference = ref item.Reference;
        if (!isOn || !CheckCode.Protects(reference.Methods.Check)) return false;
        DirtyBlock block = item.Sealed.Block;
        block.Hash = reference.Methods.Check == CheckMethod.XxHash64
            ? BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead)
            : CheckCode.Hash64(stored);
        if (batch.FindEqual(block.Hash, reference, stored) is { } duplicate)
        {
            duplicate.Sealed.Block.IsShared = true;
            item.Duplicate = duplicate;
        }
        else item.Locations = FindStored(view, item, stored, batch.Encoder.Scratch);
        block.IsShared = item.Duplicate is not null || item.Locations is not null;
        if (block.IsShared) _ = Interlocked.Increment(ref _total);
        return block.IsShared;
    }

    /// <summary>Remembers a block that was stored, so that later ones may share its storage.</summary>
    public void Remember(DirtyBlock block)
    {
        if (isOn && block.Hash != 0) _table.Add(block);
    }

    /// <summary>Forgets a stored block that was dropped.</summary>
    /// <returns>True when no other block shares its storage.</returns>
    public bool Forget(DirtyBlock block) => _table.Forget(block);

    /// <summary>Forgets all stored blocks, so that no later block shares their storage.</summary>
    public void ForgetAll() => _table.Clear();

    /// <summary>The locations of a block that shares the storage of another one in its batch.</summary>
    public static Blockref[] LocationsOfShared(WriteBackItem item)
    {
        Blockref[] locations = item.Duplicate!.Locations!;
        var references = new Blockref[locations.Length];
        for (int node = 0; node < references.Length; node++)
        {
            if (locations[node].Data.Raw == 0) continue;
            references[node] = item.Reference;
            references[node].Data = locations[node].Data;
        }
        return references;
    }

    /// <summary>Looks for a block that was stored lately with the same bytes.</summary>
    /// <returns>References to it with the key of this block; null when there is none.</returns>
    /// <remarks>All nodes were given the same bytes for it, so that comparing with one node's is enough.</remarks>
    private Blockref[]? FindStored(
        ClusterView view, WriteBackItem item, ReadOnlySpan<byte> stored, Span<byte> scratch)
    {
        ref readonly Blockref reference = ref item.Reference;
        ulong hash = item.Sealed.Block.Hash;
        if (_table.Find(hash, reference, stored.Length) is not { Stored: { } found }) return null;
        var references = new Blockref[view.SlotsTotal];
        foreach (PresentNode node in view.Synced)
        {
            int slot = node.Slot;
            if (slot >= found.Length || found[slot].Data.Raw == 0) return null;
            references[slot] = reference;
            references[slot].Data = found[slot].Data;
            // Marked as allocated before the bytes are compared: from then on bulkfree leaves them alone.
            if (node.Device.Committer!.Writer.MarkShared(references[slot]) != Hammer2Error.None) return null;
        }
        DirtyInode file = item.Sealed.File;
        foreach (int slot in view.ReadOrderOf(file.Inum).StartingWith(file.FocusNode.Slot))
        {
            if (references[slot].Data.Raw == 0) continue;
            BlockWriter writer = view[slot].Device.Committer!.Writer;
            return writer.Holds(references[slot], stored, scratch) ? references : null;
        }
        return null;
    }
}
