// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// What one transaction group changes of the leaves of one inode: entries of a directory, or blocks of a file. An entry
/// or block here hides the one with the same key in older groups and in the tree.
/// </summary>
internal sealed class LeafDelta
{
    /// <summary>The value of <see cref="TruncatedFrom"/> while the file was not truncated.</summary>
    public const ulong NotTruncated = ulong.MaxValue;

    /// <summary>Entries added or removed, by key.</summary>
    public SortedMap<DirentDelta> Entries { get; } = new();

    /// <summary>Blocks written or made holes, by key.</summary>
    public SortedMap<DirtyBlock> Blocks { get; } = new();

    /// <summary>What the commit stores anew on one node, from the others.</summary>
    public List<LeafRebuild> Rebuilds { get; } = [];

    /// <summary>Older blocks from this key on are gone. <see cref="Blocks"/> were written after that and
    /// count.</summary>
    public ulong TruncatedFrom { get; private set; } = NotTruncated;

    /// <summary>Truncates a file at a block boundary; the caller has removed the blocks past it.</summary>
    public void Truncate(ulong firstKey) => TruncatedFrom = Math.Min(TruncatedFrom, firstKey);
}

/// <summary>A part of an object's tree that one node cannot read: its commit stores it anew.</summary>
/// <param name="Slot">The slot of the node.</param>
/// <param name="Key">A key below the block that cannot be read.</param>
/// <param name="IsLeaf">True when the block is that of the leaf itself; else one of references above it.</param>
internal readonly record struct LeafRebuild(int Slot, ulong Key, bool IsLeaf);

/// <summary>A directory entry that was added, or one that was removed.</summary>
/// <param name="Name">Its name; null when the entry with that key was removed.</param>
/// <param name="Inum">Number of the inode that it names.</param>
/// <param name="Type">Type of that inode.</param>
/// <param name="ModifyTid">Number of the operation.</param>
internal sealed record DirentDelta(byte[]? Name, ulong Inum, ObjectType Type, ulong ModifyTid)
{
    /// <summary>True when the entry was removed.</summary>
    public bool IsRemoval => Name is null;
}
