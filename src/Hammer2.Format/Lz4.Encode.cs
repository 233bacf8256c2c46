// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hammer2.Format;

public static partial class Lz4
{
    /// <summary>Maximum source size in bytes, so that every position fits 16 bits.</summary>
    public const int SourceBytesMax = 65536;

    private const int HashBits = 13;
    private const int LastLiteralsMin = 5;      // the format: the last 5 bytes are literals,
    private const int LastMatchFromEnd = 12;    // and the last match starts 12 bytes before the end
    private const int SkipRadix = 6;            // after 2^6 misses in a row, step one byte more

    // A sequence of at most QuickLiterals literals and a match whose length needs at most one more byte is written
    // without a loop: token, length byte, literals, distance, length byte.
    private const int QuickLiterals = 32;
    private const int QuickMatchBeyond = NibbleMax + byte.MaxValue;
    private const int QuickBytes = 2 + QuickLiterals + sizeof(ushort) + 1;

    [ThreadStatic]
    private static ushort[]? t_positions;

    /// <summary>
    /// Encodes <paramref name="source"/> as one block. False when it does not fit into
    /// <paramref name="destination"/>: pass a span of the largest encoded size that is still useful.
    /// </summary>
    /// <param name="source">0 to 65536 bytes.</param>
    /// <param name="destination">Receives the block; bytes after the encoded ones are undefined.</param>
    /// <param name="encodedBytes">Bytes encoded.</param>
    public static bool TryEncode(ReadOnlySpan<byte> source, Span<byte> destination, out int encodedBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, SourceBytesMax, nameof(source));
        ushort[] positions = t_positions ??= new ushort[1 << HashBits];
        positions.AsSpan().Clear();

        // References instead of indexing, as in the decoder: every position is compared with matchStartMax before it is
        // read, and every position in the table is less than the current one.
        ref byte input = ref MemoryMarshal.GetReference(source);
        ref ushort table = ref MemoryMarshal.GetArrayDataReference(positions);
        int matchStartMax = source.Length - LastMatchFromEnd;
        int matchEndMax = source.Length - LastLiteralsMin;
        (int anchor, int written) = (0, 0);
        int next = 1;   // position 0 is what a cleared table refers to
        encodedBytes = 0;
        while (next <= matchStartMax
            && TrySearch(ref input, ref table, next, matchStartMax, out int position, out int candidate))
        {
            while (position > anchor && candidate > 0
                && Unsafe.Add(ref input, position - 1) == Unsafe.Add(ref input, candidate - 1))
            {
                position--;
                candidate--;
            }

            // Matches often follow each other: first try one that begins where the last one ended.
            bool isFollowed;
            do
            {
                int end = MatchEnd(ref input, candidate, position, matchEndMax);
                int distance = position - candidate;
                if (!TryWrite(source, anchor, position, distance, end, destination, ref written)) return false;
                anchor = position = end;
                isFollowed = position <= matchStartMax && IsMatch(ref input, ref table, position, out candidate);
            }
            while (isFollowed);
            next = position + 1;
        }

