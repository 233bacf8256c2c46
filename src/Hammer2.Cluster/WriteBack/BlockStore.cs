// SPDX-License-Identifier: BSD-3-Clause
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
    private readonly Deduplication _duplicates;

    public BlockStore(ClusterNodes nodes, NodeFencing fencing, Deduplication duplicates)
    {
        _nodes = nodes;
        _fencing = fencing;
        _duplicates = duplicates;
    }

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
        if (_duplicates.TryShare(view, batch, item, stored)) return;
        item.Locations = new Blockref[view.SlotsTotal];
        batch.Keep(item, stored);
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
        Blockref[]? references = item.Duplicate is null ? item.Locations : Deduplication.LocationsOfShared(item);
        // Bytes that no node stored stay in memory, readable as long as the mount stands.
        if (references is not null && !IsAnywhere(references) && block.TryFail()) return;
        bool isStored = block.TryFinish(references);
        if (item.Bytes == 0) return;
        if (isStored) _duplicates.Remember(block);
        else if (!block.IsShared) Free(view, references!);
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
