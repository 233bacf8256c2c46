// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Buffers.Binary;
using Hammer2.Format;

namespace Hammer2.Admin.MetaImage;

/// <summary>
/// Replaces names by others of the same length and with the same hash, so that keys, and with them the shape of the trees,
/// stay as they are.
/// </summary>
/// <remarks>
/// The hash of a name is made of CRC-32Cs of the parts between the characters . - _ ~ and of the whole. A CRC is linear: when
/// a part is replaced by one of the same length and CRC, that of the whole stays as well. Of a part all but four bytes can be
/// chosen, and these four follow. So parts of up to four bytes cannot be replaced.
/// </remarks>
public sealed class NameScrambler
{
    private const int FreeBytesMin = 1;
    private const int CrcBytes = 4;
    private const int TriesMax = 4096;
    private const uint Polynomial = 0x82F63B78;
    private const int ByteBits = 8;

    private static readonly SearchValues<byte> s_forbidden = SearchValues.Create("/\0.-_~"u8);

    private readonly ulong _seed;
    private readonly uint[] _table = new uint[256];
    private readonly byte[] _reverse = new byte[256]; // by the high byte of an entry of the table

    /// <summary>Makes one; the same seed gives the same replacements.</summary>
    public NameScrambler(ulong seed)
    {
        _seed = seed;
        for (uint index = 0; index < _table.Length; index++)
        {
            uint value = index;
            for (int bit = 0; bit < ByteBits; bit++) value = (value >> 1) ^ ((value & 1) != 0 ? Polynomial : 0);
            _table[index] = value;
            _reverse[value >> 24] = (byte)index;
        }
    }

    /// <summary>Replaces a name in place. The same name always gets the same replacement.</summary>
    /// <returns>False when no part of it could be replaced.</returns>
    public bool Scramble(Span<byte> name)
    {
        bool isChanged = false;
        ulong state = CheckCode.Hash64(name) ^ _seed;
        Span<byte> rest = name;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAny(".-_~"u8);
            Span<byte> part = end < 0 ? rest : rest[..end];
            isChanged |= part.Length >= CrcBytes + FreeBytesMin && ScramblePart(part, ref state);
            rest = end < 0 ? default : rest[(end + 1)..];
        }
        return isChanged;
    }

    private bool ScramblePart(Span<byte> part, ref ulong state)
    {
        uint wanted = IscsiCrc32.Compute(part);
        Span<byte> made = stackalloc byte[part.Length];
        for (int attempt = 0; attempt < TriesMax; attempt++)
        {
            int free = part.Length - CrcBytes;
            for (int index = 0; index < free; index++) made[index] = Letter(ref state);
            BinaryPrimitives.WriteUInt32LittleEndian(made[free..], Ending(IscsiCrc32.Compute(made[..free]), wanted));
            if (made[free..].IndexOfAny(s_forbidden) >= 0 || made.SequenceEqual(part)) continue;
            made.CopyTo(part);
            return true;
        }
        return false;
    }

    /// <summary>The four bytes that continue a text with one CRC so that the whole has another.</summary>
    private uint Ending(uint from, uint to)
    {
        // The registers before and after the four bytes; the bytes are what leads from one to the other.
        uint register = ~to;
        for (int step = 0; step < CrcBytes; step++)
        {
            byte index = _reverse[register >> 24];
            register = ((register ^ _table[index]) << ByteBits) | index;
        }
        return register ^ ~from;
    }

    private static byte Letter(ref ulong state)
    {
        state = (state * 6364136223846793005) + 1442695040888963407;
        return (byte)('a' + ((state >> 33) % 26));
    }
}
