// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Threading;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Stores batches of sealed blocks on every synced node: encoded once, duplicates found, space allocated, contiguous
/// blocks written together. A node that fails a write is fenced.
/// </summary>
/// <remarks>Thread-safe; takes no lock while bytes are encoded or written.</remarks>
internal sealed class BlockStore
{
    private readonly ClusterNodes _nodes;
    private readonly NodeFencing _fencing;
    private readonly bool _deduplicates;
    private readonly DedupTable _duplicates = new();
    private long _deduplicated;

    public BlockStore(ClusterNodes nodes, NodeFencing fencing, bool deduplicates)
    {
        _nodes = nodes;
        _fencing = fencing;
        _deduplicates = deduplicates;
    }

    /// <summary>Blocks that were not stored because an equal one was.</summary>
    public long DeduplicatedBlocks => Volatile.Read(ref _deduplicated);

    /// <summary>Forgets stored blocks, so that no later block shares their storage.</summary>
    public void ForgetDuplicates() => _duplicates.Clear();

    /// <summary>Stores the blocks of a batch; each is then stored, dropped or failed.</summary>
    /// <param name="batch">Claimed blocks.</param>
    public void Store(WriteBackBatch batch)
    {
        ClusterView view = _nodes.View;
        foreach (WriteBackItem item in batch.Items)
            if (item.Sealed.Block.State == DirtyBlockState.Sealed) Encode(view, batch, item);
        foreach (PresentNode node in view.Synced) AllocateOnNode(batch, node);
        foreach (PresentNode node in view.Nodes) WriteOnNode(batch, node);
        foreach (WriteBackItem item in batch.Items) Finish(view, item);
    }

    /// <summary>Frees the space of a stored block that was dropped before a commit, unless another block shares
    /// it.</summary>
    public void Free(DirtyBlock block)
    {
        if (_duplicates.Forget(block) && block.Stored is { } references) Free(_nodes.View, references);
    }

    private void Encode(ClusterView view, WriteBackBatch batch, WriteBackItem item)
    {
        DirtyBlock block = item.Sealed.Block;
        ref Blockref reference = ref item.Reference;
        batch.Encoder.Encode(item.Sealed, block.Content, out reference, out ReadOnlySpan<byte> stored);
        if (stored.IsEmpty) return;
        reference.ModifyTid = block.ModifyTid;
        CheckCode.Store(ref reference, stored);
        if (TryShare(view, batch, item, stored)) return;
        item.Locations = new Blockref[view.SlotsTotal];
        batch.Keep(item, stored);
    }

    private bool TryShare(ClusterView view, WriteBackBatch batch, WriteBackItem item, ReadOnlySpan<byte> stored)
    {
        ref readonly Blockref reference = ref item.Reference;
        if (!_deduplicates || !CheckCode.Protects(reference.Methods.Check)) return false;
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
        if (block.IsShared) _ = Interlocked.Increment(ref _deduplicated);
        return block.IsShared;
    }

    /// <summary>Looks for a block that was stored lately with the same bytes.</summary>
    /// <returns>References to it with the key of this block; null when there is none.</returns>
    /// <remarks>All nodes were given the same bytes for it, so that comparing with one node's is enough.</remarks>
    private Blockref[]? FindStored(
        ClusterView view, WriteBackItem item, ReadOnlySpan<byte> stored, Span<byte> scratch)
    {
        ref readonly Blockref reference = ref item.Reference;
        ulong hash = item.Sealed.Block.Hash;
        if (_duplicates.Find(hash, reference, stored.Length) is not { Stored: { } found }) return null;
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

    private void AllocateOnNode(WriteBackBatch batch, PresentNode node)
    {
        foreach (WriteBackItem item in batch.Items)
        {
            if (item.Bytes == 0) continue;
            Blockref allocated = item.Reference;
            Hammer2Error error = node.Device.Committer!.Writer.Allocate(ref allocated, item.Bytes);
            if (error != Hammer2Error.None)
            {
                _fencing.FenceAndCheck(node, error);
                return;
            }
            item.Locations![node.Slot] = allocated;
        }
    }

    // Contiguous blocks are one write.
    private void WriteOnNode(WriteBackBatch batch, PresentNode node)
    {
        int slot = node.Slot;
        ReadOnlySpan<WriteBackItem> items = batch.Items;
        for (int from = 0, to; from < items.Length; from = to)
        {
            to = from + 1;
            if (!IsAllocated(items[from], slot)) continue;
            bool isReadHere = IsReadOn(items[from], node);
            while (to < items.Length && IsAllocated(items[to], slot) && IsReadOn(items[to], node) == isReadHere
                && Follows(items[to - 1], items[to], slot))
                to++;
            if (node.IsSynced)
            {
                WriteBackItem first = items[from], last = items[to - 1];
                ReadOnlySpan<byte> stored = batch.Kept(first.Start, last.Start + last.Bytes - first.Start);
                Hammer2Error error = node.Device.Committer!.Writer.WriteAllocated(
                    first.Locations![slot], stored, isReadHere);
                if (error == Hammer2Error.None) continue;
                _fencing.FenceAndCheck(node, error);
            }
            foreach (WriteBackItem item in items[from..to]) item.Locations![slot] = default;
        }
    }

    private static bool IsAllocated(WriteBackItem item, int slot) =>
        item.Bytes != 0 && item.Locations![slot].Data.Raw != 0;

    // Bytes are kept in the page cache of the one node that is read for the file.
    private static bool IsReadOn(WriteBackItem item, PresentNode node) => item.Sealed.File.FocusNode == node;

    private static bool Follows(WriteBackItem before, WriteBackItem item, int slot) =>
        item.Start == before.Start + before.Bytes
        && item.Locations![slot].Data.Bytes == before.Locations![slot].Data.Bytes + (uint)before.Bytes;

    private void Finish(ClusterView view, WriteBackItem item)
    {
        DirtyBlock block = item.Sealed.Block;
        Blockref[]? references = item.Duplicate is { } duplicate ? SharedLocations(item, duplicate) : item.Locations;
        // Bytes that no node stored stay in memory, readable as long as the mount stands.
        if (references is not null && !IsAnywhere(references) && block.TryFail()) return;
        bool isStored = block.TryFinish(references);
        if (item.Bytes == 0) return;
        if (isStored && _deduplicates && block.Hash != 0) _duplicates.Add(block);
        else if (!isStored && !block.IsShared) Free(view, references!);
    }

    private static Blockref[] SharedLocations(WriteBackItem item, WriteBackItem duplicate)
    {
        var references = new Blockref[duplicate.Locations!.Length];
        for (int node = 0; node < references.Length; node++)
        {
            if (duplicate.Locations[node].Data.Raw == 0) continue;
            references[node] = item.Reference;
            references[node].Data = duplicate.Locations[node].Data;
        }
        return references;
    }

    // Space that no commit ever led to may be allocated again at once. Decoded blocks are cached by check code, so that
    // blocks without one are left to bulkfree.
    private static void Free(ClusterView view, Blockref[] references)
    {
        for (int i = 0; i < references.Length; i++)
        {
            ref readonly Blockref reference = ref references[i];
            if (reference.Data.Raw == 0 || !CheckCode.Protects(reference.Methods.Check)) continue;
            if (view.NodeAt(i) is { IsSynced: true, Device.Committer: { } committer })
                committer.Writer.Free(reference);
        }
    }

    private static bool IsAnywhere(Blockref[] references)
    {
        foreach (ref readonly Blockref reference in references.AsSpan())
            if (reference.Data.Raw != 0) return true;
        return false;
    }
}
