// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <content>Writes, truncates and punches holes in files, and reads blocks that no commit has yet.</content>
public static partial class DataOperations
{
    /// <summary>Writes bytes of a file, which grows if they end past EOF.</summary>
    /// <param name="change">Holds the file's lock and the space reservation.</param>
    /// <param name="file">A regular file, or a symbolic link being created.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="data">The bytes; copied.</param>
    /// <returns>None, or the fault of reading a block that is partly overwritten.</returns>
    public static Hammer2Error Write(
        in Transaction change, DirtyInode file, ulong position, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return Hammer2Error.None;
        ulong end = position + (ulong)data.Length;
        if (file.Embedded is not null)
        {
            if (end <= Media.EmbeddedBytes)
            {
                data.CopyTo(file.Embedded.AsSpan((int)position));
                return Grow(change, file, end);
            }
            Hammer2Error moved = MoveOutOfInode(change, file);
            if (moved != Hammer2Error.None) return moved;
        }
        ulong begin = position;
        while (data.Length > 0)
        {
            ulong key = BlockOf(position);
            int start = (int)(position - key);
            ReadOnlySpan<byte> part = data[..Math.Min(Media.FileBlockBytes - start, data.Length)];
            Hammer2Error error = OpenBlock(
                change, file, key, start + part.Length, part.Length == Media.FileBlockBytes,
                out DirtyBlock block);
            if (error != Hammer2Error.None)
            {
                // The blocks before it are kept: no block is past EOF.
                if (position > begin) _ = Grow(change, file, position);
                return error;
            }
            part.CopyTo(block.Content.AsSpan(start));
            if (start == block.FilledBytes) block.FilledBytes += part.Length;
            if (block.FilledBytes == Media.FileBlockBytes)
            {
                // The file size determines the valid length of the block.
                file.Meta.Size = Math.Max(file.Meta.Size, key + Media.FileBlockBytes);
                change.Seal(file, key, block);
            }
            position += (ulong)part.Length;
            data = data[part.Length..];
        }
        return Grow(change, file, end);
    }

    /// <summary>Changes the size of a file: bytes past the new size are dropped, new bytes read as zeros.</summary>
    public static Hammer2Error Resize(in Transaction change, DirtyInode file, ulong size)
    {
        ulong old = file.Meta.Size;
        if (file.Embedded is not null)
        {
            if (size < old) file.Embedded.AsSpan((int)Math.Min(size, Media.EmbeddedBytes)).Clear();
            else if (size > Media.EmbeddedBytes)
            {
                Hammer2Error moved = MoveOutOfInode(change, file);
                if (moved != Hammer2Error.None) return moved;
            }
        }
        else if (size < old)
        {
            Hammer2Error error = ClearTail(change, file, size);
            if (error != Hammer2Error.None) return error;
            ulong firstGone = (size + Media.FileBlockBytes - 1) & ~(ulong)(Media.FileBlockBytes - 1);
            change.Truncate(file, firstGone);
        }
        file.Meta.Size = size;
        change.Touch(file);
        return Hammer2Error.None;
    }

    /// <summary>Makes a range of a file read as zeros, and drops whole blocks in it. The size does not
    /// change.</summary>
    /// <param name="change">Holds the file's lock and a reservation for two blocks and <paramref name="leavesMax"/>
    /// leaves.</param>
    /// <param name="file">A regular file.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="end">Offset after the last byte; bytes past EOF are ignored.</param>
    /// <param name="leavesMax">Most blocks to touch.</param>
    /// <param name="next">Where it stopped: <paramref name="end"/>, or the offset to continue at.</param>
    public static Hammer2Error PunchHole(
        in Transaction change, DirtyInode file, ulong position, ulong end, int leavesMax, out ulong next)
    {
        next = end;
        end = Math.Min(end, file.Meta.Size);
        if (position >= end) return Hammer2Error.None;
        change.Touch(file);
        if (file.Embedded is not null)
        {
            file.Embedded.AsSpan((int)position, (int)(end - position)).Clear();
            return Hammer2Error.None;
        }
        // Blocks at the edges are partly zeroed; those between are dropped, and so is a last one that ends in the
        // range.
        Hammer2Error error = ClearPart(change, file, position, end);
        ulong firstWhole = (position + Media.FileBlockBytes - 1) & ~(ulong)(Media.FileBlockBytes - 1);
        if (error != Hammer2Error.None || end <= firstWhole) return error;
        if (end == file.Meta.Size)
        {
            change.Truncate(file, firstWhole);
            return Hammer2Error.None;
        }
        ulong endWhole = BlockOf(end);
        error = ClearPart(change, file, endWhole, end);
        if (error != Hammer2Error.None || endWhole <= firstWhole) return error;
        var hole = DirtyBlock.OfHole(change.Tid);
        for (ulong from = firstWhole; from < endWhole; from += Media.FileBlockBytes)
        {
            var cursor = new BlockCursor(change.AsInode(file), from, endWhole - 1);
            error = cursor.MoveNext();
            if (error == Hammer2Error.NoEntry) return Hammer2Error.None;
            // An unreadable part of the tree hides its blocks.
            if (error != Hammer2Error.None) return error;
            from = cursor.Key;
            if (leavesMax-- == 0)
            {
                next = from;
                return Hammer2Error.None;
            }
            change.PutBlock(file, from, hole);
        }
        return Hammer2Error.None;
    }

