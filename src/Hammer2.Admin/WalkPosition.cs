// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>The trees that a volume header refers to.</summary>
public enum MediaTree
{
    /// <summary>Super-root, PFS roots, inodes, directory entries and data.</summary>
    Topology,

    /// <summary>The freemap: which space is allocated.</summary>
    Freemap,
}

/// <summary>The position of a reference in a tree.</summary>
public readonly record struct WalkPosition
{
    /// <summary>The tree.</summary>
    public MediaTree Tree { get; init; }

    /// <summary>Number of references between the header and this one; 0 in the header.</summary>
    public int Depth { get; init; }

    /// <summary>The type of the block that contains the reference; <see cref="BlockrefType.Empty"/> for the
    /// header.</summary>
    public BlockrefType ParentType { get; init; }

    /// <summary>
    /// The PFS that the reference belongs to, as the key of its root below the super-root; 0 for none. The reference to
    /// a PFS root belongs to that PFS.
    /// </summary>
    public ulong PfsKey { get; init; }

    /// <summary>The inode that the reference belongs to, directly or through indirect blocks.</summary>
    public ulong OwnerInum { get; init; }

    /// <summary>The type of that inode.</summary>
    public ObjectType OwnerType { get; init; }

    /// <summary>True between the super-root and the PFS roots: inodes have the hash of a label as their key.</summary>
    public bool IsUnderSuperRoot { get; init; }

    /// <summary>True for references in the header.</summary>
    public bool IsInHeader => Depth == 0;

    /// <summary>True for the reference to the root of a PFS.</summary>
    public bool IsPfsRoot(in Blockref reference) => IsUnderSuperRoot && reference.Type == BlockrefType.Inode;
}

/// <summary>A fault of a block or of the reference to it.</summary>
/// <param name="Error">Io, Check or Corrupt.</param>
/// <param name="Reason">The reason, for messages.</param>
public readonly record struct WalkFault(Hammer2Error Error, string Reason);
