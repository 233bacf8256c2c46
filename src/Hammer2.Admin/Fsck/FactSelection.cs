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

/// <summary>Collects inodes and entries with some inode numbers in a further walk of a PFS: 25 bytes for
/// each.</summary>
/// <param name="takes">True for inode numbers to collect.</param>
internal sealed class FactSelection(Predicate<ulong> takes)
{
    private readonly List<InodeFact> _inodes = [];
    private readonly List<EntryFact> _entries = [];

    /// <summary>The inodes, in the order of their numbers after <see cref="Sort"/>.</summary>
    public ReadOnlySpan<InodeFact> Inodes => CollectionsMarshal.AsSpan(_inodes);

    /// <summary>The entries, in the order of inode, directory and key after <see cref="Sort"/>.</summary>
    public ReadOnlySpan<EntryFact> Entries => CollectionsMarshal.AsSpan(_entries);

    /// <summary>True for inode numbers to collect.</summary>
    public bool Takes(ulong inum) => takes(inum);

    /// <summary>Collects an inode, if it is one of these.</summary>
    public void Add(in InodeFact inode)
    {
        if (takes(inode.Inum)) _inodes.Add(inode);
    }

    /// <summary>Collects an entry, if it leads to one of these.</summary>
    public void Add(in EntryFact entry)
    {
        if (takes(entry.Inum)) _entries.Add(entry);
    }

    /// <summary>Puts what was collected in order.</summary>
    public void Sort()
    {
        CollectionsMarshal.AsSpan(_inodes).Sort(static (left, right) => left.Inum.CompareTo(right.Inum));
        CollectionsMarshal.AsSpan(_entries).Sort(static (left, right) => left.Inum != right.Inum
            ? left.Inum.CompareTo(right.Inum)
            : left.Directory != right.Directory
                ? left.Directory.CompareTo(right.Directory)
                : left.Key.CompareTo(right.Key));
    }
}
