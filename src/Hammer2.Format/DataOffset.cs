// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Offset and size of a block: a byte offset in the address space of the volume set, with log2 of the size in
/// its low six bits.</summary>
public readonly record struct DataOffset(ulong Raw)
{
    /// <summary>The bits that hold the radix (<c>HAMMER2_OFF_MASK_RADIX</c>).</summary>
    public const ulong RadixMask = 0x3F;

    /// <summary>Joins an address, a multiple of 64 bytes, and a radix.</summary>
    public DataOffset(ulong bytes, int radix)
        : this(bytes | (uint)radix)
    {
    }

    /// <summary>Byte offset in the address space of the volume set.</summary>
    public ulong Bytes => Raw & ~RadixMask;

    /// <summary>log2 of the size; 0 means no storage.</summary>
    public int Radix => (int)(Raw & RadixMask);

    /// <summary>Size in bytes. A radix of 0 means no storage (0 bytes, not 1). Media may hold radixes up to 16; any
    /// above 30 gives <see cref="int.MaxValue"/>.</summary>
    public int SizeBytes => Radix == 0 ? 0 : Radix > 30 ? int.MaxValue : 1 << Radix;
}
