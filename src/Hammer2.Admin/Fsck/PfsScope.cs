// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>An inode as the rules of names need it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct InodeFact(ulong Inum, ulong ParentInum, ulong LinkCount, ObjectType Type);

/// <summary>A directory entry without its name, which is found again by its key.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct EntryFact(ulong Inum, ulong Directory, ulong Key, ObjectType Type);

/// <summary>One PFS while it is checked: about 50 bytes for each file.</summary>
internal sealed class PfsScope
{
    public PfsScope(in Blockref reference) => Root = reference;

    /// <summary>The reference to the root.</summary>
    public Blockref Root { get; }

    /// <summary>Key of the root below the super-root.</summary>
    public ulong Key => Root.Key;

    /// <summary>The label; null until the root was read.</summary>
    public string? Label { get; set; }

    /// <summary>Fields of the root inode.</summary>
    public InodeMeta Meta { get; set; }

    /// <summary>Blocks of references, inodes and names met in this PFS.</summary>
    public BlockSet Seen { get; private set; } = new();

    /// <summary>All inodes but the root, in the order in which they were met, which is that of their numbers.</summary>
    public List<InodeFact> Inodes { get; private set; } = [];

    /// <summary>All entries.</summary>
    public List<EntryFact> Entries { get; private set; } = [];

    /// <summary>Numbers of inodes that may exist and cannot be read.</summary>
    public List<InumRange> LostInodes { get; } = [];

    /// <summary>True when entries may exist that cannot be read.</summary>
    public bool IsEntriesPartial { get; set; }

    /// <summary>Children with a change number above their parent's.</summary>
    public long ModifyTidsAbove { get; set; }

    /// <summary>Gives the memory back when the PFS was judged.</summary>
    public void Release()
    {
        Seen = new BlockSet();
        Inodes = [];
        Entries = [];
    }

    /// <summary>Notes what cannot be seen behind a reference that is damaged.</summary>
    public void Lose(in FsckPlace place, in Blockref reference)
    {
        bool isIndex = place.OwnerInum == Media.PfsRootInum || place.IsUnderSuperRoot;
        if (reference.Type == BlockrefType.Inode)
        {
            LostInodes.Add(place.IsUnderSuperRoot
                ? new InumRange(0, ulong.MaxValue)
                : new InumRange(reference.Key, reference.Key));
            IsEntriesPartial = true; // it may be a directory
            return;
        }
        if (place.OwnerType == ObjectType.Directory && reference.Type != BlockrefType.Data) IsEntriesPartial = true;
        if (!isIndex || reference.Type is not BlockrefType.Indirect || (reference.Key & Media.EntryKeyBit) != 0) return;
        ulong last = reference.KeyEnd < reference.Key ? ulong.MaxValue : reference.KeyEnd;
        LostInodes.Add(new InumRange(reference.Key, last));
    }
}
