// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>What can be done about a finding in a tree.</summary>
internal enum RepairKind
{
    /// <summary>Write a block again: in order, unused slots zero, sums and flush numbers as they should be.</summary>
    Touch,

    /// <summary>Give an inode the name that belongs to its number.</summary>
    SetName,

    /// <summary>Clear the bits of a mode that mean nothing.</summary>
    SetMode,

    /// <summary>Give a PFS a next inode number above all that are in use.</summary>
    SetNextInum,

    /// <summary>Set a link count.</summary>
    SetLinkCount,

    /// <summary>Set the directory that an inode names as its parent.</summary>
    SetParent,

    /// <summary>Set the type in an entry.</summary>
    SetEntryType,

    /// <summary>Put an entry where its name hashes to.</summary>
    MoveEntry,

    /// <summary>Remove an entry whose inode does not exist.</summary>
    RemoveEntry,

    /// <summary>Give an inode without a name one in lost+found.</summary>
    Reconnect,

    /// <summary>Remove an inode that has neither name nor links.</summary>
    RemoveInode,
}

/// <summary>One repair in one PFS.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="PfsKey">The PFS; 0 for the super-root.</param>
/// <param name="Inum">The inode, or the directory of an entry.</param>
/// <param name="Key">Key of the entry or of the block.</param>
/// <param name="Value">The value to set, or a type.</param>
/// <param name="Block">For a block: what kind.</param>
/// <param name="KeyBits">For a block: its key bits.</param>
internal readonly record struct RepairAction(
    RepairKind Kind, ulong PfsKey, ulong Inum, ulong Key = 0, ulong Value = 0,
    BlockrefType Block = BlockrefType.Empty, byte KeyBits = 0)
{
    /// <summary>True when other nodes of a cluster would have to be changed too.</summary>
    public bool IsLogical => Kind != RepairKind.Touch;
}

/// <summary>What a check found that can be repaired, in the order in which it is to be done.</summary>
internal sealed class RepairPlan
{
    // So many at once; the rest is found again by the check that follows.
    private const int ActionsMax = 200_000;

    private readonly HashSet<RepairAction> _known = [];

    public List<RepairAction> Actions { get; } = [];

    /// <summary>True when a copy of the header is to be written again.</summary>
    public bool HasBadHeaderCopy { get; set; }

    /// <summary>True when the freemap or its sums are to be written again.</summary>
    public bool HasBadFreemap { get; set; }

    /// <summary>True when a finding of a code may be repaired at all.</summary>
    public static bool MayRepair(FsckCode code) => code is FsckCode.HeaderCopy or FsckCode.AllocatorFree
        or FsckCode.SlotNotZero or FsckCode.MirrorTid or FsckCode.Statistics or FsckCode.FreemapField
        or FsckCode.LiveMarkedFree or FsckCode.FreemapState or FsckCode.FreemapAvailable or FsckCode.FreemapLinear
        or FsckCode.FreemapStatic or FsckCode.FreemapMissing or FsckCode.InodeName or FsckCode.NextInum
        or FsckCode.EntryInode or FsckCode.EntryType or FsckCode.EntryHash or FsckCode.LinkCount
        or FsckCode.InodeUnlinked or FsckCode.InodeLost or FsckCode.ParentInum;

    public void Add(in RepairAction action)
    {
        if (Actions.Count < ActionsMax && _known.Add(action)) Actions.Add(action);
    }

    /// <summary>Writes the block again that holds a reference.</summary>
    public void TouchParent(in FsckPlace place)
    {
        if (place.ParentType is not (BlockrefType.Inode or BlockrefType.Indirect)) return;
        bool isPfsRoot = place.OwnerInum == Media.PfsRootInum && place.ParentType == BlockrefType.Inode;
        Add(new RepairAction(
            RepairKind.Touch, place.Pfs?.Key ?? 0, place.OwnerInum,
            isPfsRoot ? place.OwnerInum : place.Parent.Key, 0, place.ParentType, place.Parent.KeyBits));
    }
}
