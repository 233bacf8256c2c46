// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A view of the 1 KiB of an inode: meta, name, and references or embedded data.</summary>
/// <remarks>Source: <c>struct hammer2_inode_data</c>.</remarks>
public readonly ref struct InodeBlock
{
    /// <summary>Offset of the name, in bytes.</summary>
    public const int NameOffset = 0x100;

    /// <summary>Size of the area for the name, in bytes.</summary>
    public const int NameAreaBytes = 256;

    /// <summary>Offset of the references or the embedded data, in bytes.</summary>
    public const int UnionOffset = 0x200;

    private readonly Span<byte> _bytes;

    /// <summary>Makes a view of <paramref name="bytes"/>, which must be 1024 long; nothing is copied.</summary>
    public InodeBlock(Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Media.InodeBytes);
        _bytes = bytes;
    }

    /// <summary>The meta part.</summary>
    public ref InodeMeta Meta => ref Unsafe.As<byte, InodeMeta>(ref _bytes[0]);

    /// <summary>All 256 bytes of the name area.</summary>
    public Span<byte> NameArea => _bytes.Slice(NameOffset, NameAreaBytes);

    /// <summary>The name, as long as the meta part says, at most 256 bytes.</summary>
    public Span<byte> Name => NameArea[..Math.Min((int)Meta.NameBytes, NameAreaBytes)];

    /// <summary>What follows the name of an inode below a PFS root: its extended attributes.</summary>
    public Span<byte> AfterName => NameArea[Media.InodeNameBytes..];

    /// <summary>The four references; meaningless with embedded data.</summary>
    public Span<Blockref> Blockset => MemoryMarshal.Cast<byte, Blockref>(_bytes[UnionOffset..]);

    /// <summary>The 512 bytes of embedded data; meaningless with references.</summary>
    public Span<byte> EmbeddedData => _bytes[UnionOffset..];

    /// <summary>As <see cref="AfterName"/>, of a block that may only be read.</summary>
    public static ReadOnlySpan<byte> ReadAfterName(ReadOnlySpan<byte> block) =>
        block[(NameOffset + Media.InodeNameBytes)..UnionOffset];

    /// <summary>The meta part of a block that may only be read.</summary>
    [SuppressMessage("Design", "CA1045", Justification = "A reference into the block, not a parameter.")]
    public static ref readonly InodeMeta ReadMeta(ReadOnlySpan<byte> block) =>
        ref MemoryMarshal.AsRef<InodeMeta>(block[..InodeMeta.SizeBytes]);
}
