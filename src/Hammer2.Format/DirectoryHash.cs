// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>
/// The key of a directory entry, computed from its name. Names that differ only in the order of their parts get keys
/// near each other, which keeps the entries of numbered files together.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_dirhash</c>. From the top: bit 63 is set, 31 bits sum up the parts of the name, 16 bits fold
/// the whole name, bit 15 is set and the low 15 bits are zero. An entry has any of the 32768 keys from the hash on (see
/// <see cref="LastKey"/>), usually the hash plus one. A lookup must compare the name of each entry in that range.
/// </remarks>
public static class DirectoryHash
{
    /// <summary>Bit 15: set in every hash, so that a position in a directory is never 0 or 1.</summary>
    private const ulong LowBit = 0x8000;

    /// <summary>Computes the first key of <paramref name="name"/>. Names are bytes: case-sensitive, without Unicode
    /// normalisation.</summary>
    public static ulong Compute(ReadOnlySpan<byte> name)
    {
        uint parts = 0;
        ReadOnlySpan<byte> rest = name;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAny(".-_~"u8);
            ReadOnlySpan<byte> part = end < 0 ? rest : rest[..end];
            parts += IscsiCrc32.Compute(part);   // an empty part adds 0
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        uint whole = IscsiCrc32.Compute(name);
        whole ^= whole << 16;
        return Media.EntryKeyBit | ((ulong)parts << 32) | (whole & 0xFFFF0000) | LowBit;
    }

    /// <summary>The last key that an entry whose name has this <paramref name="hash"/> may have.</summary>
    public static ulong LastKey(ulong hash) => hash | Media.EntryCollisionMask;
}
