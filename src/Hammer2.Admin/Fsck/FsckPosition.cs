// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The position of a reference in the tree, and the inode that it belongs to.</summary>
internal readonly record struct FsckPosition
{
    /// <summary>The PFS of the reference; null above the PFS roots.</summary>
    public PfsScope? Pfs { get; init; }

    /// <summary>The inode that the reference belongs to.</summary>
    public ulong OwnerInum { get; init; }

    /// <summary>The type of that inode.</summary>
    public ObjectType OwnerType { get; init; }

    /// <summary>Size of that inode in bytes.</summary>
    public ulong OwnerSize { get; init; }

    /// <summary>True for a directory that only root can open.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The type of the block that contains the reference.</summary>
    public BlockrefType ParentType { get; init; }

    /// <summary>The reference to the block that contains it; the default value for the header.</summary>
    public Blockref Parent { get; init; }

    /// <summary>Number of references between the header and this one.</summary>
    public int Depth { get; init; }

    /// <summary>True between the super-root and the PFS roots.</summary>
    public bool IsUnderSuperRoot { get; init; }

    /// <summary>Records in the PFS which inodes and entries are unknown because a reference is damaged.</summary>
    public void Lose(in Blockref reference)
    {
        if (Pfs is not { } pfs) return;
        bool isIndex = OwnerInum == Media.PfsRootInum || IsUnderSuperRoot;
        if (reference.Type == BlockrefType.Inode)
        {
            if (IsUnderSuperRoot) pfs.LostInodes.Add(0, ulong.MaxValue);
            else pfs.LostInodes.Add(reference.Key, reference.Key);
            pfs.IsEntriesPartial = true; // the lost inode may be a directory
            return;
        }
        if (OwnerType == ObjectType.Directory && reference.Type != BlockrefType.Data) pfs.IsEntriesPartial = true;
        if (!isIndex || reference.Type is not BlockrefType.Indirect || (reference.Key & Media.EntryKeyBit) != 0) return;
        ulong last = reference.KeyEnd < reference.Key ? ulong.MaxValue : reference.KeyEnd;
        pfs.LostInodes.Add(reference.Key, last);
    }
}
