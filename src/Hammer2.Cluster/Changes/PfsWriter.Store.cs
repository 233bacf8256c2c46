// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

// Batches of settled blocks: encoded once, stored on every node.
public sealed partial class PfsWriter
{
    private readonly DedupTable _dedup = new();
    private long _deduplicated;

    [ThreadStatic]
    private static WriteOutBatch? t_batch;

    /// <summary>Blocks that were not stored because an equal one was there.</summary>
    public long DeduplicatedBlocks => Volatile.Read(ref _deduplicated);

    // Of whoever is not a worker and helps.
    private static WriteOutBatch OwnBatch => t_batch ??= new WriteOutBatch();

    /// <summary>Encodes blocks once and stores them on every node.</summary>
    /// <remarks>Entry: no lock needed; none is held while bytes are encoded or written.</remarks>
    private void WriteOut(WriteOutBatch batch)
    {
        try
        {
            // Once stopped, nothing more is written: the bytes stay readable here.
            if (!IsStopped) _ = _failStop.Run("write-back", (this, batch), static work => work.Item1.Store(work.batch));
        }
        finally
        {
            foreach (WriteOutItem item in batch.Items) LeaveUnwritten(item.Waiting.Block);
            batch.Clear();
            SignalDone();
        }
    }

    private Hammer2Error Store(WriteOutBatch batch)
    {
        foreach (WriteOutItem item in batch.Items)
            if (item.Waiting.Block.State == BlockState.Waiting) Encode(batch, item);
        for (int node = 0; node < Pfs.Synced.Length; node++)
        {
            if (Pfs.Synced[node].IsSynced) PlaceOnNode(batch, node);
        }
        for (int node = 0; node < Pfs.Synced.Length; node++) StoreOnNode(batch, node);
        foreach (WriteOutItem item in batch.Items) Finish(item);
        return Hammer2Error.None;
    }

    // Whatever became of the batch, nobody waits for its blocks any more.
    private void LeaveUnwritten(BlockChange block)
    {
        if (block.TryFail()) return;
        if (block.State == BlockState.Dropped) Free(block, ref _queuedBytes);
    }

    private void Encode(WriteOutBatch batch, WriteOutItem item)
    {
        BlockChange block = item.Waiting.Block;
        ref Blockref reference = ref item.Reference;
        batch.Encoder.Encode(item.Waiting, block.Content, out reference, out ReadOnlySpan<byte> stored);
        if (stored.IsEmpty) return;
        reference.ModifyTid = block.ModifyTid;
        CheckCode.Store(ref reference, stored);
        if (TryShare(batch, item, stored)) return;
        item.Places = new Blockref[Pfs.Synced.Length];
        batch.Keep(item, stored);
    }

