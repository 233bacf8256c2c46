// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The state of one PFS during a check: 2 MiB, and what <see cref="DirectoryFacts"/> has of each
/// directory.</summary>
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

    /// <summary>Whether inodes and entries belong together.</summary>
    public LinkSums Links { get; private set; } = new();

    /// <summary>All directories except the root.</summary>
    public DirectoryFacts Directories { get; set; } = new();

    /// <summary>The greatest inode number, at least that of the root.</summary>
    public ulong HighestInum { get; set; } = Media.PfsRootInum;

    /// <summary>What has to do with extended attributes.</summary>
    public AttributeFacts Attributes { get; private set; } = new();

    /// <summary>Numbers of inodes that may exist but cannot be read.</summary>
    public InumRanges LostInodes { get; } = new();

    /// <summary>True when there may be entries that cannot be read.</summary>
    public bool IsEntriesPartial { get; set; }

    /// <summary>Number of children with a greater modify_tid than their parent.</summary>
    public long ModifyTidsAbove { get; set; }

    /// <summary>Walks the names and inodes once more, without findings: for those of a selection, or for the sums of
    /// all, which it answers.</summary>
    public Func<FactSelection?, LinkSums>? WalkAgain { get; set; }

    /// <summary>True when parts were found in another PFS and added as a whole: <see cref="Links"/> have their total
    /// alone.</summary>
    public bool HasSkipped { get; private set; }

    /// <summary>The innermost part that is walked.</summary>
    public IndexPart? Part { get; set; }

    /// <summary>True when an inode may exist and cannot be read.</summary>
    public bool MayBeLost(ulong inum) => LostInodes.Contains(inum);

    /// <summary>Takes inodes and entries in a further walk, in which nothing else is collected.</summary>
    public FactSelection? Selection { get; init; }

    /// <summary>True for inodes that such a walk needs neither for themselves nor for entries in them.</summary>
    public bool Skips(ulong inum) =>
        Selection is { } selection && !selection.Takes(inum) && Directories.IndexOf(inum) < 0;

    /// <summary>Adds an inode other than the root.</summary>
    public void Add(in InodeFact inode)
    {
        if (Selection is { } selection)
        {
            selection.Add(inode);
            return;
        }
        Links.Add(inode);
        HighestInum = Math.Max(HighestInum, inode.Inum);
        if (inode.Type != ObjectType.Directory) return;
        var directory = new DirectoryFact(inode.Inum, inode.ParentInum, inode.LinkCount);
        Directories.Add(directory);
        Part?.Add(directory);
    }

    /// <summary>Adds a part that was found in another PFS.</summary>
    public void Add(IndexPart part)
    {
        HasSkipped = true;
        HighestInum = Math.Max(HighestInum, part.HighestInum);
        Links.AddToTotal(part.LinkSum);
        ModifyTidsAbove += part.ModifyTidsAbove;
        part.CopyTo(Directories);
        Part?.Add(part);
    }

    /// <summary>Has the sums of all groups again, after parts were added as a whole.</summary>
    public void SumAgain()
    {
        Links = WalkAgain!(null);
        HasSkipped = false;
    }

    /// <summary>Adds an entry.</summary>
    public void Add(in EntryFact entry)
    {
        if (Selection is { } selection) selection.Add(entry);
        else Links.Add(entry);
    }

    /// <summary>Frees memory after the first walk.</summary>
    public void ReleaseSeen() => Seen = new BlockSet();

    /// <summary>Frees the memory after the PFS was checked.</summary>
    public void Release()
    {
        ReleaseSeen();
        Links = new LinkSums();
        Directories = new DirectoryFacts();
        Attributes = new AttributeFacts();
        WalkAgain = null;
    }
}
