// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>Bits of <see cref="Blockref.Flags"/>.</summary>
/// <remarks>Upstream: <c>HAMMER2_BREF_FLAG_*</c>.</remarks>
[Flags]
public enum BlockrefFlags : byte
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>The inode is the root of a PFS.</summary>
    PfsRoot = 0x01,

    /// <summary>Written in place while emergency mode was on.</summary>
    EmergencyModified = 0x04,
}

/// <summary>Totals over the blocks below an inode or an indirect block. They are updated by deltas and may drift: hints
/// only.</summary>
/// <remarks>Source: <c>hammer2_blockref.embed.stats</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct SubtreeStatistics
{
    [FieldOffset(0x00)] public ulong DataCount;           // bytes allocated below
    [FieldOffset(0x08)] public ulong InodeCount;          // inodes below
}

/// <summary>The part of a directory entry that is not its name.</summary>
/// <remarks>Source: <c>struct hammer2_dirent_head</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct DirentHead
{
    [FieldOffset(0x00)] public ulong Inum;                // the inode that the entry names
    [FieldOffset(0x08)] public ushort NameBytes;          // 1..255
    [FieldOffset(0x0A)] public ObjectType Type;           // type of that inode
    [FieldOffset(0x0B)] public byte Reserved0B;
    [FieldOffset(0x0C)] public uint Reserved0C;
}

/// <summary>
/// A reference to one block on media: its offset and size, the range of keys below it, its check code and its
/// compression. Stored in the volume header, in inodes and in indirect blocks; every chain in memory holds a copy.
/// </summary>
/// <remarks>
/// Source: <c>struct hammer2_blockref</c>, hammer2_disk.h. Fields are in this host's byte order: a volume written in
/// the other order is rejected when its header is read, so nothing is swapped here.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct Blockref
{
    /// <summary>Size on media, in bytes.</summary>
    public const int SizeBytes = 128;

    /// <summary>Bytes of <see cref="Check"/>.</summary>
    public const int CheckBytes = 64;

    [FieldOffset(0x00)] public BlockrefType Type;
    [FieldOffset(0x01)] public BlockMethods Methods;      // check method, compression method
    [FieldOffset(0x02)] public byte CopyId;               // unused; 0xFF on what newfs made
    [FieldOffset(0x03)] public byte KeyBits;              // covers 2^KeyBits keys; 0 covers one
    [FieldOffset(0x04)] public byte VirtualRadix;         // unused; 10 on what newfs made
    [FieldOffset(0x05)] public BlockrefFlags Flags;
    [FieldOffset(0x06)] public ushort LeafCount;          // leaves below; saturates at 65535
    [FieldOffset(0x08)] public ulong Key;
    [FieldOffset(0x10)] public ulong MirrorTid;           // this node's flush; rises to the root
    [FieldOffset(0x18)] public ulong ModifyTid;           // the PFS's change; compared over nodes
    [FieldOffset(0x20)] public DataOffset Data;
    [FieldOffset(0x28)] public ulong UpdateTid;           // zero, or this driver's commit stamp
    [FieldOffset(0x30)] public DirentHead Dirent;         // when Type is Dirent
    [FieldOffset(0x30)] public SubtreeStatistics Subtree; // when Type is Inode or Indirect
    [FieldOffset(0x40)] private CheckArea _check;

    [FieldOffset(0x44)] public uint FreemapBigMask;       // freemap: radixes that may be available
    [FieldOffset(0x48)] public ulong FreemapAvailable;    // freemap: bytes when the leaf was made

    /// <summary>64 bytes: a check code, freemap hints, or a name of up to 64 bytes.</summary>
    [UnscopedRef]
    public Span<byte> Check => _check;

    /// <summary>The same bytes for reading.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> CheckRead => _check;

    /// <summary>The last key covered. Does not overflow for legal key ranges.</summary>
    public readonly ulong KeyEnd => KeyBits >= 64 ? ulong.MaxValue : Key + ((1UL << KeyBits) - 1);

    /// <summary>True for an unused slot.</summary>
    public readonly bool IsEmpty => Type == BlockrefType.Empty;

    [InlineArray(CheckBytes)]
    private struct CheckArea
    {
        private byte _first;
    }
}
