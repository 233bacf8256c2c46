// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;

namespace Hammer2.Format;

/// <summary>
/// What an inode has of its extended attributes, in its name area: the list, or where it is. An addition of this
/// driver: upstream writes the name area of an inode when it makes it, and keeps it from then on. </summary>
/// <remarks>From <see cref="Offset"/> of the name area: the text <c>H2XA</c>, a byte with the version, 1, a byte with
/// the kind (1 for a list here, 2 for a file) and <see cref="AttributeKinds"/>, two bytes with the length of the list
/// that is here, a CRC-32C over the inode's number (8 bytes) and the record with zeros for this code, and the list.
/// For a file: its inode number (8), the length of the list (4) and its CRC-32C (4). An inode thus has only what was
/// written for it, and no copy of another one's. </remarks>
public readonly ref struct AttributeRecord
{
    /// <summary>Where it begins in the name area, behind a name of at most 23 bytes and a NUL.</summary>
    public const int Offset = 24;

    /// <summary>Longest list in bytes that an inode has room for.</summary>
    public const int ListBytesMax = InodeBlock.NameAreaBytes - Offset - HeadBytes;

    private const byte Version = 1;
    private const byte ListKind = 1;
    private const byte FileKind = 2;
    private const int CodeOffset = 8;
    private const int HeadBytes = 12;
    private const int FileBytes = 16;

    private AttributeRecord(AttributeKinds kinds, ReadOnlySpan<byte> list)
    {
        Kinds = kinds;
        List = list;
    }

    private AttributeRecord(AttributeKinds kinds, ulong file, int listBytes, uint listCode) =>
        (Kinds, File, FileListBytes, FileListCode) = (kinds, file, listBytes, listCode);

    /// <summary>Attributes with a meaning for this driver that the list has.</summary>
    public AttributeKinds Kinds { get; }

    /// <summary>The list when it is here; not checked yet.</summary>
    public ReadOnlySpan<byte> List { get; }

    /// <summary>Number of the file that has the list; 0 when it is here.</summary>
    public ulong File { get; }

    /// <summary>Length of the list in the file, in bytes.</summary>
    public int FileListBytes { get; }

    /// <summary>CRC-32C of the list in the file.</summary>
    public uint FileListCode { get; }

    /// <summary>True when it names a file, and a list is the one in it.</summary>
    public bool IsListOfFile(ReadOnlySpan<byte> list) =>
        File != 0 && list.Length == FileListBytes && IscsiCrc32.Compute(list) == FileListCode;

    private static ReadOnlySpan<byte> Magic => "H2XA"u8;

    /// <summary>True when there is one, of any version, whole or not.</summary>
    /// <param name="afterName">The name area after the name.</param>
    public static bool IsPresent(ReadOnlySpan<byte> afterName) => StartOf(afterName) is { } start
        && afterName[start..].StartsWith(Magic);

    /// <summary>Reads it.</summary>
    /// <param name="afterName">The name area after the name.</param>
    /// <param name="inum">Number of the inode.</param>
    /// <param name="record">Refers to those bytes.</param>
    /// <returns>False when there is none, or one that this version cannot read, or that is damaged or another
    /// inode's.</returns>
    public static bool TryRead(ReadOnlySpan<byte> afterName, ulong inum, out AttributeRecord record)
    {
        record = default;
        if (!IsPresent(afterName)) return false;
        ReadOnlySpan<byte> area = afterName[StartOf(afterName)!.Value..];
        int listBytes = BinaryPrimitives.ReadUInt16LittleEndian(area[6..]);
        var kinds = (AttributeKinds)area[5] & AttributeKinds.All;
        int kind = area[5] & ~(int)AttributeKinds.All;
        bool isFile = kind == FileKind && listBytes == 0;
        int bytes = isFile ? FileBytes : listBytes;
        if (area[4] != Version || !(isFile || kind == ListKind) || HeadBytes + bytes > area.Length) return false;
        uint code = BinaryPrimitives.ReadUInt32LittleEndian(area[CodeOffset..]);
        if (CodeOf(area[..(HeadBytes + bytes)], inum) != code) return false;
        ReadOnlySpan<byte> body = area.Slice(HeadBytes, bytes);
        if (!isFile)
        {
            record = new AttributeRecord(kinds, body);
            return true;
        }
        record = new AttributeRecord(
            kinds, BinaryPrimitives.ReadUInt64LittleEndian(body), BinaryPrimitives.ReadInt32LittleEndian(body[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(body[12..]));
        return record.File > Media.PfsRootInum && record.FileListBytes is >= 0 and <= AttributeList.BytesMax;
    }

    /// <summary>A record with the list.</summary>
    /// <param name="inum">Number of the inode.</param>
    /// <param name="list">At most <see cref="ListBytesMax"/> long.</param>
    /// <returns>The name area after a name of 18 bytes.</returns>
    public static byte[] OfList(ulong inum, in AttributeList list) =>
        Make(inum, ListKind | (int)list.Kinds, list.Bytes);

    /// <summary>A record that names a file.</summary>
    /// <param name="inum">Number of the inode.</param>
    /// <param name="file">Number of the file.</param>
    /// <param name="list">The list in it.</param>
    /// <returns>The name area after a name of 18 bytes.</returns>
    public static byte[] OfFile(ulong inum, ulong file, in AttributeList list)
    {
        Span<byte> body = stackalloc byte[FileBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(body, file);
        BinaryPrimitives.WriteInt32LittleEndian(body[8..], list.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], IscsiCrc32.Compute(list.Bytes));
        return Make(inum, FileKind | (int)list.Kinds, body);
    }

    private static byte[] Make(ulong inum, int kind, ReadOnlySpan<byte> body)
    {
        byte[] afterName = new byte[Offset - Media.InodeNameBytes + HeadBytes + body.Length];
        Span<byte> record = afterName.AsSpan(Offset - Media.InodeNameBytes);
        Magic.CopyTo(record);
        (record[4], record[5]) = (Version, (byte)kind);
        if ((kind & FileKind) == 0) BinaryPrimitives.WriteUInt16LittleEndian(record[6..], (ushort)body.Length);
        body.CopyTo(record[HeadBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[CodeOffset..], CodeOf(record, inum));
        return afterName;
    }

    // Names of inodes have one length; another one is not this driver's or upstream's.
    private static int? StartOf(ReadOnlySpan<byte> afterName)
    {
        int start = Offset - Media.InodeNameBytes;
        return afterName.Length > start + HeadBytes && !afterName[..start].ContainsAnyExcept((byte)0) ? start : null;
    }

    private static uint CodeOf(ReadOnlySpan<byte> record, ulong inum)
    {
        Span<byte> coded = stackalloc byte[sizeof(ulong) + InodeBlock.NameAreaBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(coded, inum);
        record.CopyTo(coded[sizeof(ulong)..]);
        coded.Slice(sizeof(ulong) + CodeOffset, sizeof(uint)).Clear();
        return IscsiCrc32.Compute(coded[..(sizeof(ulong) + record.Length)]);
    }
}
