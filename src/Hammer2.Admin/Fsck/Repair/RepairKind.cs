// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Fsck.Repair;

/// <summary>The kinds of repairs in a tree.</summary>
internal enum RepairKind
{
    /// <summary>Rewrite a block: sorted, unused slots zero, correct statistics and transaction ids.</summary>
    Touch,

    /// <summary>Set the name of an inode to that of its number.</summary>
    SetName,

    /// <summary>Clear undefined mode bits.</summary>
    SetMode,

    /// <summary>Set the next inode number of a PFS above all that are in use.</summary>
    SetNextInum,

    /// <summary>Set a link count.</summary>
    SetLinkCount,

    /// <summary>Set the parent of an inode.</summary>
    SetParent,

    /// <summary>Set the type in a directory entry.</summary>
    SetEntryType,

    /// <summary>Move an entry to a key of its name's hash.</summary>
    MoveEntry,

    /// <summary>Remove an entry whose inode does not exist.</summary>
    RemoveEntry,

    /// <summary>Add an entry in lost+found for an inode that has none.</summary>
    Reconnect,

    /// <summary>Remove an orphan: an inode without links and entries.</summary>
    RemoveInode,

    /// <summary>Clear a record of extended attributes.</summary>
    ClearAttributes,

    /// <summary>Remove a file with extended attributes that no inode has.</summary>
    RemoveAttributeFile,
}
