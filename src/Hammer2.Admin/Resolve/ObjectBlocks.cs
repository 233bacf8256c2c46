// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Resolve;

/// <summary>Finds an object of a PFS by its path, and lists its blocks.</summary>
public static class ObjectBlocks
{
    private const int InodeDepth = 2;

    /// <summary>Follows a path from the root of a PFS. Symbolic links are not followed.</summary>
    /// <param name="volumes">All volumes.</param>
    /// <param name="pfs">The root.</param>
    /// <param name="path">The components.</param>
    /// <param name="inode">The reference to the inode.</param>
    /// <returns>Null, or why there is no such object: "no such entry", or that something cannot be read.</returns>
    public static string? Find(VolumeSet volumes, PfsRecord pfs, IReadOnlyList<byte[]> path, out Blockref inode)
    {
        ArgumentNullException.ThrowIfNull(pfs);
        ArgumentNullException.ThrowIfNull(path);
        var keys = new KeyReader(volumes);
        inode = pfs.Reference;
        ulong inum = Media.PfsRootInum;
        foreach (byte[] name in path)
        {
            var search = new NameSearch(name);
            new MediaWalker(volumes).WalkFrom(search, inode, PositionOf(inum));
            if (search.Inum == 0) return search.Fault ?? "no such entry";
            inum = search.Inum;
            if (!keys.TryFindInode(pfs.Reference, inum, out inode)) return $"inode 0x{inum:x} cannot be read";
        }
        return null;
    }

    /// <summary>Passes on every block of an object: the inode, blocks of references, data, and of directories blocks with
    /// names. What a PFS root has of the PFS but its root directory is left out.</summary>
    /// <param name="volumes">All volumes.</param>
    /// <param name="inode">The reference to the inode.</param>
    /// <param name="found">Receives each block; data is read to compare its check code.</param>
    public static void List(VolumeSet volumes, in Blockref inode, Action<BlockUse> found)
    {
        ulong inum = (inode.Key & Media.EntryKeyBit) != 0 ? Media.PfsRootInum : inode.Key;
        new MediaWalker(volumes).WalkFrom(new Lister(found, inum == Media.PfsRootInum), inode, PositionOf(inum));
    }

    private static WalkPosition PositionOf(ulong inum) => inum == Media.PfsRootInum
        ? new WalkPosition { Depth = InodeDepth - 1, ParentType = BlockrefType.Inode, IsUnderSuperRoot = true }
        : new WalkPosition
        {
            Depth = InodeDepth,
            ParentType = BlockrefType.Indirect,
            OwnerInum = Media.PfsRootInum,
            OwnerType = ObjectType.Directory,
        };

    private sealed class NameSearch(byte[] name) : IMediaVisitor
    {
        private readonly ulong _first = DirectoryHash.Compute(name);
        private int _depth = -1;

        public ulong Inum { get; private set; }

        public string? Fault { get; private set; }

        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            if (_depth < 0) _depth = position.Depth;
            if (position.Depth == _depth) return true;
            return Inum == 0 && reference.Type is BlockrefType.Indirect or BlockrefType.Dirent
                && reference.Key <= DirectoryHash.LastKey(_first) && reference.KeyEnd >= _first;
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.Inode && position.Depth == _depth
                && InodeBlock.ReadMeta(block).Type != ObjectType.Directory)
            {
                Fault = "not a directory";
                return false;
            }
            if (reference.Type != BlockrefType.Dirent) return true;
            int length = reference.Dirent.NameBytes;
            ReadOnlySpan<byte> own = length <= Media.EntryNameInlineBytesMax ? reference.CheckRead : block;
            if (own[..length].SequenceEqual(name)) Inum = reference.Dirent.Inum;
            return false;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault) =>
            Fault ??= $"the block at 0x{reference.Data.Bytes:x} that may have the entry: {fault.Reason}";
    }

    private sealed class Lister(Action<BlockUse> found, bool isRoot) : IMediaVisitor
    {
        private readonly List<ulong> _above = [];

        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            if (_above.Count == 0) return true;
            if (isRoot && reference.Key < Media.EntryKeyBit && reference.KeyEnd < Media.EntryKeyBit) return false;
            return reference.Type != BlockrefType.Inode && reference.Data.SizeBytes > 0;
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            Pass(position, reference, null);
            while (_above.Count <= position.Depth) _above.Add(0);
            _above[position.Depth] = reference.Data.Bytes;
            return true;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault) =>
            Pass(position, reference, fault.Reason);

        private void Pass(in WalkPosition position, in Blockref reference, string? fault) => found(new BlockUse(
            position, reference, position.Depth - 1 < _above.Count ? _above[position.Depth - 1] : 0, fault));
    }
}
