// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>The trees that hang in a volume header.</summary>
public enum MediaTree
{
    /// <summary>Super-root, PFS roots, inodes, directory entries and data.</summary>
    Topology,

    /// <summary>What is allocated.</summary>
    Freemap,
}

/// <summary>Where a reference was found during a walk.</summary>
public readonly record struct WalkPlace
{
    /// <summary>Which tree is walked.</summary>
    public MediaTree Tree { get; init; }

    /// <summary>References between the header and this one; 0 in the header.</summary>
    public int Depth { get; init; }

    /// <summary>What kind of block holds the reference; <see cref="BlockrefType.Empty"/> for the header.</summary>
    public BlockrefType ParentType { get; init; }

    /// <summary>
    /// The PFS the reference belongs to, as the key of its root below the super-root; 0 when it belongs to none.
    /// The root's own reference belongs to the PFS.
    /// </summary>
    public ulong PfsKey { get; init; }

    /// <summary>The inode whose references these are, reached through any number of indirect blocks.</summary>
    public ulong OwnerInum { get; init; }

    /// <summary>What kind of object that inode is.</summary>
    public ObjectType OwnerType { get; init; }

    /// <summary>True between the super-root and the PFS roots: inodes have the hash of a label as their key.</summary>
    public bool IsUnderSuperRoot { get; init; }

    /// <summary>True for what the header refers to.</summary>
    public bool IsInHeader => Depth == 0;

    /// <summary>True for the reference to the root of a PFS.</summary>
    public bool IsPfsRoot(in Blockref reference) => IsUnderSuperRoot && reference.Type == BlockrefType.Inode;
}

/// <summary>What is wrong with a block, or with the reference to it.</summary>
/// <param name="Error">Io, Check or Corrupt.</param>
/// <param name="Reason">What exactly, for a person.</param>
public readonly record struct WalkFault(Hammer2Error Error, string Reason);
