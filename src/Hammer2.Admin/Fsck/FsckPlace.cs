// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Where a reference was met, and whose it is.</summary>
internal readonly record struct FsckPlace
{
    /// <summary>The PFS it belongs to; null above the roots of PFSs.</summary>
    public PfsScope? Pfs { get; init; }

    /// <summary>The inode whose references these are.</summary>
    public ulong OwnerInum { get; init; }

    /// <summary>What kind of object that inode is.</summary>
    public ObjectType OwnerType { get; init; }

    /// <summary>Size of that inode in bytes.</summary>
    public ulong OwnerSize { get; init; }

    /// <summary>What kind of block holds the reference.</summary>
    public BlockrefType ParentType { get; init; }

    /// <summary>The reference to the block that holds it; the default for the header.</summary>
    public Blockref Parent { get; init; }

    /// <summary>References between the header and this one.</summary>
    public int Depth { get; init; }

    /// <summary>True between the super-root and the PFS roots.</summary>
    public bool IsUnderSuperRoot { get; init; }
}

/// <summary>Which inode numbers a scope lost sight of.</summary>
/// <param name="First">The lowest.</param>
/// <param name="Last">The highest.</param>
internal readonly record struct InumRange(ulong First, ulong Last);
