// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>One repair in one PFS.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="PfsKey">The PFS; 0 for the super-root.</param>
/// <param name="Inum">The inode, or the directory of an entry.</param>
/// <param name="Key">Key of the entry or of the block.</param>
/// <param name="Value">The value to set, or a type.</param>
/// <param name="Block">For a block: its type.</param>
/// <param name="KeyBits">For a block: its key bits.</param>
internal readonly record struct RepairAction(
    RepairKind Kind, ulong PfsKey, ulong Inum, ulong Key = 0, ulong Value = 0,
    BlockrefType Block = BlockrefType.Empty, byte KeyBits = 0)
{
    /// <summary>True when the other nodes of a cluster would need the same change.</summary>
    public bool IsLogical => Kind != RepairKind.Touch;
}

/// <summary>The repairs for the findings of a check, in the order in which they are made.</summary>
internal sealed class RepairPlan
{
    // Limit per round; the check after it finds the rest again.
    private const int ActionsMax = 200_000;

    private readonly HashSet<RepairAction> _known = [];

    public List<RepairAction> Actions { get; } = [];

    /// <summary>True when a header copy must be written again.</summary>
    public bool HasBadHeaderCopy { get; set; }

    /// <summary>True when the freemap or its totals must be written again.</summary>
    public bool HasBadFreemap { get; set; }

    /// <summary>True when findings with this code can be repaired.</summary>
    public static bool MayRepair(FsckCode code) => code is FsckCode.HeaderCopy or FsckCode.AllocatorFree
        or FsckCode.SlotNotZero or FsckCode.MirrorTid or FsckCode.Statistics or FsckCode.FreemapField
        or FsckCode.LiveMarkedFree or FsckCode.FreemapState or FsckCode.FreemapAvailable or FsckCode.FreemapLinear
        or FsckCode.FreemapStatic or FsckCode.FreemapMissing or FsckCode.InodeName or FsckCode.NextInum
        or FsckCode.EntryInode or FsckCode.EntryType or FsckCode.EntryHash or FsckCode.LinkCount
        or FsckCode.InodeUnlinked or FsckCode.InodeLost or FsckCode.ParentInum
        or FsckCode.AttributeRecord or FsckCode.AttributeFile;

    public void Add(in RepairAction action)
    {
        if (Actions.Count < ActionsMax && _known.Add(action)) Actions.Add(action);
    }

    /// <summary>Plans to rewrite the block that contains a reference.</summary>
    public void TouchParent(in FsckPosition position)
    {
        if (position.ParentType is not (BlockrefType.Inode or BlockrefType.Indirect)) return;
        bool isPfsRoot = position.OwnerInum == Media.PfsRootInum && position.ParentType == BlockrefType.Inode;
        Add(new RepairAction(
            RepairKind.Touch, position.Pfs?.Key ?? 0, position.OwnerInum,
            isPfsRoot ? position.OwnerInum : position.Parent.Key, 0, position.ParentType, position.Parent.KeyBits));
    }
}