    /// <summary>Looks for a block with the same stored bytes.</summary>
    private bool TryShare(WriteOutBatch batch, WriteOutItem item, ReadOnlySpan<byte> stored)
    {
        ref readonly Blockref reference = ref item.Reference;
        if (!_options.Deduplicates || !CheckCode.Protects(reference.Methods.Check)) return false;
        BlockChange block = item.Waiting.Block;
        block.Hash = reference.Methods.Check == CheckMethod.XxHash64
            ? BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead)
            : CheckCode.Hash64(stored);
        if (batch.FindEqual(block.Hash, reference, stored) is { } twin)
        {
            twin.Waiting.Block.IsShared = true;
            item.Twin = twin;
        }
        else item.Places = FindEqual(item, stored, batch.Encoder.Scratch);
        block.IsShared = item.Twin is not null || item.Places is not null;
        if (block.IsShared) _ = Interlocked.Increment(ref _deduplicated);
        return block.IsShared;
    }

    /// <summary>Looks for a block that was written lately with the same stored bytes.</summary>
    /// <returns>References to it with the key of this one; null when there is none.</returns>
    /// <remarks>All nodes were given the same bytes for it, so that those of one node tell whether they are
    /// these.</remarks>
    private Blockref[]? FindEqual(WriteOutItem item, ReadOnlySpan<byte> stored, Span<byte> scratch)
    {
        ref readonly Blockref reference = ref item.Reference;
        if (_dedup.Find(item.Waiting.Block.Hash, reference, stored.Length) is not { Stored: { } places }) return null;
        var references = new Blockref[places.Length];
        for (int i = 0; i < references.Length; i++)
        {
            PfsNode node = Pfs.Synced[i];
            if (!node.IsSynced) continue;
            references[i] = reference;
            references[i].Data = places[i].Data;
            // Marked before they are compared: from then on nobody gets their space.
            if (places[i].Data.Raw == 0 || node.Device.Writer!.MarkShared(references[i]) != Hammer2Error.None)
                return null;
        }
        int first = item.Waiting.File.FocusNode;
        for (int step = 0; step < references.Length; step++)
        {
            int index = (first + step) % references.Length;
            if (references[index].Data.Raw == 0 || !Pfs.Synced[index].IsSynced) continue;
            return Pfs.Synced[index].Device.Writer!.Holds(references[index], stored, scratch) ? references : null;
        }
        return null;
    }

    private void PlaceOnNode(WriteOutBatch batch, int index)
    {
        PfsNode node = Pfs.Synced[index];
        foreach (WriteOutItem item in batch.Items)
        {
            if (item.Bytes == 0) continue;
            Blockref placed = item.Reference;
            Hammer2Error error = node.Device.Writer!.Place(ref placed, item.Bytes);
            if (error != Hammer2Error.None)
            {
                FenceForWriteOut(node, error);
                return;
            }
            item.Places![index] = placed;
        }
    }

    /// <summary>Writes what got places one behind the other with one write.</summary>
    private void StoreOnNode(WriteOutBatch batch, int index)
    {
        PfsNode node = Pfs.Synced[index];
        ReadOnlySpan<WriteOutItem> items = batch.Items;
        for (int from = 0, to; from < items.Length; from = to)
        {
            to = from + 1;
            if (!IsPlaced(items[from], index)) continue;
            bool isReadHere = IsReadOn(items[from], index);
            while (to < items.Length && IsPlaced(items[to], index) && IsReadOn(items[to], index) == isReadHere
                && Follows(items[to - 1], items[to], index))
                to++;
            if (node.IsSynced)
            {
                WriteOutItem first = items[from], last = items[to - 1];
                Hammer2Error error = node.Device.Writer!.WritePlaced(
                    first.Places![index], batch.Kept(first.Start, last.Start + last.Bytes - first.Start), isReadHere);
                if (error == Hammer2Error.None) continue;
                FenceForWriteOut(node, error);
            }
            foreach (WriteOutItem item in items[from..to]) item.Places![index] = default;
        }
    }

    private static bool IsPlaced(WriteOutItem item, int node) =>
        item.Bytes != 0 && item.Places![node].Data.Raw != 0;

    // The others are asked when that one cannot read it. So that the bytes are in one node's cache, not in all.
    private static bool IsReadOn(WriteOutItem item, int node) => item.Waiting.File.FocusNode == node;

    private static bool Follows(WriteOutItem before, WriteOutItem item, int node) =>
        item.Start == before.Start + before.Bytes
        && item.Places![node].Data.Bytes == before.Places![node].Data.Bytes + (uint)before.Bytes;

    private void Finish(WriteOutItem item)
    {
        BlockChange block = item.Waiting.Block;
        Blockref[]? references = item.Twin is { } twin ? SharedPlaces(item, twin) : item.Places;
        // Bytes that no node took stay, so that they can be read as long as the mount stands.
        if (references is not null && !IsAnywhere(references) && block.TryFail()) return;
        bool isDone = block.TryFinish(references);
        if (item.Bytes != 0)
        {
            if (isDone && _options.Deduplicates && block.Hash != 0) _dedup.Add(block);
            else if (!isDone && !block.IsShared) GiveBack(references!);
        }
        Free(block, ref _queuedBytes);
    }

    private static Blockref[] SharedPlaces(WriteOutItem item, WriteOutItem twin)
    {
        var references = new Blockref[twin.Places!.Length];
        for (int node = 0; node < references.Length; node++)
        {
            if (twin.Places[node].Data.Raw == 0) continue;
            references[node] = item.Reference;
            references[node].Data = twin.Places[node].Data;
        }
        return references;
    }

    // As when a commit fails on a node. Without a quorum nothing more can become durable, and whoever asks for
    // that is told.
    private void FenceForWriteOut(PfsNode node, Hammer2Error error)
    {
        _ = Interlocked.Or(ref _writeErrors, (int)error);
        Fence(node, error);
        if (CountSynced() < Pfs.Assembly.Quorum) Stop(error);
    }

    private static bool IsAnywhere(Blockref[] references)
    {
        foreach (ref readonly Blockref reference in references.AsSpan())
            if (reference.Data.Raw != 0) return true;
        return false;
    }
}
