// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>Reads the files with extended attributes of a PFS.</summary>
/// <param name="volumes">The volumes.</param>
/// <param name="root">The reference to the PFS root.</param>
internal sealed class AttributeFileReader(VolumeSet volumes, Blockref root)
{
    private readonly KeyReader _keys = new(volumes);
    private readonly byte[] _inode = new byte[Media.InodeBytes];
    private readonly byte[] _stored = new byte[Media.AllocationBytesMax];
    private readonly byte[] _decoded = new byte[Media.FileBlockBytes];

    /// <summary>True when files in a directory count.</summary>
    public bool IsUsable(ulong directory) => TryLoad(directory, out _)
        && AttributeFile.IsTrusted(InodeBlock.ReadMeta(_inode), ObjectType.Directory);

    /// <summary>True when there is an inode that can be read.</summary>
    public bool HasInode(ulong inum) => TryLoad(inum, out _);

    /// <summary>Compares a file with what its owner says of it.</summary>
    /// <param name="entry">The file.</param>
    /// <param name="owner">What the inode of its owner says; the default value for the root directory.</param>
    /// <returns>Null when it cannot be read.</returns>
    public bool? Read(in AttributeEntry entry, in AttributeOwner owner)
    {
        if (!TryLoad(entry.File, out Blockref reference)) return null;
        InodeMeta meta = InodeBlock.ReadMeta(_inode);
        if (!AttributeFile.IsPossible(meta)) return false;
        byte[] content = new byte[meta.Size];
        if (meta.HasDirectData) _inode.AsSpan(InodeBlock.UnionOffset, content.Length).CopyTo(content);
        else if (!TryReadBlocks(reference, content)) return null;
        return AttributeFile.TryRead(content, entry.File, meta.BirthTime, entry.Owner, out AttributeList list)
            && (owner.File == 0
                || (list.Bytes.Length == owner.ListBytes && IscsiCrc32.Compute(list.Bytes) == owner.ListCode));
    }

    private bool TryLoad(ulong inum, out Blockref reference) =>
        _keys.TryFindInode(root, inum, out reference) && reference.Data.SizeBytes == Media.InodeBytes
        && _keys.TryRead(reference, _inode);

    private bool TryReadBlocks(in Blockref file, Span<byte> content)
    {
        for (int at = 0; at < content.Length; at += Media.FileBlockBytes)
        {
            // What is not there is a hole.
            if (!_keys.TryFind(file, (ulong)at, BlockrefType.Data, out Blockref block)) continue;
            Span<byte> stored = _stored.AsSpan(0, block.Data.SizeBytes);
            if (!_keys.TryRead(block, stored)) return false;
            ReadOnlySpan<byte> bytes = stored;
            if (block.Methods.Compression != CompressionMethod.None)
            {
                Hammer2Error error = BlockCodec.Decode(block.Methods.Compression, stored, _decoded, out int length);
                if (error != Hammer2Error.None) return false;
                bytes = _decoded.AsSpan(0, length);
            }
            bytes[..Math.Min(bytes.Length, content.Length - at)].CopyTo(content[at..]);
        }
        return true;
    }
}
