// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>One damaged block, and the files that are affected.</summary>
public sealed class VerifyFault : IPathSubject
{
    /// <summary>The tree the block belongs to.</summary>
    public required MediaTree Tree { get; init; }

    /// <summary>Type of the block; <see cref="BlockrefType.Empty"/> for references in the header itself.</summary>
    public required BlockrefType Kind { get; init; }

    /// <summary>Key of the PFS, 0 for none.</summary>
    public required ulong PfsKey { get; init; }

    /// <summary>The label of that PFS; null for none or when its root cannot be read.</summary>
    public string? Label { get; internal set; }

    /// <summary>The inode that the block belongs to.</summary>
    public required ulong OwnerInum { get; init; }

    /// <summary>The type of that inode.</summary>
    public required ObjectType OwnerType { get; init; }

    /// <summary>First key that the reference covers.</summary>
    public required ulong Key { get; init; }

    /// <summary>Last key that the reference covers.</summary>
    public required ulong KeyEnd { get; init; }

    /// <summary>Offset of the block in the address space of the volume set, in bytes.</summary>
    public required ulong Address { get; init; }

    /// <summary>Stored size in bytes.</summary>
    public required int SizeBytes { get; init; }

    /// <summary>Io, Check or Corrupt.</summary>
    public required Hammer2Error Error { get; init; }

    /// <summary>The fault, for messages.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// Paths of the affected objects, from the root of the PFS, as stored bytes; several when an indirect block of many
    /// inodes is lost. Empty when no directory entry refers to the object.
    /// </summary>
    public IReadOnlyList<byte[]> Paths { get; private set; } = [];

    /// <summary>Number of paths, listed or not.</summary>
    public long PathsTotal { get; private set; }

    /// <summary>The inode numbers that are lost or affected: one, or all below an indirect block of the inode
    /// index.</summary>
    internal KeyRange Hurt => Kind switch
    {
        BlockrefType.Inode when IsPfsRoot => new KeyRange(Media.PfsRootInum, Media.PfsRootInum),
        BlockrefType.Inode => new KeyRange(Key, Key),
        BlockrefType.Indirect when IsInodeIndex => new KeyRange(Key, Math.Min(KeyEnd, Media.EntryKeyBit - 1)),
        _ => new KeyRange(OwnerInum, OwnerInum),
    };

    KeyRange IPathSubject.Inums => Hurt;

    void IPathSubject.SetPaths(IReadOnlyList<byte[]> paths, long total) => (Paths, PathsTotal) = (paths, total);

    /// <summary>True when the whole PFS is lost with the block.</summary>
    public bool IsPfsRoot { get; init; }

    /// <summary>True for an indirect block of the inode index rather than of one file or directory.</summary>
    public bool IsInodeIndex => OwnerInum == Media.PfsRootInum && (Key & Media.EntryKeyBit) == 0;
}
