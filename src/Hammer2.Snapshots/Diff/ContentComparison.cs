// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Snapshots.Compare;

namespace Hammer2.Snapshots.Diff;

/// <summary>Compares the bytes of a file in two trees of one filesystem. Blocks that both share are not read; of others
/// the bytes decide, so that a block that was written again as it was is no difference. Two buffers of 64
/// KiB.</summary>
internal sealed class ContentComparison(MediaDevice device)
{
    private readonly byte[] _old = new byte[Media.FileBlockBytes];
    private readonly byte[] _new = new byte[Media.FileBlockBytes];

    /// <summary>Compares two inodes of files or symbolic links.</summary>
    /// <param name="old">The inode in the old tree.</param>
    /// <param name="now">The inode in the new tree.</param>
    /// <param name="differs">True when a difference was found, whatever could not be read.</param>
    /// <returns>None; all that reading met, OR-ed, when no difference was found.</returns>
    public Hammer2Error Run(Chain old, Chain now, out bool differs)
    {
        differs = old.Meta.Size != now.Meta.Size;
        if (differs) return Hammer2Error.None;
        if (old.Meta.HasDirectData || now.Meta.HasDirectData) return CompareEmbedded(old, now, out differs);
        ulong size = now.Meta.Size;
        Hammer2Error errors = Hammer2Error.None;
        var tables = new TreeComparison(device, old, now);
        TreeStep step;
        while ((step = tables.MoveNext()) != TreeStep.End)
        {
            if (step == TreeStep.Hidden)
            {
                errors |= tables.HiddenError;
                continue;
            }
            ulong key = (tables.New ?? tables.Old)!.Value.Key;
            if (key >= size) continue;
            Hammer2Error error = CompareBlocks(tables.Old, tables.New, size - key, out differs);
            if (differs) return Hammer2Error.None;
            errors |= error;
        }
        return errors;
    }

    private Hammer2Error CompareEmbedded(Chain old, Chain now, out bool differs)
    {
        Hammer2Error error = ReadStart(old, _old) | ReadStart(now, _new);
        int length = (int)Math.Min(now.Meta.Size, (ulong)Media.EmbeddedBytes);
        differs = error == Hammer2Error.None && !_old.AsSpan(0, length).SequenceEqual(_new.AsSpan(0, length));
        return error;
    }

    private Hammer2Error ReadStart(Chain inode, byte[] block)
    {
        if (inode.Meta.HasDirectData)
        {
            inode.EmbeddedData.CopyTo(block);
            return Hammer2Error.None;
        }
        var cursor = new ChainCursor(device, inode, 0, 0);
        Hammer2Error error = cursor.MoveNext();
        if (error == Hammer2Error.None) return device.ReadData(cursor.Current, 0, block, isWhole: true);
        block.AsSpan().Clear();
        return error == Hammer2Error.NoEntry ? Hammer2Error.None : error;
    }

    private Hammer2Error CompareBlocks(Blockref? old, Blockref? now, ulong left, out bool differs)
    {
        differs = false;
        if (old is { } first && now is { } second && SharedBlocks.HasSameData(first, second)) return Hammer2Error.None;
        Hammer2Error error = Read(old, _old) | Read(now, _new);
        int length = (int)Math.Min(left, Media.FileBlockBytes);
        differs = error == Hammer2Error.None && !_old.AsSpan(0, length).SequenceEqual(_new.AsSpan(0, length));
        return error;
    }

    private Hammer2Error Read(Blockref? reference, byte[] block)
    {
        if (reference is { } found) return device.ReadData(found, 0, block, isWhole: true);
        block.AsSpan().Clear();
        return Hammer2Error.None;
    }
}
