// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Admin.Fsck;

/// <summary>What was found below a block of references to inodes, without a fault: it holds for each snapshot that has
/// the same reference. 24 bytes for each directory, and 230 for the block.</summary>
internal sealed class IndexPart
{
    private readonly List<IndexPart> _parts = [];
    private readonly List<DirectoryFact> _directories = [];

    /// <summary>The contribution to <see cref="LinkSums.Total"/>.</summary>
    public ulong LinkSum { get; set; }

    /// <summary>The greatest inode number.</summary>
    public ulong HighestInum { get; set; }

    /// <summary>Number of inodes.</summary>
    public long Inodes { get; set; }

    /// <summary>Number of entries of the directories among them.</summary>
    public long Entries { get; set; }

    /// <summary>Number of children with a greater modify_tid than their parent.</summary>
    public long ModifyTidsAbove { get; set; }

    /// <summary>Adds a block below this one.</summary>
    public void Add(IndexPart part) => _parts.Add(part);

    /// <summary>Adds a directory that no block below has.</summary>
    public void Add(in DirectoryFact directory) => _directories.Add(directory);

    /// <summary>Adds all directories to a list.</summary>
    public void CopyTo(DirectoryFacts directories)
    {
        foreach (IndexPart part in _parts) part.CopyTo(directories);
        foreach (DirectoryFact directory in _directories) directories.Add(directory);
    }
}
