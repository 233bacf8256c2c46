// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Resolve;

/// <summary>One reference to a block: what the block is, and what it belongs to.</summary>
public sealed class BlockUse : IPathSubject
{
    internal BlockUse(in WalkPosition position, in Blockref reference, ulong holder, string? fault)
    {
        (Position, Reference, HolderAddress, Fault) = (position, reference, holder, fault);
    }

    /// <summary>Where the reference is in its tree.</summary>
    public WalkPosition Position { get; }

    /// <summary>The reference.</summary>
    public Blockref Reference { get; }

    /// <summary>The address of the block that has the reference; 0 when a volume header has it.</summary>
    public ulong HolderAddress { get; }

    /// <summary>What is wrong with the block; null when it agrees with its check code and its fields are valid.</summary>
    public string? Fault { get; }

    /// <summary>The label of the PFS; null for none, or when it is not known.</summary>
    public byte[]? Label { get; internal set; }

    /// <summary>Paths of the object that the block belongs to; several of a file with several links, or of a block of
    /// references to several inodes.</summary>
    public IReadOnlyList<byte[]> Paths { get; private set; } = [];

    /// <summary>Number of paths, listed or not.</summary>
    public long PathsTotal { get; private set; }

    /// <summary>True for a block of references to inodes rather than of one file or directory.</summary>
    public bool IsInodeIndex => Reference.Type == BlockrefType.Indirect && Position.OwnerInum == Media.PfsRootInum
        && (Reference.Key & Media.EntryKeyBit) == 0;

    /// <summary>The inode that the block is, or belongs to.</summary>
    public ulong Inum => Reference.Type == BlockrefType.Inode && !Position.IsPfsRoot(Reference) ? Reference.Key
        : Position.IsPfsRoot(Reference) ? Media.PfsRootInum
        : Position.OwnerInum;

    KeyRange IPathSubject.Inums => IsInodeIndex
        ? new KeyRange(Reference.Key, Math.Min(Reference.KeyEnd, Media.EntryKeyBit - 1))
        : new KeyRange(Inum, Inum);

    void IPathSubject.SetPaths(IReadOnlyList<byte[]> paths, long total) => (Paths, PathsTotal) = (paths, total);
}
