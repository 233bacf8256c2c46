// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;

namespace Hammer2.Format;

/// <summary>
/// A file with the extended attributes of an object that its inode has no room for: a regular file in the directory
/// <c>.hammer2-xattr</c> of the root, named by the number of the object in 16 hexadecimal digits. An addition of this
/// driver; for upstream it is a file.
/// </summary>
/// <remarks>The text <c>H2XF</c>, a byte with the version, 1, three zeros, the file's own inode number (8) and birth
/// time (8), the number of the object (8), the length of the list (4), its CRC-32C (4), and the list. A copy of the
/// file has another number or another birth time, and is nothing's.</remarks>
public static class AttributeFile
{
    /// <summary>Bytes before the list.</summary>
    public const int HeadBytes = 40;

    /// <summary>Longest file in bytes.</summary>
    public const int BytesMax = HeadBytes + AttributeList.BytesMax;

    /// <summary>Length of its name in bytes.</summary>
    public const int NameBytes = 16;

    private const byte Version = 1;
    private const uint OthersMode = 0x3F; // 0077

    /// <summary>Name of the directory, in the root directory of a PFS.</summary>
    public static ReadOnlySpan<byte> DirectoryName => ".hammer2-xattr"u8;

    private static ReadOnlySpan<byte> Magic => "H2XF"u8;

    /// <summary>True for what may have extended attributes of other objects: root's, and for root alone.</summary>
    /// <param name="meta">The inode of a file or of the directory.</param>
    /// <param name="type">The type that it should have.</param>
    public static bool IsTrusted(in InodeMeta meta, ObjectType type) =>
        meta.Type == type && meta.UserId.UnixId == 0 && (meta.Mode & OthersMode) == 0;

    /// <summary>True when a file may have a list, by its inode.</summary>
    public static bool IsPossible(in InodeMeta meta) => IsTrusted(meta, ObjectType.RegularFile)
        && meta.Size is >= HeadBytes and <= BytesMax && !(meta.HasDirectData && meta.Size > Media.EmbeddedBytes);

    /// <summary>The name of the file of an object.</summary>
    /// <param name="inum">Number of the object.</param>
    /// <param name="name">16 bytes.</param>
    public static void WriteName(ulong inum, Span<byte> name)
    {
        for (int i = 0; i < NameBytes; i++) name[i] = "0123456789abcdef"u8[(int)(inum >> (60 - 4 * i)) & 0xF];
    }

    /// <summary>The object that a file is named for.</summary>
    /// <param name="name">A name in the directory.</param>
    /// <param name="inum">The number.</param>
    /// <returns>False for a name that is not such a number.</returns>
    public static bool TryReadName(ReadOnlySpan<byte> name, out ulong inum)
    {
        inum = 0;
        if (name.Length != NameBytes) return false;
        foreach (byte digit in name)
        {
            int value = "0123456789abcdef"u8.IndexOf(digit);
            if (value < 0) return false;
            inum = (inum << 4) | (uint)value;
        }
        return true;
    }

    /// <summary>The content of a file.</summary>
    /// <param name="file">Its inode number.</param>
    /// <param name="birthTime">Its birth time.</param>
    /// <param name="owner">Number of the object.</param>
    /// <param name="list">The list.</param>
    public static byte[] Make(ulong file, ulong birthTime, ulong owner, ReadOnlySpan<byte> list)
    {
        byte[] content = new byte[HeadBytes + list.Length];
        Magic.CopyTo(content);
        content[4] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(8), file);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(16), birthTime);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(24), owner);
        BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(32), list.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(36), IscsiCrc32.Compute(list));
        list.CopyTo(content.AsSpan(HeadBytes));
        return content;
    }

    /// <summary>Reads the content of a file.</summary>
    /// <param name="content">All of it.</param>
    /// <param name="file">Its inode number.</param>
    /// <param name="birthTime">Its birth time.</param>
    /// <param name="owner">Number of the object.</param>
    /// <param name="list">The list.</param>
    /// <returns>False when it is damaged, was copied, or is another object's.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> content, ulong file, ulong birthTime, ulong owner, out AttributeList list)
    {
        list = default;
        if (content.Length < HeadBytes || !content.StartsWith(Magic) || content[4] != Version) return false;
        ReadOnlySpan<byte> bytes = content[HeadBytes..];
        bool isWhole = BinaryPrimitives.ReadInt32LittleEndian(content[32..]) == bytes.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(content[36..]) == IscsiCrc32.Compute(bytes);
        bool isOwn = BinaryPrimitives.ReadUInt64LittleEndian(content[8..]) == file
            && BinaryPrimitives.ReadUInt64LittleEndian(content[16..]) == birthTime
            && BinaryPrimitives.ReadUInt64LittleEndian(content[24..]) == owner;
        return isWhole && isOwn && AttributeList.TryOpen(bytes, out list);
    }
}
