// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>
/// Packs directory entries into one reply until it is full. The same loop serves READDIR and
/// READDIRPLUS: where attributes were not asked for they are left out, and where they were asked
/// for an entry may still be given without them, which the kernel takes as "look it up yourself".
/// </summary>
/// <remarks>Layouts: <c>struct fuse_dirent</c>, <c>struct fuse_direntplus</c>; each entry is padded
/// with zeros to 8 bytes.</remarks>
public ref struct FuseDirectoryPacker
{
    private Span<byte> _buffer;
    private int _used;

    /// <summary>Packs into <paramref name="buffer"/>, which is as long as the kernel allows.</summary>
    public FuseDirectoryPacker(Span<byte> buffer, bool wantsAttributes)
    {
        _buffer = buffer;
        WantsAttributes = wantsAttributes;
    }

    /// <summary>True for READDIRPLUS: entries should come with attributes.</summary>
    public bool WantsAttributes { get; }

    /// <summary>Bytes packed so far; 0 at the end of a directory.</summary>
    public readonly int UsedBytes => _used;

    /// <summary>True once something had no room: more is to come.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Where the entry packed last says that reading goes on; 0 before the first.</summary>
    public ulong NextPosition { get; private set; }

    /// <summary>Makes the reply complete with <paramref name="bytes"/> at most, though the kernel allows
    /// more.</summary>
    public void Shorten(int bytes)
    {
        if (bytes < _buffer.Length) _buffer = _buffer[..Math.Max(bytes, _used)];
    }

    /// <summary>True if an entry with a name of this length still fits. Asked before fetching
    /// attributes, it saves fetching them for nothing.</summary>
    public readonly bool HasRoom(int nameBytes) => EntryBytes(nameBytes) <= RoomBytes;

    private readonly int RoomBytes => _buffer.Length - _used;

    /// <summary>
    /// Adds an entry without attributes. False when it does not fit: the reply is then complete.
    /// </summary>
    /// <param name="name">1 to 255 bytes, undecoded.</param>
    /// <param name="inode">What the caller sees as d_ino; never 0.</param>
    /// <param name="mode">st_mode; only the type bits are used.</param>
    /// <param name="nextPosition">Where reading goes on after this entry.</param>
    public bool TryAdd(scoped ReadOnlySpan<byte> name, ulong inode, uint mode, ulong nextPosition)
    {
        int size = EntryBytes(name.Length);
        if (!HasRoomFor(size)) return false;
        Span<byte> room = _buffer.Slice(_used, size);
        if (WantsAttributes)
        {
            room[..Unsafe.SizeOf<FuseEntryOut>()].Clear();
            room = room[Unsafe.SizeOf<FuseEntryOut>()..];
        }
        WriteDirent(room, name, inode, mode, nextPosition);
        _used += size;
        NextPosition = nextPosition;
        return true;
    }

    /// <summary>
    /// Adds an entry with its attributes; the kernel then holds one more reference on the node,
    /// unless the name is "." or "..". False when it does not fit, and no reference is taken.
    /// Where attributes were not asked for, only the entry is packed and no reference is taken.
    /// </summary>
    public bool TryAdd(scoped ReadOnlySpan<byte> name, scoped in FuseEntryOut entry, ulong nextPosition)
    {
        if (!WantsAttributes) return TryAdd(name, entry.Attr.Inode, entry.Attr.Mode, nextPosition);
        int size = EntryBytes(name.Length);
        if (!HasRoomFor(size)) return false;
        Span<byte> room = _buffer.Slice(_used, size);
        MemoryMarshal.Write(room, in entry);
        WriteDirent(
            room[Unsafe.SizeOf<FuseEntryOut>()..], name, entry.Attr.Inode, entry.Attr.Mode, nextPosition);
        _used += size;
        NextPosition = nextPosition;
        return true;
    }

    /// <summary>Adds entries that another packer has packed without attributes, as many as there is room for; no
    /// attributes may have been asked for.</summary>
    /// <param name="packed">Whole entries.</param>
    /// <param name="position">Those are left out that do not lie behind it.</param>
    /// <param name="nextPosition">Where reading goes on after the last of them.</param>
    /// <returns>False when some had no room: the reply is then complete.</returns>
    /// <exception cref="InvalidOperationException">Attributes were asked for.</exception>
    public bool TryAddPacked(scoped ReadOnlySpan<byte> packed, ulong position, ulong nextPosition)
    {
        if (WantsAttributes) throw new InvalidOperationException("entries need attributes here");
        while (packed.Length > 0 && DirentAt(packed).NextPosition <= position)
            packed = packed[EntryBytes((int)DirentAt(packed).NameBytes)..];
        if (packed.Length == 0) return true;
        bool isAll = HasRoomFor(packed.Length);
        if (!isAll) packed = packed[..FittingBytes(packed, out nextPosition)];
        if (packed.Length == 0) return false;
        packed.CopyTo(_buffer[_used..]);
        _used += packed.Length;
        NextPosition = nextPosition;
        return isAll;
    }

    /// <summary>
    /// The record of an entry that was packed with attributes, to be filled in afterwards: what takes long is
    /// then done after the listing itself.
    /// </summary>
    /// <param name="offset">0 for the first entry; goes on to the next. There is one as long as it is less than
    /// <see cref="UsedBytes"/>.</param>
    /// <exception cref="InvalidOperationException">Attributes were not asked for.</exception>
    public readonly ref FuseEntryOut EntryAt(ref int offset)
    {
        if (!WantsAttributes) throw new InvalidOperationException("entries have no attributes here");
        Span<byte> room = _buffer[offset.._used];
        ref FuseDirentPlus plus = ref MemoryMarshal.AsRef<FuseDirentPlus>(room);
        offset += EntryBytes((int)plus.Dirent.NameBytes);
        return ref plus.Entry;
    }

    private bool HasRoomFor(int bytes)
    {
        if (bytes <= RoomBytes) return true;
        IsFull = true;
        return false;
    }

    private readonly int FittingBytes(scoped ReadOnlySpan<byte> packed, out ulong nextPosition)
    {
        nextPosition = 0;
        for (int bytes = 0; ;)
        {
            ref readonly FuseDirent entry = ref DirentAt(packed[bytes..]);
            int size = EntryBytes((int)entry.NameBytes);
            if (bytes + size > RoomBytes) return bytes;
            nextPosition = entry.NextPosition;
            bytes += size;
        }
    }

    private static ref readonly FuseDirent DirentAt(ReadOnlySpan<byte> packed) =>
        ref MemoryMarshal.AsRef<FuseDirent>(packed);

    private static void WriteDirent(
        Span<byte> room, scoped ReadOnlySpan<byte> name, ulong inode, uint mode, ulong nextPosition)
    {
        var dirent = new FuseDirent
        {
            Inode = inode,
            NextPosition = nextPosition,
            NameBytes = (uint)name.Length,
            Type = (mode & 0xF000) >> 12,
        };
        MemoryMarshal.Write(room, in dirent);
        room = room[Unsafe.SizeOf<FuseDirent>()..];
        name.CopyTo(room);
        room[name.Length..].Clear();
    }

    private readonly int EntryBytes(int nameBytes)
    {
        int head = WantsAttributes ? Unsafe.SizeOf<FuseDirentPlus>() : Unsafe.SizeOf<FuseDirent>();
        return (head + nameBytes + 7) & ~7;
    }
}
