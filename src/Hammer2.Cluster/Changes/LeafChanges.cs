// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// What one group of changes does to the leaves of one object: entries of a directory or blocks of a file.
/// Laid over older changes and the tree, a removal hides what is below it.
/// </summary>
internal sealed class LeafChanges
{
    /// <summary>The value of <see cref="CutFrom"/> while nothing is cut off.</summary>
    public const ulong NoCut = ulong.MaxValue;

    /// <summary>Entries put in or taken out, by key.</summary>
    public SortedMap<EntryChange> Entries { get; } = new();

    /// <summary>Blocks written or made holes, by key.</summary>
    public SortedMap<BlockChange> Blocks { get; } = new();

    /// <summary>A truncation: blocks of older generations from this key on are gone. <see cref="Blocks"/>
    /// came
    /// later and stands.</summary>
    public ulong CutFrom { get; private set; } = NoCut;

    /// <summary>Cuts a file off at a block boundary.</summary>
    /// <returns>What the cut blocks of this generation had promised, in bytes.</returns>
    public long Cut(ulong firstKey)
    {
        long freed = 0;
        while (Blocks.TryFirst(firstKey, out ulong key, out BlockChange? block))
        {
            freed += block.PromisedBytes;
            _ = Blocks.Remove(key);
        }
        CutFrom = Math.Min(CutFrom, firstKey);
        return freed;
    }
}

/// <summary>A directory entry that is put in, or one that is taken out.</summary>
/// <param name="Name">Its name; null when the entry of that key is taken out.</param>
/// <param name="Inum">What it names.</param>
/// <param name="Type">The type of that.</param>
/// <param name="ModifyTid">The change's number.</param>
internal sealed record EntryChange(byte[]? Name, ulong Inum, ObjectType Type, ulong ModifyTid)
{
    /// <summary>True when the entry of this key is gone.</summary>
    public bool IsRemoval => Name is null;
}

/// <summary>
/// A file block that was written: first in memory, then, written out, by reference on each node. Or a hole.
/// </summary>
internal sealed class BlockChange
{
    private byte[]? _content;
    private Blockref[]? _stored;

    private BlockChange(byte[]? content, ulong modifyTid, long promisedBytes)
    {
        _content = content;
        ModifyTid = modifyTid;
        PromisedBytes = promisedBytes;
    }

    /// <summary>All 64 KiB, zeros behind the end of the file; null for a hole, or once written out.</summary>
    public byte[]? Content => Volatile.Read(ref _content);

    /// <summary>The reference on each node, once written out; the place differs, all else is equal.</summary>
    public Blockref[]? Stored => Volatile.Read(ref _stored);

    /// <summary>The change's number.</summary>
    public ulong ModifyTid { get; set; }

    /// <summary>Space set aside for it, in bytes.</summary>
    public long PromisedBytes { get; }

    /// <summary>True when the block is to have no storage.</summary>
    public bool IsHole => Content is null && Stored is null;

    /// <summary>A block of data.</summary>
    public static BlockChange Of(byte[] content, ulong modifyTid, long promisedBytes) =>
        new(content, modifyTid, promisedBytes);

    /// <summary>A block that lies on every node already; takes the references over.</summary>
    public static BlockChange At(Blockref[] references, ulong modifyTid)
    {
        BlockChange made = new(null, modifyTid, 0);
        made.MarkStored(references);
        return made;
    }

    /// <summary>A hole.</summary>
    public static BlockChange Hole(ulong modifyTid) => new(null, modifyTid, 0);

    /// <summary>Takes the references over and lets go of the bytes. Readers may have either in
    /// hand.</summary>
    public void MarkStored(Blockref[] references)
    {
        Volatile.Write(ref _stored, references);
        Volatile.Write(ref _content, null);
    }

    /// <summary>The block turned out to be zeros only: it becomes a hole.</summary>
    public void MarkHole() => Volatile.Write(ref _content, null);
}
