// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Tells which inodes may not have the entries that they should have, without remembering inodes or entries: 2 MiB for
/// any number of files.
/// </summary>
/// <remarks>
/// Each inode adds a hash of its number and type as often as it has links, and each entry subtracts the hash of the
/// number and type that it gives, in the sum of a group of inodes. A group whose sum is not zero is open: the inodes
/// and entries of open groups are collected in a further walk and compared one by one. For directories the hash has the
/// parent too, and counts once. An inode without links is marked. Sums that are zero by chance: one of 2^64.
/// </remarks>
internal sealed class LinkSums
{
    /// <summary>Number of groups.</summary>
    public const int GroupsTotal = 1 << 18;

    // Damage usually concerns neighbours.
    private const int NeighboursRadix = 5;
    private const int BitsPerWord = 64;

    private ulong[] _sums = [];
    private ulong[] _marks = [];

    /// <summary>Number of inodes and entries that were added.</summary>
    public long FactsTotal { get; private set; }

    /// <summary>The sum of all groups, and of what was added without its groups: zero when no inode lacks an entry and no
    /// entry an inode.</summary>
    public ulong Total { get; private set; }

    /// <summary>Number of inodes without links that were added.</summary>
    public long UnlinkedTotal { get; private set; }

    /// <summary>The group of an inode number.</summary>
    public static int GroupOf(ulong inum) => (int)(inum >> NeighboursRadix) & (GroupsTotal - 1);

    /// <summary>Adds an inode that is not the root.</summary>
    public void Add(in InodeFact inode)
    {
        Count();
        int group = GroupOf(inode.Inum);
        ulong links = inode.Type == ObjectType.Directory
            ? Hash(inode.Inum, inode.Type, inode.ParentInum)
            : Hash(inode.Inum, inode.Type, 0) * inode.LinkCount;
        _sums[group] += links;
        Total += links;
        if (inode.LinkCount != 0) return;
        UnlinkedTotal++;
        _marks[group / BitsPerWord] |= 1UL << (group % BitsPerWord);
    }

    /// <summary>Adds an entry.</summary>
    public void Add(in EntryFact entry)
    {
        Count();
        ulong link = Hash(entry.Inum, entry.Type, entry.Type == ObjectType.Directory ? entry.Directory : 0);
        _sums[GroupOf(entry.Inum)] -= link;
        Total -= link;
    }

    /// <summary>Adds inodes and entries to the total alone.</summary>
    public void AddToTotal(ulong sum) => Total += sum;

    /// <summary>True when inodes of a group must be compared with their entries one by one.</summary>
    public bool IsOpen(int group) => FactsTotal > 0
        && (_sums[group] != 0 || (_marks[group / BitsPerWord] & (1UL << (group % BitsPerWord))) != 0);

    /// <summary>The first open group from one on; <see cref="GroupsTotal"/> for none.</summary>
    public int NextOpen(int group)
    {
        while (group < GroupsTotal && !IsOpen(group)) group++;
        return group;
    }

    private void Count()
    {
        // A PFS without files, or a snapshot that was checked with its origin, needs no memory.
        if (FactsTotal++ > 0) return;
        _sums = new ulong[GroupsTotal];
        _marks = new ulong[GroupsTotal / BitsPerWord];
    }

    // Each step is a bijection that spreads every bit; odd, so that no number of links makes it zero.
    private static ulong Hash(ulong inum, ObjectType type, ulong directory) =>
        Mix(Mix(Mix(inum) + (ulong)type + 1) + directory) | 1;

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
