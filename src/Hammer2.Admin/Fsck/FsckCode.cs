// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin;

/// <summary>What kind of finding, stable for programs that read them.</summary>
public enum FsckCode
{
    /// <summary>A copy of a volume header cannot be used and is not blank.</summary>
    HeaderCopy,

    /// <summary>A field of the header contradicts the others.</summary>
    HeaderField,

    /// <summary>The count of free bytes in the header is not what the freemap adds up to.</summary>
    AllocatorFree,

    /// <summary>A used reference whose own fields no correct writer leaves so.</summary>
    ReferenceField,

    /// <summary>A reference to a place where no block of its kind may lie.</summary>
    ReferencePlace,

    /// <summary>A kind of reference that its owner may not have.</summary>
    ReferenceKind,

    /// <summary>An unused slot of a table that is not all zero.</summary>
    SlotNotZero,

    /// <summary>Keys of a table that do not ascend, or that overlap.</summary>
    KeyOrder,

    /// <summary>A reference whose keys are not among those of the block that holds it.</summary>
    KeyOutside,

    /// <summary>A child that is newer on this device than the block that holds it, or than the header.</summary>
    MirrorTid,

    /// <summary>Children whose change number is above their parent's, which upstream's collapse leaves.</summary>
    ModifyTid,

    /// <summary>Statistics of a reference that are not what is below it.</summary>
    Statistics,

    /// <summary>A block that the device cannot read.</summary>
    Unreadable,

    /// <summary>A block that is not what its check code says.</summary>
    CheckCode,

    /// <summary>File data that does not decode.</summary>
    DataDecode,

    /// <summary>Blocks nested deeper than any writer does.</summary>
    Depth,

    /// <summary>Two references of one PFS to one block of references, inode or name.</summary>
    SharedWithin,

    /// <summary>Two different blocks that lie over each other.</summary>
    Overlap,

    /// <summary>A freemap block whose fields are illegal.</summary>
    FreemapField,

    /// <summary>Space in use that the freemap gives as free: the next write may destroy it.</summary>
    LiveMarkedFree,

    /// <summary>Space in use that bulkfree's first pass staged, which its next pass takes back.</summary>
    LiveStaged,

    /// <summary>Space in use that was allocated after the last commit of the freemap, which recovery marks.</summary>
    LiveUnrecorded,

    /// <summary>Space marked in use that nothing leads to, which bulkfree gives back.</summary>
    Leaked,

    /// <summary>A freemap state that has no meaning.</summary>
    FreemapState,

    /// <summary>Free bytes of a freemap entry that are not what its bits say.</summary>
    FreemapAvailable,

    /// <summary>The place for the next small block lies below blocks in use.</summary>
    FreemapLinear,

    /// <summary>Space that must never be allocated and is not marked so.</summary>
    FreemapStatic,

    /// <summary>Blocks in space that no freemap leaf covers.</summary>
    FreemapMissing,

    /// <summary>A segment kept for one kind of block that holds others.</summary>
    FreemapClass,

    /// <summary>An inode field that no correct writer leaves so.</summary>
    InodeField,

    /// <summary>An inode whose own name or name key is not by the convention.</summary>
    InodeName,

    /// <summary>Embedded data where there may be none, or more than fits.</summary>
    InodeEmbedded,

    /// <summary>Data blocks behind the end of their file.</summary>
    DataBeyondEnd,

    /// <summary>The next inode number of a PFS is one that is in use.</summary>
    NextInum,

    /// <summary>A directory entry whose inode does not exist.</summary>
    EntryInode,

    /// <summary>A directory entry that gives its inode another type than it has.</summary>
    EntryType,

    /// <summary>A directory entry that does not lie where its name hashes to.</summary>
    EntryHash,

    /// <summary>Two entries of one name in a directory.</summary>
    EntryTwice,

    /// <summary>A name that cannot be looked up or removed.</summary>
    EntryName,

    /// <summary>A link count that is not the number of entries.</summary>
    LinkCount,

    /// <summary>A directory's link count that follows no known convention.</summary>
    DirectoryLinkCount,

    /// <summary>A directory with more than one entry.</summary>
    DirectoryTwice,

    /// <summary>Directories that lead to each other and not to the root.</summary>
    DirectoryCycle,

    /// <summary>An inode without links that was still open when the filesystem was last written.</summary>
    InodeUnlinked,

    /// <summary>An inode with links that no entry leads to.</summary>
    InodeLost,

    /// <summary>The parent that an inode names is not the directory that holds its entry.</summary>
    ParentInum,

    /// <summary>The root of a PFS or of the super-root lacks what makes it one.</summary>
    PfsRoot,

    /// <summary>Two PFSs of one label, node id or cluster on one filesystem.</summary>
    PfsTwice,

    /// <summary>What two nodes of a cluster should have in common and have not.</summary>
    ClusterDiffers,

    /// <summary>A node of a cluster that does not hold the commit of the quorum.</summary>
    ClusterStale,

    /// <summary>A rule that could not be judged because of other damage.</summary>
    NotJudged,
}
