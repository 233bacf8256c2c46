// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>Identifies an object: the label of its PFS, and its inode number.</summary>
/// <param name="Pfs">Label in bytes as characters; empty for the super-root itself.</param>
/// <param name="Inum">Inode number.</param>
public readonly record struct MapObject(string Pfs, ulong Inum);

/// <summary>The location of a reference.</summary>
/// <param name="Parent">The block that contains it, or null for the volume header.</param>
/// <param name="Offset">Byte offset in that block or in the header.</param>
public readonly record struct MapReference(MapBlock? Parent, int Offset);

/// <summary>One reachable block of media.</summary>
public sealed class MapBlock
{
    private readonly HashSet<MapObject> _objects = [];

    internal MapBlock(in Blockref reference) => Reference = reference;

    /// <summary>A copy of the first reference to it.</summary>
    public Blockref Reference { get; }

    /// <summary>Byte offset in the address space of the volumes.</summary>
    public ulong Address => Reference.Data.Bytes;

    /// <summary>Stored size.</summary>
    public int SizeBytes => Reference.Data.SizeBytes;

    /// <summary>The type of the block.</summary>
    public BlockrefType Type => Reference.Type;

    /// <summary>Position in an order in which each block precedes all blocks that refer to it.</summary>
    public int Order { get; internal set; }

    /// <summary>All references to it: several when it is shared by snapshots or copies.</summary>
    public List<MapReference> References { get; } = [];

    /// <summary>True when every reference to it has a check code, so that damage in it is detected.</summary>
    public bool IsProtected { get; internal set; } = true;

    /// <summary>The objects that cannot be read completely without this block: the owner of a file block, all inodes
    /// below an indirect block of inodes, the directory of an entry.</summary>
    public IReadOnlyCollection<MapObject> Objects => _objects;

    internal bool Add(MapObject owner) => _objects.Add(owner);

    internal void AddAll(MapBlock below) => _objects.UnionWith(below._objects);
}

/// <summary>
/// Every block that is reachable from the newest header of a filesystem, found by a separate walk over raw references.
/// Tests use it to change blocks and to recompute the check codes above them. For undamaged media only.
/// </summary>
public sealed class MediaMap
{
    private readonly VolumeSet _volumes;
    private readonly Dictionary<ulong, MapBlock> _byAddress = [];
    private readonly List<MapBlock> _blocks = [];

    private MediaMap(VolumeSet volumes) => _volumes = volumes;

    /// <summary>All blocks, children before parents, including the freemap.</summary>
    public IReadOnlyList<MapBlock> Blocks => _blocks;

    /// <summary>Walks a filesystem.</summary>
    public static MediaMap Read(VolumeSet volumes)
    {
        var map = new MediaMap(volumes);
        VolumeHeader header = volumes.Header;
        map.AddTable(null, VolumeHeaderView.SuperRootBlocksetOffset, header.SuperRootBlockset, default);
        map.AddTable(null, VolumeHeaderView.FreemapBlocksetOffset, header.FreemapBlockset, default);
        return map;
    }

    /// <summary>The block at an address, or null.</summary>
    public MapBlock? At(ulong address) => _byAddress.GetValueOrDefault(address);

    /// <summary>Blocks of one kind, in order.</summary>
    public List<MapBlock> OfType(BlockrefType type) => _blocks.FindAll(block => block.Type == type);

    private void AddTable(MapBlock? parent, int tableOffset, ReadOnlySpan<Blockref> table, MapObject owner)
    {
        for (int slot = 0; slot < table.Length; slot++)
        {
            ref readonly Blockref reference = ref table[slot];
            if (reference.IsEmpty || reference.Data.SizeBytes == 0)
                continue;
            MapBlock block = AddBlock(reference, owner);
            block.References.Add(new MapReference(parent, tableOffset + slot * Blockref.SizeBytes));
            block.IsProtected &= CheckCode.Protects(reference.Methods.Check);
            if (parent != null && parent.Type == BlockrefType.Indirect)
                parent.AddAll(block);
        }
    }

    private MapBlock AddBlock(in Blockref reference, MapObject owner)
    {
        if (_byAddress.TryGetValue(reference.Data.Bytes, out MapBlock? known))
        {
            ShareBelow(reference, owner);
            return known;
        }
        var block = new MapBlock(reference);
        if (block.SizeBytes > Media.VolumeHeaderBytes)
            throw new InvalidOperationException($"a block of {block.SizeBytes} bytes: the map is for sound media");
        _byAddress.Add(block.Address, block);
        byte[] bytes = new byte[block.SizeBytes];
        if (_volumes.Read(block.Address, bytes) != Hammer2Error.None)
            throw new InvalidOperationException(
                $"no block at 0x{block.Address:x}: the map is for sound media");
        AddContent(block, bytes, owner);
        block.Order = _blocks.Count;
        _blocks.Add(block);
        return block;
    }

    private void AddContent(MapBlock block, byte[] bytes, MapObject owner)
    {
        switch (block.Type)
        {
            case BlockrefType.Inode:
                MapObject self = ObjectOf(bytes, owner);
                _ = block.Add(self);
                if (!InodeBlock.ReadMeta(bytes).HasDirectData)
                {
                    AddTable(block, InodeBlock.UnionOffset,
                        MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan(InodeBlock.UnionOffset)), self);
                }
                break;
            case BlockrefType.Indirect:
                if (MayHoldEntries(block.Reference, owner))
                    _ = block.Add(owner);
                AddTable(block, 0, MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan()), owner);
                break;
            case BlockrefType.FreemapNode:
                AddTable(block, 0, MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan()), default);
                break;
            case BlockrefType.Data or BlockrefType.Dirent:
                _ = block.Add(owner);
                break;
        }
    }

    private static MapObject ObjectOf(byte[] bytes, MapObject owner)
    {
        var inode = new InodeBlock(bytes);
        return (inode.Meta.OperationFlags & OperationFlags.PfsRoot) != 0
            ? new MapObject(Encoding.Latin1.GetString(inode.Name), inode.Meta.Inum)
            : owner with { Inum = inode.Meta.Inum };
    }

    // Below a PFS root there are inodes and the entries of the root directory: their keys differ in bit 63.
    private static bool MayHoldEntries(in Blockref reference, MapObject owner)
        => owner.Inum != Media.PfsRootInum || (reference.KeyEnd & Media.EntryKeyBit) != 0;

    // A block that is reached a second time, from a snapshot or by a copied reference, belongs to a further object.
    private void ShareBelow(in Blockref reference, MapObject owner)
    {
        if (reference.IsEmpty || !_byAddress.TryGetValue(reference.Data.Bytes, out MapBlock? block))
            return;
        bool isNew = block.Add(owner) || block.Type is BlockrefType.Inode or BlockrefType.Indirect;
        if (!isNew || block.Type is not (BlockrefType.Inode or BlockrefType.Indirect))
            return;
        byte[] bytes = new byte[block.SizeBytes];
        _ = _volumes.Read(block.Address, bytes);
        ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan());
        if (block.Type == BlockrefType.Inode)
        {
            owner = ObjectOf(bytes, owner);
            if (!block.Add(owner) || InodeBlock.ReadMeta(bytes).HasDirectData)
                return;
            table = MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan(InodeBlock.UnionOffset));
        }
        foreach (ref readonly Blockref child in table)
        {
            ShareBelow(child, owner);
            if (block.Type == BlockrefType.Indirect
                && _byAddress.TryGetValue(child.Data.Bytes, out MapBlock? below))
            {
                block.AddAll(below);
            }
        }
    }
}
