// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <content>Shares blocks of one file with another, for copy_file_range (a reflink).</content>
public static partial class DataOperations
{
    /// <summary>Shares blocks of one file with another file, or with another position of the same file.</summary>
    /// <param name="change">Holds both files' locks and a reservation of a leaf for each block.</param>
    /// <param name="source">The file with the blocks.</param>
    /// <param name="from">Offset of the first byte in it.</param>
    /// <param name="target">The file that shares them.</param>
    /// <param name="to">Offset of the first byte in it.</param>
    /// <param name="length">Number of bytes, not past EOF of the source.</param>
    /// <param name="shared">Number of bytes shared: up to the first block that must be copied.</param>
    /// <returns>None, also when nothing can be shared; the fault of an unreadable block.</returns>
    /// <remarks>Not in upstream; on media it looks like upstream's deduplication.</remarks>
    public static Hammer2Error ShareBlocks(
        in Transaction change, DirtyInode source, ulong from, DirtyInode target, ulong to, ulong length,
        out ulong shared)
    {
        shared = 0;
        if (((from | to) & (Media.FileBlockBytes - 1)) != 0 || source.Embedded is not null)
            return Hammer2Error.None;
        while (shared < length)
        {
            ulong left = length - shared;
            // A part of a block can be shared as the whole block when both files end in it.
            bool isToEnds = from + length == source.Meta.Size && to + length >= target.Meta.Size;
            if (left < Media.FileBlockBytes && !isToEnds) return Hammer2Error.None;
            if (!TryFindStored(change, source, target, from + shared, out Blockref[]? references))
                return Hammer2Error.None;
            if (target.Embedded is not null)
            {
                Hammer2Error moved = MoveOutOfInode(change, target);
                if (moved != Hammer2Error.None) return moved;
            }
            ulong key = to + shared;
            Hammer2Error damage = CheckPath(change, target, key);
            if (damage != Hammer2Error.None) return damage;
            if (references is not null)
            {
                for (int i = 0; i < references.Length; i++)
                {
                    references[i].Key = key;
                    references[i].ModifyTid = change.Tid;
                }
                change.PutBlock(target, key, DirtyBlock.OfStored(references, change.Tid));
            }
            else if (HasData(change.AsInode(target), key))
                change.PutBlock(target, key, DirtyBlock.OfHole(change.Tid));
            shared += Math.Min(left, Media.FileBlockBytes);
            Hammer2Error grown = Grow(change, target, to + shared);
            if (grown != Hammer2Error.None) return grown;
        }
        return Hammer2Error.None;
    }

    /// <summary>Finds the location of a block on every node, and marks it as allocated there; null for a
    /// hole.</summary>
    /// <returns>False when it must be copied.</returns>
    private static bool TryFindStored(
        in Transaction change, DirtyInode source, DirtyInode target, ulong key, out Blockref[]? references)
    {
        references = null;
        Inode file = change.AsInode(source);
        bool isKnown = TryFindChanged(file, source, key, out DirtyBlock? block);
        if (block?.Content is not null) return false;
        if (isKnown && block?.Stored is null) return true;
        if (block is not null) block.IsShared = true;
        var found = new Blockref[file.View.SlotsTotal];
        bool isHole = false;
        foreach (PresentNode holder in file.View.Synced)
        {
            int node = holder.Slot;
            if (isKnown)
            {
                if (node >= block!.Stored!.Length) return false;
                found[node] = block.Stored[node];
            }
            else
            {
                Hammer2Error error = FindOnNode(file, node, key, out found[node]);
                isHole |= error == Hammer2Error.NoEntry;
                if (error is not (Hammer2Error.None or Hammer2Error.NoEntry)) return false;
                if (isHole) continue;
            }
            if (!MayShare(found[node], target.Meta)) return false;
            Hammer2Error marked = holder.Device.Committer!.Writer.MarkShared(found[node]);
            if (marked != Hammer2Error.None) return false;
        }
        if (!isHole) references = found;
        return true;
    }

    private static Hammer2Error FindOnNode(in Inode file, int node, ulong key, out Blockref reference)
    {
        reference = default;
        Hammer2Error error = file.TryOnNode(node, out Chain? top);
        if (error != Hammer2Error.None) return error;
        var cursor = new ChainCursor(file.NodeAt(node).Device, top!, key, key);
        error = cursor.MoveNext();
        if (error == Hammer2Error.None) reference = cursor.Current;
        return error;
    }

    // Upstream may overwrite blocks without a check code in place.
    private static bool MayShare(in Blockref reference, in InodeMeta target) =>
        reference.Type == BlockrefType.Data && reference.KeyBits == Media.BufferRadix
        && reference.Methods.Check == target.Check && target.Check != CheckMethod.None
        && reference.Data.SizeBytes != 0;
}