    // Zeroes a part of one block, from a position to the end of the block or of the range; does nothing for a whole
    // block.
    private static Hammer2Error ClearPart(in Transaction change, DirtyInode file, ulong position, ulong end)
    {
        ulong key = BlockOf(position);
        ulong partEnd = Math.Min(key + Media.FileBlockBytes, end);
        bool isWhole = position == key
            && (partEnd == key + Media.FileBlockBytes || partEnd == file.Meta.Size);
        if (isWhole || partEnd == position || !HasData(change.AsInode(file), key)) return Hammer2Error.None;
        Hammer2Error error = OpenBlock(
            change, file, key, (int)(partEnd - key), isOverwritten: false, out DirtyBlock block);
        if (error == Hammer2Error.None)
            block.Content.AsSpan((int)(position - key), (int)(partEnd - position)).Clear();
        return error;
    }

    private static Hammer2Error Grow(in Transaction change, DirtyInode file, ulong end)
    {
        file.Meta.Size = Math.Max(file.Meta.Size, end);
        change.Touch(file);
        return Hammer2Error.None;
    }

    // The bytes past the new EOF must not reappear when the file grows again.
    private static Hammer2Error ClearTail(in Transaction change, DirtyInode file, ulong size)
    {
        ulong key = BlockOf(size);
        int kept = (int)(size - key);
        if (kept == 0 || !HasData(change.AsInode(file), key)) return Hammer2Error.None;
        Hammer2Error error = OpenBlock(change, file, key, kept, isOverwritten: false, out DirtyBlock block);
        if (error == Hammer2Error.None) block.Content.AsSpan(kept).Clear();
        return error;
    }

    /// <summary>Moves embedded content of the file to a block, permanently.</summary>
    private static Hammer2Error MoveOutOfInode(in Transaction change, DirtyInode file)
    {
        byte[] old = file.Embedded!;
        file.Embedded = null;
        file.Meta.OperationFlags &= ~OperationFlags.DirectData;
        if (file.Meta.Size == 0) return Hammer2Error.None;
        byte[] content = change.RentContent(old.Length);
        old.CopyTo(content, 0);
        content.AsSpan(old.Length).Clear();
        DirtyBlock block = change.PutContent(file, 0, content);
        block.FilledBytes = (int)Math.Min(file.Meta.Size, Media.EmbeddedBytes);
        return Hammer2Error.None;
    }

    /// <summary>Returns a dirty block of the open group, whose bytes may be changed in place.</summary>
    /// <param name="change">Holds the file's lock.</param>
    /// <param name="file">The file.</param>
    /// <param name="key">First byte of the block.</param>
    /// <param name="usedBytes">Minimum length of its buffer.</param>
    /// <param name="isOverwritten">True when all of them will be set.</param>
    /// <param name="block">The block.</param>
    private static Hammer2Error OpenBlock(
        in Transaction change, DirtyInode file, ulong key, int usedBytes, bool isOverwritten,
        out DirtyBlock block)
    {
        if (file.Changes.Blocks.TryGet(key, out DirtyBlock? found) && found.State == DirtyBlockState.Open)
        {
            block = found;
            block.ModifyTid = change.Tid;
            change.Lengthen(block, usedBytes);
            return Hammer2Error.None;
        }
        block = null!;
        Hammer2Error damage = CheckPath(change, file, key);
        if (damage != Hammer2Error.None) return damage;
        int filled = isOverwritten || key >= file.Meta.Size
            ? 0 : (int)Math.Min(file.Meta.Size - key, Media.FileBlockBytes);
        // Files that have a block already usually fill the next one.
        byte[] content = change.RentContent(key > 0 ? Media.FileBlockBytes : Math.Max(usedBytes, filled));
        if (filled > 0)
        {
            Hammer2Error error =
                ReadBlock(change.AsInode(file), key, 0, content.AsSpan(0, filled), isWhole: true);
            if (error != Hammer2Error.None)
            {
                change.ReturnContent(content);
                return error;
            }
        }
        if (!isOverwritten) content.AsSpan(filled).Clear();
        block = change.PutContent(file, key, content);
        // Appending continues to fill the block; bytes changed in its middle may be changed again.
        block.FilledBytes = filled == Media.FileBlockBytes ? 0 : filled;
        return Hammer2Error.None;
    }

