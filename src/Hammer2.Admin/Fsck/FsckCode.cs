// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Fsck;

/// <summary>The kind of a finding. The names are part of the JSON output and do not change.</summary>
public enum FsckCode
{
    /// <summary>A copy of a volume header cannot be used and is not blank.</summary>
    HeaderCopy,

    /// <summary>A field of the header is inconsistent with others.</summary>
    HeaderField,

    /// <summary>The count of free bytes in the header differs from the total of the freemap.</summary>
    AllocatorFree,

    /// <summary>A field of a used reference is invalid.</summary>
    ReferenceField,

    /// <summary>A reference to an offset that is invalid for its type.</summary>
    ReferencePlace,

    /// <summary>A type of reference that its owner cannot have.</summary>
    ReferenceKind,

    /// <summary>An unused slot of a table that is not all zero.</summary>
    SlotNotZero,

    /// <summary>Keys of a table that do not ascend, or that overlap.</summary>
    KeyOrder,

    /// <summary>A reference whose keys are not among those of the block that holds it.</summary>
    KeyOutside,

    /// <summary>A child with a greater mirror_tid than its parent or the header.</summary>
    MirrorTid,

    /// <summary>Children with a greater modify_tid than their parent, which upstream's removal of indirect blocks
    /// causes.</summary>
    ModifyTid,

    /// <summary>Statistics of a reference that differ from the totals below it.</summary>
    Statistics,

    /// <summary>A block that the device cannot read.</summary>
    Unreadable,

    /// <summary>A block that does not match its check code.</summary>
    CheckCode,

    /// <summary>File data that cannot be decoded.</summary>
    DataDecode,

    /// <summary>Blocks nested deeper than the format allows.</summary>
    Depth,

    /// <summary>Two references of one PFS to one block of references, inode or name.</summary>
    SharedWithin,

    /// <summary>Two different blocks that overlap.</summary>
    Overlap,

    /// <summary>A freemap block with invalid fields.</summary>
    FreemapField,

    /// <summary>Space in use that is free in the freemap: the next write may overwrite it.</summary>
    LiveMarkedFree,

    /// <summary>Space in use that is staged by bulkfree; its next pass marks it in use again.</summary>
    LiveStaged,

    /// <summary>Space in use that was allocated after the last commit of the freemap, which recovery marks.</summary>
    LiveUnrecorded,

    /// <summary>Allocated space that is not reachable, which bulkfree frees.</summary>
    Leaked,

    /// <summary>An undefined freemap state.</summary>
    FreemapState,

    /// <summary>The count of free bytes of a freemap entry differs from its bitmap.</summary>
    FreemapAvailable,

    /// <summary>The offset for the next small block is below blocks in use.</summary>
    FreemapLinear,

    /// <summary>Space that must never be allocated and is not marked so.</summary>
    FreemapStatic,

    /// <summary>Blocks in space that no freemap leaf covers.</summary>
    FreemapMissing,

    /// <summary>A segment of one class that has blocks of another type.</summary>
    FreemapClass,

    /// <summary>An invalid inode field.</summary>
    InodeField,

    /// <summary>An inode whose own name or name key does not follow the convention.</summary>
    InodeName,

    /// <summary>Embedded data in an object of the wrong type, or more than fits.</summary>
    InodeEmbedded,

    /// <summary>Data blocks past EOF.</summary>
    DataBeyondEnd,

    /// <summary>The next inode number of a PFS is in use.</summary>
    NextInum,

    /// <summary>A directory entry whose inode does not exist.</summary>
    EntryInode,

    /// <summary>A directory entry with another type than its inode.</summary>
    EntryType,

    /// <summary>A directory entry whose key does not match the hash of its name.</summary>
    EntryHash,

    /// <summary>Two entries of one name in a directory.</summary>
    EntryTwice,

    /// <summary>A name that cannot be looked up or removed.</summary>
    EntryName,

    /// <summary>A link count that differs from the number of entries.</summary>
    LinkCount,

    /// <summary>A directory's link count that follows no known convention.</summary>
    DirectoryLinkCount,

    /// <summary>A directory with more than one entry.</summary>
    DirectoryTwice,

    /// <summary>Directories that form a cycle and are not reachable from the root.</summary>
    DirectoryCycle,

    /// <summary>An inode without links that was still open when the filesystem was last written.</summary>
    InodeUnlinked,

    /// <summary>An inode with links that no entry refers to.</summary>
    InodeLost,

    /// <summary>The parent field of an inode is not the directory with its entry.</summary>
    ParentInum,

    /// <summary>Extended attributes of an inode that cannot be read, or are not where it says.</summary>
    AttributeRecord,

    /// <summary>A file with extended attributes of an inode that does not have them any more.</summary>
    AttributeFile,

    /// <summary>The root of a PFS or the super-root has an invalid field.</summary>
    PfsRoot,

    /// <summary>Two PFSs of one label, node id or cluster on one filesystem.</summary>
    PfsTwice,

    /// <summary>A difference between two nodes of a cluster that should be equal.</summary>
    ClusterDiffers,

    /// <summary>A node of a cluster that does not have the commit of the quorum.</summary>
    ClusterStale,

    /// <summary>A rule that could not be checked because of other damage.</summary>
    NotJudged,
}
