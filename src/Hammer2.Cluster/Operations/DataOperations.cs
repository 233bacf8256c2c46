// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>Tells whether a seek searches data or a hole.</summary>
public enum SeekTarget
{
    /// <summary>The next byte with storage.</summary>
    Data,

    /// <summary>The next byte without storage, or EOF.</summary>
    Hole,
}

/// <summary>Operations on file data, over all synced nodes.</summary>
/// <remarks>Upstream: <c>hammer2_xop_strategy_read</c>, <c>hammer2_xop_bmap</c>.</remarks>
public static partial class DataOperations
{
    /// <summary>
    /// Reads bytes of a file or of a symbolic link's target. Holes read as zeros.
    /// </summary>
    /// <param name="file">A regular file or symbolic link.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="destination">Receives the bytes up to EOF.</param>
    /// <param name="readBytes">Number of bytes read; less than requested only at EOF.</param>
    /// <returns>None, or the faults of all nodes for a block that none could read; the destination is then
    /// undefined.</returns>
    public static Hammer2Error Read(in Inode file, ulong position, Span<byte> destination, out int readBytes)
    {
        readBytes = 0;
        ulong size = file.Meta.Size;
        if (position >= size) return Hammer2Error.None;
        if ((ulong)destination.Length > size - position) destination = destination[..(int)(size - position)];
        if (file.Meta.HasDirectData) ReadEmbedded(file.Embedded, position, destination);
        else
        {
            Hammer2Error error = ReadBlocks(file, position, destination);
            if (error != Hammer2Error.None) return error;
        }
        readBytes = destination.Length;
        return Hammer2Error.None;
    }

    /// <summary>Finds the next data or hole at or after a position.</summary>
    /// <param name="file">A regular file.</param>
    /// <param name="position">Where to start.</param>
    /// <param name="target">What to find.</param>
    /// <param name="found">Where it is.</param>
    /// <returns>None; NoEntry when the position is at or past the end, or no data follows; a node
    /// fault.</returns>
    public static Hammer2Error Seek(in Inode file, ulong position, SeekTarget target, out ulong found)
    {
        found = position;
        ulong size = file.Meta.Size;
        if (position >= size) return Hammer2Error.NoEntry;
        if (file.Meta.HasDirectData)
        {
            if (target == SeekTarget.Hole) found = size;
            return Hammer2Error.None;
        }
        var cursor = new BlockCursor(file, BlockOf(position), size - 1);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) == Hammer2Error.None)
        {
            if (target == SeekTarget.Data)
            {
                found = Math.Max(position, cursor.Key);
                return error;
            }
            if (cursor.Key > found) return error;
            if (cursor.KeyEnd >= size - 1)
            {
                found = size;
                return error;
            }
            found = cursor.KeyEnd + 1;
        }
        return error == Hammer2Error.NoEntry && target == SeekTarget.Hole ? Hammer2Error.None : error;
    }

    private static ulong BlockOf(ulong position) => position & ~(ulong)(Media.FileBlockBytes - 1);

    private static void ReadEmbedded(ReadOnlySpan<byte> data, ulong position, Span<byte> destination)
    {
        int available = position >= (ulong)data.Length
            ? 0
            : Math.Min(data.Length - (int)position, destination.Length);
        if (available > 0) data.Slice((int)position, available).CopyTo(destination);
        destination[available..].Clear();
    }

    private static Hammer2Error ReadBlocks(in Inode file, ulong position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            ulong key = BlockOf(position);
            int start = (int)(position - key);
            int length = Math.Min(Media.FileBlockBytes - start, destination.Length);
            // The rest of a block is not expected to be read when this read covers it up to its end or EOF.
            bool isToEnd = length == Media.FileBlockBytes || position + (ulong)length == file.Meta.Size;
            Hammer2Error error = ReadBlock(file, key, start, destination[..length], start == 0 && isToEnd);
            if (error != Hammer2Error.None) return error;
            destination = destination[length..];
            position += (ulong)length;
        }
        return Hammer2Error.None;
    }

    private static Hammer2Error ReadBlock(
        in Inode file, ulong key, int start, Span<byte> destination, bool isWhole)
    {
        if (file.Live is { } live
            && TryReadChanged(file, live, key, start, destination, out Hammer2Error changed))
            return changed;
        Hammer2Error error = ReadBlockOn(file, file.FocusNode.Slot, key, start, destination, isWhole);
        if (!error.IsNodeFault()) return error;
        file.Nodes.WantHealed(file.FocusNode.Slot, file.Inum, key, error);
        return ReadBlockOnSibling(file, key, start, destination, isWhole, error);
    }

    private static Hammer2Error ReadBlockOnSibling(
        in Inode file, ulong key, int start, Span<byte> destination, bool isWhole, Hammer2Error errors)
    {
        foreach (int node in file.Siblings)
        {
            Hammer2Error error = ReadBlockOn(file, node, key, start, destination, isWhole);
            if (error == Hammer2Error.None)
            {
                file.Nodes.CountRepairedRead();
                return error;
            }
            file.Nodes.WantHealed(node, file.Inum, key, error);
            errors |= error;
        }
        return errors;
    }

    private static Hammer2Error ReadBlockOn(
        in Inode file, int node, ulong key, int start, Span<byte> destination, bool isWhole)
    {
        Hammer2Error error = file.TryOnNode(node, out Chain? top);
        if (error != Hammer2Error.None) return error;
        MediaDevice device = file.NodeAt(node).Device;
        var cursor = new ChainCursor(device, top!, key, key);
        error = cursor.MoveNext();
        if (error == Hammer2Error.NoEntry)
        {
            destination.Clear();
            return Hammer2Error.None;
        }
        if (error != Hammer2Error.None) return error;
        // A block of file data has the key of its first byte; another key means that the block belongs to another tree.
        if (cursor.Current.Type != BlockrefType.Data || cursor.Current.Key != key)
            return device.ReportMisplaced(cursor.Current, "not the block of file data that belongs here");
        return device.ReadData(cursor.Current, start, destination, isWhole);
    }
}