    // A commit changes the blocks of references above a block of the file: what cannot be read there is told now, as
    // long as it is known to whom.
    private static Hammer2Error CheckPath(in Transaction change, DirtyInode file, ulong key)
    {
        if (file.Focus is not { LeadsToIndirect: true }) return Hammer2Error.None;
        // Truncated blocks are not read.
        if (key >= file.Open?.TruncatedFrom || key >= file.Frozen?.Changes?.TruncatedFrom) return Hammer2Error.None;
        var cursor = new ClusterCursor(change.AsInode(file), key, key);
        Hammer2Error error = cursor.MoveNext();
        return error.IsNodeFault() ? error : Hammer2Error.None;
    }

    private static bool HasData(in Inode file, ulong key)
    {
        var cursor = new BlockCursor(file, key, key);
        // An unreadable block is loaded for its error.
        return cursor.MoveNext() != Hammer2Error.NoEntry;
    }

    /// <summary>Reads a block changed in the open or the syncing group.</summary>
    /// <returns>False when neither did: the block must be read from the tree.</returns>
    private static bool TryReadChanged(
        in Inode file, DirtyInode live, ulong key, int start, Span<byte> destination, out Hammer2Error error)
    {
        error = Hammer2Error.None;
        if (!TryFindChanged(file, live, key, out DirtyBlock? block)) return false;
        if (block is null) destination.Clear();
        else error = ReadChanged(file, block, start, destination);
        return true;
    }

    private static Hammer2Error ReadChanged(
        in Inode file, DirtyBlock block, int start, Span<byte> destination)
    {
        if (block.Content is { } content)
        {
            int there = Math.Clamp(content.Length - start, 0, destination.Length);
            if (there > 0) content.AsSpan(start, there).CopyTo(destination);
            destination[there..].Clear();
            // After write-back the buffer may hold another block's bytes: then the block is read from the node.
            Interlocked.MemoryBarrier();
            if (block.Content == content) return Hammer2Error.None;
        }
        if (block.Stored is { } stored) return ReadStored(file, stored, start, destination);
        destination.Clear();
        return Hammer2Error.None;
    }

    /// <summary>Finds the reference of a block in the open or the syncing group; null for a hole.</summary>
    /// <returns>False when neither has it: the reference must be read from the tree.</returns>
    private static bool TryFindChanged(in Inode file, DirtyInode live, ulong key, out DirtyBlock? block)
    {
        block = null;
        if (live.Open is { } open && (open.Blocks.TryGet(key, out block) || key >= open.TruncatedFrom)) return true;
        if (live.Frozen?.Changes is { } closing
            && (closing.Blocks.TryGet(key, out block) || key >= closing.TruncatedFrom))
            return true;
        return file.Focus is null;
    }

    // Written back, and the commit that merges it into the tree is in progress.
    private static Hammer2Error ReadStored(
        in Inode file, Blockref[] stored, int start, Span<byte> destination)
    {
        Hammer2Error errors = Hammer2Error.None;
        foreach (int node in file.ReadOrder)
        {
            // A node that joined later does not have it.
            if (node >= stored.Length || stored[node].Data.Raw == 0) continue;
            Hammer2Error error = file.NodeAt(node).Device.ReadData(stored[node], start, destination, isWhole: false);
            if (error == Hammer2Error.None) return error;
            errors |= error;
        }
        return errors == Hammer2Error.None ? Hammer2Error.NodeDown : errors;
    }
}
