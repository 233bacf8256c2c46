// SPDX-License-Identifier: BSD-3-Clause
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

    /// <summary>Cuts a file off at a block boundary. Blocks of this generation behind it must be gone.</summary>
    public void Cut(ulong firstKey) => CutFrom = Math.Min(CutFrom, firstKey);
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