        if (!TryWriteLiterals(source[anchor..], 0, destination, ref written)) return false;
        encodedBytes = written;
        return true;
    }

    /// <summary>
    /// Finds the first position from <paramref name="next"/> on whose four bytes were seen before. False when there
    /// is none up to <paramref name="last"/>. The next word is read while the candidate for the one before it is
    /// compared.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TrySearch(
        ref byte input, ref ushort table, int next, int last, out int position, out int candidate)
    {
        uint word = Read<uint>(ref input, next);
        for (int misses = 1 << SkipRadix; ; misses++)
        {
            position = next;
            next += misses >> SkipRadix;
            candidate = Exchange(ref table, word, position);
            if (next > last) return Read<uint>(ref input, candidate) == word;
            uint here = word;
            word = Read<uint>(ref input, next);
            if (Read<uint>(ref input, candidate) == here) return true;
        }
    }

    /// <summary>True when the four bytes at <paramref name="position"/>, where a match ended, were seen
    /// before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsMatch(ref byte input, ref ushort table, int position, out int candidate)
    {
        _ = Exchange(ref table, Read<uint>(ref input, position - 2), position - 2);
        uint word = Read<uint>(ref input, position);
        candidate = Exchange(ref table, word, position);
        return Read<uint>(ref input, candidate) == word;
    }

    /// <summary>Stores the position of a word in the table and returns the last position with the same hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Exchange(ref ushort table, uint word, int position)
    {
        ref ushort slot = ref Unsafe.Add(ref table, (word * 2654435761u) >> (32 - HashBits));
        int candidate = slot;
        slot = (ushort)position;
        return candidate;
    }

    private static T Read<T>(ref byte input, int position)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref input, (uint)position));

    /// <summary>The position at which the bytes from the two positions on, of which the first four are equal, begin to
    /// differ; at most <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MatchEnd(ref byte input, int candidate, int position, int end)
    {
        int distance = position - candidate;
        position += MatchBytesMin;
        while (position <= end - sizeof(ulong))
        {
            ulong differing = Read<ulong>(ref input, position) ^ Read<ulong>(ref input, position - distance);
            if (differing != 0) return position + (BitOperations.TrailingZeroCount(differing) >> 3);
            position += sizeof(ulong);
        }
        while (position < end && Unsafe.Add(ref input, position) == Unsafe.Add(ref input, position - distance))
            position++;
        return position;
    }

    /// <summary>Writes the literals from <paramref name="anchor"/> to <paramref name="position"/> and the match from
    /// there to <paramref name="end"/>. False when they do not fit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryWrite(ReadOnlySpan<byte> source, int anchor, int position, int distance, int end,
        Span<byte> destination, ref int written)
    {
        int literals = position - anchor;
        int beyondMin = end - position - MatchBytesMin;
        bool isQuick = literals <= QuickLiterals && beyondMin < QuickMatchBeyond
            && written <= destination.Length - QuickBytes && anchor <= source.Length - QuickLiterals;
        if (!isQuick)
            return TryWriteLong(source.Slice(anchor, literals), distance, beyondMin, destination, ref written);

        ref byte token = ref Unsafe.Add(ref MemoryMarshal.GetReference(destination), written);
        ref byte output = ref Unsafe.Add(ref token, 1);
        int nibbles = literals << 4;
        if (literals >= NibbleMax)
        {
            nibbles = NibbleMax << 4;
            output = (byte)(literals - NibbleMax);
            output = ref Unsafe.Add(ref output, 1);
        }
        ref byte from = ref Unsafe.Add(ref MemoryMarshal.GetReference(source), anchor);
        Vector128.LoadUnsafe(ref from).StoreUnsafe(ref output);
        if (literals > 16) Vector128.LoadUnsafe(ref from, 16).StoreUnsafe(ref output, 16);
        output = ref Unsafe.Add(ref output, literals);
        Unsafe.WriteUnaligned(ref output, (ushort)distance);
        output = ref Unsafe.Add(ref output, sizeof(ushort));
        if (beyondMin >= NibbleMax)
        {
            output = (byte)(beyondMin - NibbleMax);
            output = ref Unsafe.Add(ref output, 1);
        }
        token = (byte)(nibbles | Math.Min(beyondMin, NibbleMax));
        written += (int)Unsafe.ByteOffset(ref token, ref output);
        return true;
    }

    private static bool TryWriteLong(
        ReadOnlySpan<byte> literals, int distance, int beyondMin, Span<byte> destination, ref int written)
    {
        if (!TryWriteLiterals(literals, Math.Min(beyondMin, NibbleMax), destination, ref written)) return false;
        if (destination.Length - written < sizeof(ushort) + LengthBytes(beyondMin)) return false;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[written..], (ushort)distance);
        written += sizeof(ushort);
        WriteLength(beyondMin, destination, ref written);
        return true;
    }

    private static bool TryWriteLiterals(
        ReadOnlySpan<byte> literals, int matchNibble, Span<byte> destination, ref int written)
    {
        if (destination.Length - written < 1 + LengthBytes(literals.Length) + literals.Length) return false;
        destination[written++] = (byte)((Math.Min(literals.Length, NibbleMax) << 4) | matchNibble);
        WriteLength(literals.Length, destination, ref written);
        literals.CopyTo(destination[written..]);
        written += literals.Length;
        return true;
    }

    private static int LengthBytes(int length) =>
        length < NibbleMax ? 0 : 1 + ((length - NibbleMax) / byte.MaxValue);

    private static void WriteLength(int length, Span<byte> destination, ref int written)
    {
        if (length < NibbleMax) return;
        (int full, int rest) = Math.DivRem(length - NibbleMax, byte.MaxValue);
        destination.Slice(written, full).Fill(byte.MaxValue);
        written += full;
        destination[written++] = (byte)rest;
    }
}
