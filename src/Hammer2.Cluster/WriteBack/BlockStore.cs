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
    private readonly Pfs _pfs;
    private readonly NodeFencing _fencing;
    private readonly bool _deduplicates;
    private readonly DedupTable _duplicates = new();
    private long _deduplicated;

    public BlockStore(Pfs pfs, NodeFencing fencing, bool deduplicates)
    {
        _pfs = pfs;
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
        foreach (WriteBackItem item in batch.Items)
            if (item.Sealed.Block.State == DirtyBlockState.Sealed) Encode(batch, item);
        for (int node = 0; node < _pfs.Synced.Length; node++)
            if (_pfs.Synced[node].IsSynced) AllocateOnNode(batch, node);
        for (int node = 0; node < _pfs.Synced.Length; node++) WriteOnNode(batch, node);
        foreach (WriteBackItem item in batch.Items) Finish(item);
    }

    /// <summary>Frees the space of a stored block that was dropped before a commit, unless another block shares
    /// it.</summary>
    public void Free(DirtyBlock block)
    {
        if (_duplicates.Forget(block) && block.Stored is { } references) Free(references);
    }

    private void Encode(WriteBackBatch batch, WriteBackItem item)
    {
        DirtyBlock block = item.Sealed.Block;
        ref Blockref reference = ref item.Reference;
        batch.Encoder.Encode(item.Sealed, block.Content, out reference, out ReadOnlySpan<byte> stored);
        if (stored.IsEmpty) return;
        reference.ModifyTid = block.ModifyTid;
        CheckCode.Store(ref reference, stored);
        if (TryShare(batch, item, stored)) return;
        item.Locations = new Blockref[_pfs.Synced.Length];
        batch.Keep(item, stored);
    }

    private bool TryShare(WriteBackBatch batch, WriteBackItem item, ReadOnlySpan<byte> stored)
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
        else item.Locations = FindStored(item, stored, batch.Encoder.Scratch);
        block.IsShared = item.Duplicate is not null || item.Locations is not null;
        if (block.IsShared) _ = Interlocked.Increment(ref _deduplicated);
        return block.IsShared;
    }

    /// <summary>Looks for a block that was stored lately with the same bytes.</summary>
    /// <returns>References to it with the key of this block; null when there is none.</returns>
    /// <remarks>All nodes were given the same bytes for it, so that comparing with one node's is enough.</remarks>
    private Blockref[]? FindStored(WriteBackItem item, ReadOnlySpan<byte> stored, Span<byte> scratch)
    {
        ref readonly Blockref reference = ref item.Reference;
        ulong hash = item.Sealed.Block.Hash;
        if (_duplicates.Find(hash, reference, stored.Length) is not { Stored: { } found }) return null;
        var references = new Blockref[found.Length];
        for (int i = 0; i < references.Length; i++)
        {
            PresentNode node = _pfs.Synced[i];
            if (!node.IsSynced) continue;
            references[i] = reference;
            references[i].Data = found[i].Data;
            // Marked as allocated before the bytes are compared: from then on bulkfree leaves them alone.
            if (found[i].Data.Raw == 0) return null;
            if (node.Device.Committer!.Writer.MarkShared(references[i]) != Hammer2Error.None) return null;
        }
        int first = item.Sealed.File.FocusNode.Slot;
        for (int step = 0; step < references.Length; step++)
        {
            int index = (first + step) % references.Length;
            if (references[index].Data.Raw == 0 || !_pfs.Synced[index].IsSynced) continue;
            BlockWriter writer = _pfs.Synced[index].Device.Committer!.Writer;
            return writer.Holds(references[index], stored, scratch) ? references : null;
        }
        return null;
    }

    private void AllocateOnNode(WriteBackBatch batch, int index)
    {
        PresentNode node = _pfs.Synced[index];
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
            item.Locations![index] = allocated;
        }
    }

    // Contiguous blocks are one write.
    private void WriteOnNode(WriteBackBatch batch, int index)
    {
        PresentNode node = _pfs.Synced[index];
        ReadOnlySpan<WriteBackItem> items = batch.Items;
        for (int from = 0, to; from < items.Length; from = to)
        {
            to = from + 1;
            if (!IsAllocated(items[from], index)) continue;
            bool isReadHere = IsReadOn(items[from], index);
            while (to < items.Length && IsAllocated(items[to], index) && IsReadOn(items[to], index) == isReadHere
                && Follows(items[to - 1], items[to], index))
                to++;
            if (node.IsSynced)
            {
                WriteBackItem first = items[from], last = items[to - 1];
                ReadOnlySpan<byte> stored = batch.Kept(first.Start, last.Start + last.Bytes - first.Start);
                Hammer2Error error = node.Device.Committer!.Writer.WriteAllocated(
                    first.Locations![index], stored, isReadHere);
                if (error == Hammer2Error.None) continue;
                _fencing.FenceAndCheck(node, error);
            }
            foreach (WriteBackItem item in items[from..to]) item.Locations![index] = default;
        }
    }

    private static bool IsAllocated(WriteBackItem item, int node) =>
        item.Bytes != 0 && item.Locations![node].Data.Raw != 0;

    // Bytes are kept in the page cache of the one node that is read for the file.
    private static bool IsReadOn(WriteBackItem item, int node) => item.Sealed.File.FocusNode.Slot == node;

    private static bool Follows(WriteBackItem before, WriteBackItem item, int node) =>
        item.Start == before.Start + before.Bytes
        && item.Locations![node].Data.Bytes == before.Locations![node].Data.Bytes + (uint)before.Bytes;

    private void Finish(WriteBackItem item)
    {
        DirtyBlock block = item.Sealed.Block;
        Blockref[]? references = item.Duplicate is { } duplicate ? SharedLocations(item, duplicate) : item.Locations;
        // Bytes that no node stored stay in memory, readable as long as the mount stands.
        if (references is not null && !IsAnywhere(references) && block.TryFail()) return;
        bool isStored = block.TryFinish(references);
        if (item.Bytes == 0) return;
        if (isStored && _deduplicates && block.Hash != 0) _duplicates.Add(block);
        else if (!isStored && !block.IsShared) Free(references!);
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
    private void Free(Blockref[] references)
    {
        for (int i = 0; i < references.Length; i++)
        {
            ref readonly Blockref reference = ref references[i];
            if (reference.Data.Raw == 0 || !CheckCode.Protects(reference.Methods.Check)) continue;
            if (_pfs.Synced[i] is { IsSynced: true, Device.Committer: { } committer })
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
