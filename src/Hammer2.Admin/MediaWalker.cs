// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>
/// Walks a filesystem on media from the header down and passes every reference and block to a visitor. It uses the
/// format and device layers and none of the driver, so that a checker of the driver does not share its defects.
/// </summary>
/// <remarks>
/// Every block is validated before it is passed on: its reference, its check code and its fields. A damaged block is
/// reported and the walk continues with the next one. A cycle on media cannot make the walk endless: within a PFS each
/// indirect block and inode is followed once, and nesting is limited. Memory: a buffer for each level in use and a bit
/// for each block of the current PFS.
/// </remarks>
public sealed class MediaWalker
{
    // The super-root, a PFS root and a file, each with the maximum number of levels of indirect blocks.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly VolumeSet _volumes;
    private readonly VolumeHeader _header;
    private readonly byte[]?[] _buffers = new byte[DepthMax + 1][];
    private BlockSet _seen = new();

    /// <summary>Creates a walker for one filesystem. Not thread-safe.</summary>
    /// <param name="volumes">All volumes.</param>
    /// <param name="header">The header to start from, such as an older copy; the one in use when null.</param>
    public MediaWalker(VolumeSet volumes, VolumeHeader? header = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        _volumes = volumes;
        _header = header ?? volumes.Header;
    }

    /// <summary>Walks the super-root, the PFSs and everything in them.</summary>
    public void WalkTopology(IMediaVisitor visitor) =>
        Walk(visitor, _header.SuperRootBlockset, MediaTree.Topology, BlockrefType.VolumeRoot);

    /// <summary>Walks the freemap.</summary>
    public void WalkFreemap(IMediaVisitor visitor) =>
        Walk(visitor, _header.FreemapBlockset, MediaTree.Freemap, BlockrefType.FreemapRoot);

    /// <summary>Walks a reference that was found on media, and everything below it. The caller has validated the
    /// reference.</summary>
    /// <param name="visitor">Receives what is found.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="position">What it belongs to. Its depth is that of the reference in a whole tree.</param>
    internal void WalkFrom(IMediaVisitor visitor, in Blockref reference, in WalkPosition position)
    {
        _seen = new BlockSet();
        Visit(visitor, position, reference);
    }

    private void Walk(IMediaVisitor visitor, ReadOnlySpan<Blockref> roots, MediaTree tree, BlockrefType parentType)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _seen = new BlockSet();
        var position = new WalkPosition { Tree = tree, ParentType = parentType };
        if (MediaValidator.Table(roots, parentType) is { } fault)
            visitor.Damaged(position, default, new WalkFault(Hammer2Error.Corrupt, fault.ToString()));
        else
            VisitAll(visitor, position, roots);
    }

    private void VisitAll(IMediaVisitor visitor, in WalkPosition position, ReadOnlySpan<Blockref> table)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty) continue;
            if (!position.IsPfsRoot(reference))
            {
                Visit(visitor, position, reference);
                continue;
            }

            // Snapshots share blocks with their origin, so the set of visited blocks is per PFS.
            BlockSet outside = _seen;
            _seen = new BlockSet();
            Visit(visitor, position with { PfsKey = reference.Key }, reference);
            _seen = outside;
        }
    }

    private void Visit(IMediaVisitor visitor, in WalkPosition position, in Blockref reference)
    {
        if (!visitor.Wants(position, reference)) return;
        if (Load(position, reference, out ReadOnlySpan<byte> block) is { } fault)
        {
            visitor.Damaged(position, reference, fault);
            return;
        }
        if (visitor.Enter(position, reference, block)) VisitChildren(visitor, position, reference, block);
        visitor.Leave(position, reference);
    }

    private void VisitChildren(
        IMediaVisitor visitor, in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        WalkPosition below = position with { Depth = position.Depth + 1, ParentType = reference.Type };
        switch (reference.Type)
        {
            case BlockrefType.Indirect:
            case BlockrefType.FreemapNode:
                VisitAll(visitor, below, MemoryMarshal.Cast<byte, Blockref>(block));
                break;
            case BlockrefType.Inode:
                ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
                if (meta.HasDirectData) break;
                below = below with
                {
                    OwnerInum = meta.Inum,
                    OwnerType = meta.Type,
                    IsUnderSuperRoot = position.Depth == 0,
                };
                VisitAll(visitor, below, MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]));
                break;
        }
    }

    private WalkFault? Load(in WalkPosition position, in Blockref reference, out ReadOnlySpan<byte> block)
    {
        block = default;
        if (position.Depth >= DepthMax)
            return new WalkFault(Hammer2Error.Corrupt, $"blocks are nested more than {DepthMax} deep");
        int sizeBytes = reference.Data.SizeBytes;
        if (sizeBytes == 0)
        {
            // An entry with a short name; the table check rejects other types without a block.
            return Check(position, reference, block) is { } wrong
                ? new WalkFault(Hammer2Error.Corrupt, wrong.ToString())
                : null;
        }
        if (sizeBytes > Media.AllocationBytesMax)
            return new WalkFault(Hammer2Error.Corrupt, "the block is larger than 64 KiB");

        byte[] buffer = _buffers[position.Depth] ??= new byte[Media.AllocationBytesMax];
        Span<byte> stored = buffer.AsSpan(0, sizeBytes);
        Hammer2Error error = _volumes.Read(reference.Data.Bytes, stored);
        if (error == Hammer2Error.Corrupt)
            return new WalkFault(error, "the block is outside all volumes");
        if (error != Hammer2Error.None) return new WalkFault(error, "the device cannot read the block");
        if (!CheckCode.Verify(reference, stored))
            return new WalkFault(Hammer2Error.Check, $"check code {reference.Methods.Check} does not match");
        if (Check(position, reference, stored) is { } fault)
            return new WalkFault(Hammer2Error.Corrupt, fault.ToString());

        // Data blocks may be shared within a PFS (deduplication). Indirect blocks and inodes may not.
        if (reference.Type is not BlockrefType.Data && !_seen.Add(reference.Data.Bytes))
            return new WalkFault(Hammer2Error.Corrupt, "another reference of the same tree refers to it too");
        block = stored;
        return null;
    }

    private static MediaFault? Check(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block) =>
        reference.Type switch
        {
            BlockrefType.Inode => MediaValidator.Inode(reference, block) ?? Root(position, reference, block),
            BlockrefType.Indirect or BlockrefType.FreemapNode =>
                MediaValidator.Table(MemoryMarshal.Cast<byte, Blockref>(block), reference.Type),
            BlockrefType.FreemapLeaf => MediaValidator.Freemap(reference, block),
            BlockrefType.Dirent => MediaValidator.DirentName(reference, block),
            _ => null,
        };

    private static MediaFault? Root(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (!position.IsPfsRoot(reference)) return null;
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        if (meta.Inum != Media.PfsRootInum)
        {
            return new MediaFault(
                MediaKind.Inode, "inode number", "not that of a PFS root", meta.Inum, Media.PfsRootInum);
        }
        return meta.Type == ObjectType.Directory
            ? null
            : new MediaFault(MediaKind.Inode, "type", "a PFS root is a directory",
                (ulong)meta.Type, (ulong)ObjectType.Directory);
    }
}
