// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>
/// Goes through a filesystem as it lies on media, from the header down, and shows a visitor what it meets. It
/// knows the format and the devices and nothing of the driver, so that what judges the driver does not share
/// its mistakes.
/// </summary>
/// <remarks>
/// Every block is checked before the visitor sees it: its reference is legal, its code agrees, its fields
/// mean something. A damaged block is reported and the walk goes on beside it. Media that refer to themselves
/// end the walk all the same: within a PFS a block of references is followed once, and nesting has a limit.
/// Memory is a buffer for each level in use and a bit for each block of the PFS at hand.
/// </remarks>
public sealed class MediaWalker
{
    // The super-root, a PFS root and a file, each with as many levels of indirect blocks as are followed.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly VolumeSet _volumes;
    private readonly VolumeHeader _header;
    private readonly byte[]?[] _buffers = new byte[DepthMax + 1][];
    private BlockSet _seen = new();

    /// <summary>Walks over one filesystem. A walker is used by one thread at a time.</summary>
    /// <param name="volumes">All volumes.</param>
    /// <param name="header">The header to start from, such as an older copy; the one in use when null.</param>
    public MediaWalker(VolumeSet volumes, VolumeHeader? header = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        _volumes = volumes;
        _header = header ?? volumes.Header;
    }

    /// <summary>Shows the super-root, the PFSs and all that is in them.</summary>
    public void WalkTopology(IMediaVisitor visitor) =>
        Walk(visitor, _header.SuperRootBlockset, MediaTree.Topology, BlockrefType.VolumeRoot);

    /// <summary>Shows the blocks that say what is allocated.</summary>
    public void WalkFreemap(IMediaVisitor visitor) =>
        Walk(visitor, _header.FreemapBlockset, MediaTree.Freemap, BlockrefType.FreemapRoot);

    private void Walk(IMediaVisitor visitor, ReadOnlySpan<Blockref> roots, MediaTree tree, BlockrefType parentType)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _seen = new BlockSet();
        var place = new WalkPlace { Tree = tree, ParentType = parentType };
        if (MediaValidator.Table(roots, parentType) is { } fault)
            visitor.Damaged(place, default, new WalkFault(Hammer2Error.Corrupt, fault.ToString()));
        else
            VisitAll(visitor, place, roots);
    }

    private void VisitAll(IMediaVisitor visitor, in WalkPlace place, ReadOnlySpan<Blockref> table)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty) continue;
            if (!place.IsPfsRoot(reference))
            {
                Visit(visitor, place, reference);
                continue;
            }

            // Snapshots share blocks with what they were made of, so each PFS remembers its own.
            BlockSet outside = _seen;
            _seen = new BlockSet();
            Visit(visitor, place with { PfsKey = reference.Key }, reference);
            _seen = outside;
        }
    }

    private void Visit(IMediaVisitor visitor, in WalkPlace place, in Blockref reference)
    {
        if (!visitor.Wants(place, reference)) return;
        if (Load(place, reference, out ReadOnlySpan<byte> block) is { } fault)
        {
            visitor.Damaged(place, reference, fault);
            return;
        }
        if (visitor.Enter(place, reference, block)) VisitChildren(visitor, place, reference, block);
        visitor.Leave(place, reference);
    }

    private void VisitChildren(
        IMediaVisitor visitor, in WalkPlace place, in Blockref reference, ReadOnlySpan<byte> block)
    {
        WalkPlace below = place with { Depth = place.Depth + 1, ParentType = reference.Type };
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
                    IsUnderSuperRoot = place.Depth == 0,
                };
                VisitAll(visitor, below, MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]));
                break;
        }
    }

    private WalkFault? Load(in WalkPlace place, in Blockref reference, out ReadOnlySpan<byte> block)
    {
        block = default;
        if (place.Depth >= DepthMax)
            return new WalkFault(Hammer2Error.Corrupt, $"blocks are nested more than {DepthMax} deep");
        int sizeBytes = reference.Data.SizeBytes;
        if (sizeBytes == 0)
        {
            // An entry with a short name; without a block other types were refused with their table.
            return Judge(place, reference, block) is { } wrong
                ? new WalkFault(Hammer2Error.Corrupt, wrong.ToString())
                : null;
        }
        if (sizeBytes > Media.AllocationBytesMax)
            return new WalkFault(Hammer2Error.Corrupt, "the reference is to more than 64 KiB");

        byte[] buffer = _buffers[place.Depth] ??= new byte[Media.AllocationBytesMax];
        Span<byte> stored = buffer.AsSpan(0, sizeBytes);
        Hammer2Error error = _volumes.Read(reference.Data.Bytes, stored);
        if (error == Hammer2Error.Corrupt)
            return new WalkFault(error, "the reference leads outside all volumes");
        if (error != Hammer2Error.None) return new WalkFault(error, "the device cannot read it");
        if (!CheckCode.Verify(reference, stored))
            return new WalkFault(Hammer2Error.Check, $"check code {reference.Methods.Check} does not match");
        if (Judge(place, reference, stored) is { } fault)
            return new WalkFault(Hammer2Error.Corrupt, fault.ToString());

        // Data may be shared within a PFS: upstream finds equal blocks while it writes. References may not.
        if (reference.Type is not BlockrefType.Data && !_seen.Add(reference.Data.Bytes))
            return new WalkFault(Hammer2Error.Corrupt, "another reference of the same tree leads to it too");
        block = stored;
        return null;
    }

    private static MediaFault? Judge(in WalkPlace place, in Blockref reference, ReadOnlySpan<byte> block) =>
        reference.Type switch
        {
            BlockrefType.Inode => MediaValidator.Inode(reference, block) ?? Root(place, reference, block),
            BlockrefType.Indirect or BlockrefType.FreemapNode =>
                MediaValidator.Table(MemoryMarshal.Cast<byte, Blockref>(block), reference.Type),
            BlockrefType.FreemapLeaf => MediaValidator.Freemap(reference, block),
            BlockrefType.Dirent => MediaValidator.DirentName(reference, block),
            _ => null,
        };

    private static MediaFault? Root(in WalkPlace place, in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (!place.IsPfsRoot(reference)) return null;
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
