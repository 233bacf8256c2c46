// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Admin.Fsck;

/// <summary>What the record of an inode says of a file with its extended attributes.</summary>
/// <param name="Inum">The inode.</param>
/// <param name="File">Number of the file; 0 when the record cannot be read.</param>
/// <param name="ListBytes">Length of the list in it.</param>
/// <param name="ListCode">CRC-32C of the list.</param>
internal readonly record struct AttributeOwner(ulong Inum, ulong File, int ListBytes, uint ListCode);

/// <summary>An entry that is named as a file with extended attributes is.</summary>
/// <param name="Owner">The inode that it is named for.</param>
/// <param name="File">Number of the file.</param>
/// <param name="Directory">Where it is.</param>
/// <param name="Key">Key of the entry.</param>
internal readonly record struct AttributeEntry(ulong Owner, ulong File, ulong Directory, ulong Key);

/// <summary>What was found of the extended attributes of a PFS; nothing for inodes that have them inside.</summary>
internal sealed class AttributeFacts
{
    /// <summary>The directory with the files; 0 for none.</summary>
    public ulong Directory { get; set; }

    /// <summary>Inodes that have a file, or a record that cannot be read.</summary>
    public List<AttributeOwner> Owners { get; } = [];

    /// <summary>Entries of directories that only root can open.</summary>
    public List<AttributeEntry> Entries { get; } = [];
}
