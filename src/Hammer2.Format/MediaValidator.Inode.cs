// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

public static partial class MediaValidator
{
    /// <summary>
    /// Checks an inode block against its reference, and the four references in it unless it holds
    /// embedded data.
    /// </summary>
    /// <remarks>
    /// An inode under a key with bit 63 clear is found by its number, so the two must agree. With bit 63 set it is
    /// found by name (a PFS root under the super-root) and its key is a hash. The object type is checked when the inode
    /// is opened, not here: an object of an unknown type must stay removable.
    /// </remarks>
    public static MediaFault? Inode(in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (block.Length != Media.InodeBytes)
        {
            return InodeFault("size", "not that of an inode", (ulong)block.Length, Media.InodeBytes);
        }

        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        if (meta.Version != InodeMeta.CurrentVersion)
        {
            return InodeFault("version", "unknown", meta.Version, InodeMeta.CurrentVersion);
        }

        if ((meta.Inum & Media.EntryKeyBit) != 0)
        {
            return InodeFault("inode number", "has bit 63", meta.Inum, meta.Inum & ~Media.EntryKeyBit);
        }

        if ((reference.Key & Media.EntryKeyBit) == 0 && meta.Inum != reference.Key)
        {
            return InodeFault("inode number", "differs from the key", meta.Inum, reference.Key);
        }

        if (meta.NameBytes > InodeBlock.NameAreaBytes)
        {
            return InodeFault("name length", "out of range", meta.NameBytes, InodeBlock.NameAreaBytes);
        }

        if (meta.Size > long.MaxValue)
        {
            return InodeFault("size", "out of range", meta.Size, long.MaxValue);
        }

        if (meta.HasDirectData)
        {
            return meta.Type is ObjectType.RegularFile or ObjectType.SoftLink
                ? null
                : InodeFault("operation flags", "embedded data in another type than a file or link",
                    (ulong)meta.Type, (ulong)ObjectType.RegularFile);
        }

        return Table(MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]), BlockrefType.Inode);
    }

    /// <summary>
    /// Checks the name of a directory entry whose reference is valid: no slash, no NUL, not "." and not "..". Such a
    /// name can be neither looked up nor removed through the kernel.
    /// </summary>
    /// <param name="reference">The entry.</param>
    /// <param name="block">The entry's block; ignored when the name is in the reference.</param>
    public static MediaFault? DirentName(in Blockref reference, ReadOnlySpan<byte> block)
    {
        int nameBytes = reference.Dirent.NameBytes;
        ReadOnlySpan<byte> area = nameBytes <= Media.EntryNameInlineBytesMax ? reference.CheckRead : block;
        if (nameBytes == 0 || nameBytes > Media.NameBytesMax || nameBytes > area.Length)
        {
            return NameFault("length", "out of range", (ulong)nameBytes, (ulong)area.Length);
        }

        ReadOnlySpan<byte> name = area[..nameBytes];
        if (IsEntryName(name)) return null;
        int illegal = name.IndexOfAny((byte)'/', (byte)0);
        return illegal >= 0
            ? NameFault("bytes", "a slash or NUL in the name", name[illegal], (ulong)illegal)
            : NameFault("bytes", "dot and dot-dot are never stored", (ulong)nameBytes, 0);
    }

    /// <summary>
    /// True for a valid entry name: 1 to 255 bytes without slash or NUL, not "." and not "..". Code that builds paths
    /// from names on media depends on this.
    /// </summary>
    public static bool IsEntryName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= Media.NameBytesMax
        && name.IndexOfAny((byte)'/', (byte)0) < 0
        && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    private static MediaFault InodeFault(string field, string reason, ulong found, ulong expected) =>
        new(MediaKind.Inode, field, reason, found, expected);

    private static MediaFault NameFault(string field, string reason, ulong found, ulong expected) =>
        new(MediaKind.EntryName, field, reason, found, expected);
}
