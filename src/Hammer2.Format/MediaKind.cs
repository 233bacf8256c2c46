// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The kind of structure that a <see cref="MediaFault"/> was found in.</summary>
public enum MediaKind
{
    /// <summary>A copy of the volume header.</summary>
    VolumeHeader,

    /// <summary>A reference to a block.</summary>
    Reference,

    /// <summary>A table of references as a whole: their order.</summary>
    Table,

    /// <summary>The meta part of an inode.</summary>
    Inode,

    /// <summary>The name of a directory entry.</summary>
    EntryName,

    /// <summary>A node or leaf of the freemap.</summary>
    Freemap,
}
