// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The fields of an inode that the namespace check needs.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct InodeFact(ulong Inum, ulong ParentInum, ulong LinkCount, ObjectType Type);

/// <summary>A directory entry without its name, which can be read again by its key.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct EntryFact(ulong Inum, ulong Directory, ulong Key, ObjectType Type);

/// <summary>The state of one PFS during a check: about 50 bytes for each file.</summary>
internal sealed class PfsScope
{
    public PfsScope(in Blockref reference) => Root = reference;

    /// <summary>The reference to the root.</summary>
    public Blockref Root { get; }

    /// <summary>Key of the root below the super-root.</summary>
    public ulong Key => Root.Key;

    /// <summary>The label; null until the root is read.</summary>
    public string? Label { get; set; }

    /// <summary>Fields of the root inode.</summary>
    public InodeMeta Meta { get; set; }

    /// <summary>Indirect blocks, inodes and blocks of names found in this PFS.</summary>
    public BlockSet Seen { get; private set; } = new();

    /// <summary>All inodes except the root, in ascending order of their numbers.</summary>
    public List<InodeFact> Inodes { get; private set; } = [];

    /// <summary>All entries.</summary>
    public List<EntryFact> Entries { get; private set; } = [];

    /// <summary>What has to do with extended attributes.</summary>
    public AttributeFacts Attributes { get; private set; } = new();

    /// <summary>Numbers of inodes that may exist but cannot be read.</summary>
    public List<InumRange> LostInodes { get; } = [];

    /// <summary>True when there may be entries that cannot be read.</summary>
    public bool IsEntriesPartial { get; set; }

    /// <summary>Number of children with a greater modify_tid than their parent.</summary>
    public long ModifyTidsAbove { get; set; }

    /// <summary>True when an inode may exist and cannot be read.</summary>
    public bool MayBeLost(ulong inum) => LostInodes.Exists(lost => inum >= lost.First && inum <= lost.Last);

    /// <summary>Frees the memory after the PFS was checked.</summary>
    public void Release()
    {
        Seen = new BlockSet();
        Inodes = [];
        Entries = [];
        Attributes = new AttributeFacts();
    }
}
