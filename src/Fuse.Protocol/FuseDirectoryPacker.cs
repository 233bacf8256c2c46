// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>
/// Packs directory entries into one reply until it is full. The same loop serves READDIR and READDIRPLUS: READDIR
/// leaves attributes out, and in READDIRPLUS an entry may still come without attributes, which the kernel then looks up
/// when it needs them.
/// </summary>
/// <remarks>Layouts: <c>struct fuse_dirent</c>, <c>struct fuse_direntplus</c>; each entry is padded
/// with zeros to 8 bytes.</remarks>
public ref struct FuseDirectoryPacker
{
    private readonly Span<byte> _buffer;
    private int _used;

    /// <summary>Packs into <paramref name="buffer"/>, whose length is the kernel's limit.</summary>
    public FuseDirectoryPacker(Span<byte> buffer, bool wantsAttributes)
    {
        _buffer = buffer;
        WantsAttributes = wantsAttributes;
    }

    /// <summary>True for READDIRPLUS: entries should come with attributes.</summary>
    public bool WantsAttributes { get; }

    /// <summary>Bytes packed so far; 0 at the end of a directory.</summary>
    public readonly int UsedBytes => _used;

    /// <summary>True if an entry with a name of this length still fits; checking first avoids fetching attributes in
    /// vain.</summary>
    public readonly bool HasRoom(int nameBytes) => EntryBytes(nameBytes) <= RoomBytes;

    private readonly int RoomBytes => _buffer.Length - _used;

    /// <summary>
    /// Adds an entry without attributes. False when it does not fit: the reply is then complete.
    /// </summary>
    /// <param name="name">1 to 255 bytes, undecoded.</param>
    /// <param name="inode">The d_ino of the entry; never 0.</param>
    /// <param name="mode">st_mode; only the type bits are used.</param>
    /// <param name="nextPosition">The position at which the listing continues after this entry.</param>
    public bool TryAdd(scoped ReadOnlySpan<byte> name, ulong inode, uint mode, ulong nextPosition)
    {
        int size = EntryBytes(name.Length);
        if (size > RoomBytes) return false;
        Span<byte> room = _buffer.Slice(_used, size);
        if (WantsAttributes)
        {
            room[..Unsafe.SizeOf<FuseEntryOut>()].Clear();
            room = room[Unsafe.SizeOf<FuseEntryOut>()..];
        }
        WriteDirent(room, name, inode, mode, nextPosition);
        _used += size;
        return true;
    }

    /// <summary>
    /// Adds an entry with its attributes; the kernel then has one more reference to the node, unless the name is "." or
    /// "..". False when it does not fit, and no reference is added. In READDIR, only the entry is packed and no
    /// reference is added.
    /// </summary>
    public bool TryAdd(scoped ReadOnlySpan<byte> name, scoped in FuseEntryOut entry, ulong nextPosition)
    {
        if (!WantsAttributes) return TryAdd(name, entry.Attr.Inode, entry.Attr.Mode, nextPosition);
        int size = EntryBytes(name.Length);
        if (size > RoomBytes) return false;
        Span<byte> room = _buffer.Slice(_used, size);
        MemoryMarshal.Write(room, in entry);
        WriteDirent(
            room[Unsafe.SizeOf<FuseEntryOut>()..], name, entry.Attr.Inode, entry.Attr.Mode, nextPosition);
        _used += size;
        return true;
    }

    /// <summary>
    /// The struct of an entry that was packed with attributes, to be filled in later: slow reads then happen after the
    /// listing itself.
    /// </summary>
    /// <param name="offset">0 for the first entry; advanced to the next one. Valid while less than
    /// <see cref="UsedBytes"/>.</param>
    /// <exception cref="InvalidOperationException">The request is not READDIRPLUS.</exception>
    public readonly ref FuseEntryOut EntryAt(ref int offset)
    {
        if (!WantsAttributes) throw new InvalidOperationException("entries have no attributes here");
        Span<byte> room = _buffer[offset.._used];
        ref FuseDirentPlus plus = ref MemoryMarshal.AsRef<FuseDirentPlus>(room);
        offset += EntryBytes((int)plus.Dirent.NameBytes);
        return ref plus.Entry;
    }

    /// <summary>Takes over what a copy of this packer has added to the same reply.</summary>
    /// <param name="usedBytes">Bytes packed by the copy.</param>
    public void TakeOver(int usedBytes) => _used = usedBytes;

    /// <summary>Changes the inode numbers and node ids of the entries packed so far.</summary>
    /// <param name="numberOf">The new number for an old one; 0 for a node that cannot be shown: its entry then comes
    /// without attributes and keeps its inode number.</param>
    /// <returns>The number of entries with a node, each of which is a reference.</returns>
    public readonly int Renumber(Func<ulong, ulong> numberOf)
    {
        int references = 0;
        for (int offset = 0; offset < _used;)
        {
            Span<byte> room = _buffer[offset.._used];
            if (WantsAttributes)
            {
                ref FuseEntryOut entry = ref MemoryMarshal.AsRef<FuseEntryOut>(room);
                ulong node = entry.NodeId == 0 ? 0 : numberOf(entry.NodeId);
                if (node == 0) entry = default;
                else (entry.NodeId, entry.Attr.Inode, references) = (node, node, references + 1);
                room = room[Unsafe.SizeOf<FuseEntryOut>()..];
            }
            ref FuseDirent dirent = ref MemoryMarshal.AsRef<FuseDirent>(room);
            ulong inode = numberOf(dirent.Inode);
            if (inode != 0) dirent.Inode = inode;
            offset += EntryBytes((int)dirent.NameBytes);
        }
        return references;
    }

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
