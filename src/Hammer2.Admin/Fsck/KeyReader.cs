// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>Finds single references by their key, without checking the blocks above them.</summary>
internal sealed class KeyReader
{
    private readonly VolumeSet _volumes;

    public KeyReader(VolumeSet volumes) => _volumes = volumes;

    /// <summary>Finds an inode of the PFS below a root; the root itself by its own number.</summary>
    public bool TryFindInode(in Blockref root, ulong inum, out Blockref found)
    {
        found = root;
        return inum == Media.PfsRootInum || TryFind(root, inum, BlockrefType.Inode, out found);
    }

    /// <summary>Finds a reference of a given type and key below an inode.</summary>
    public bool TryFind(in Blockref inode, ulong key, BlockrefType type, out Blockref found)
    {
        byte[] block = new byte[Media.AllocationBytesMax];
        Blockref at = inode;
        for (int depth = 0; depth <= Media.TreeDepthMax; depth++)
        {
            found = default;
            int size = at.Data.SizeBytes;
            if (size is < Media.AllocationBytesMin or > Media.AllocationBytesMax || !TryRead(at, block.AsSpan(0, size)))
                return false;
            ReadOnlySpan<byte> table = block.AsSpan(0, size);
            if (at.Type == BlockrefType.Inode) table = table[InodeBlock.UnionOffset..];
            Blockref next = default;
            foreach (ref readonly Blockref reference in MemoryMarshal.Cast<byte, Blockref>(table))
            {
                if (reference.Type == type && reference.Key == key)
                {
                    found = reference;
                    return true;
                }
                if (reference.Type == BlockrefType.Indirect && key >= reference.Key && key <= reference.KeyEnd)
                    next = reference;
            }
            if (next.IsEmpty) return false;
            at = next;
        }
        found = default;
        return false;
    }

    /// <summary>Reads a block and verifies its check code.</summary>
    public bool TryRead(in Blockref reference, Span<byte> block) =>
        _volumes.Read(reference.Data.Bytes, block) == Hammer2Error.None && CheckCode.Verify(reference, block);
}
