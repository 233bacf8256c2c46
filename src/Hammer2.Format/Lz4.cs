// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hammer2.Format;

/// <summary>
/// The LZ4 block format: no frame, no external length, no dictionary. The decoder writes no byte past the decoded ones,
/// whatever the source holds, and allocates no memory.
/// </summary>
/// <remarks>
/// Source: the LZ4 block format description (doc/lz4_Block_format.md of the LZ4 project). A block is a list of
/// sequences: a token (literals in the high nibble, match length less 4 in the low one; 15 means that more bytes
/// follow), the literals, a 16-bit distance back, more match length. The last sequence ends after its literals.
/// </remarks>
public static partial class Lz4
{
    private const int MatchBytesMin = 4;
    private const int NibbleMax = 15;

    // Away from both ends, short copies move 16 or 24 bytes whatever their length. They write at most 20 bytes too
    // many, which later sequences overwrite: from the remaining 32 bytes of input a valid block yields at least 29 more
    // bytes (fewest when they are one token, one length byte and literals).
    private const int HastyInputBytes = 32 + 14 + sizeof(ushort);
    private const int HastyOutputBytes = 14 + 24;

    /// <summary>
    /// Decodes the block <paramref name="source"/>. False when the block is malformed or <paramref name="destination"/>
    /// is too small; its content is then undefined.
    /// </summary>
    /// <param name="source">Exactly one block, without trailing bytes.</param>
    /// <param name="destination">Receives the decoded bytes; must not overlap the source.</param>
    /// <param name="decodedBytes">Bytes decoded; the destination past them is unchanged.</param>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination, out int decodedBytes)
    {
        // References instead of indexing: the lengths are compared once for each copy, by the
        // conditions below, and not again for each byte.
        ref byte input = ref MemoryMarshal.GetReference(source);
        ref byte output = ref MemoryMarshal.GetReference(destination);
        (int inputLength, int outputLength) = (source.Length, destination.Length);
        int inputHasty = inputLength - HastyInputBytes;
        int outputHasty = outputLength - HastyOutputBytes;
        (int read, int written) = (0, 0);
        decodedBytes = 0;
        while (read < inputLength)
        {
            int token = Unsafe.Add(ref input, read++);
            int literals = token >> 4;
            int match = token & NibbleMax;
            int distance;
            if (literals < NibbleMax && read <= inputHasty && written <= outputHasty)
            {
                Vector128.LoadUnsafe(ref input, (nuint)read).StoreUnsafe(ref output, (nuint)written);
                read += literals;
                written += literals;
                distance = Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref input, read));
                read += sizeof(ushort);
                if (match < NibbleMax && distance >= sizeof(ulong) && distance <= written)
                {
                    CopyHastily(ref Unsafe.Add(ref output, written), distance);
                    written += match + MatchBytesMin;
                    continue;
                }
            }
            else
            {
                if (literals == NibbleMax && !TryReadLength(source, ref read, ref literals)) return false;
                if (literals > inputLength - read || literals > outputLength - written) return false;
                CopyApart(ref Unsafe.Add(ref input, read), ref Unsafe.Add(ref output, written), literals);
                read += literals;
                written += literals;
                if (read == inputLength)
                {
                    decodedBytes = written;
                    return true;
                }

                if (inputLength - read < sizeof(ushort)) return false;
                distance = Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref input, read));
                read += sizeof(ushort);
            }

            if (match == NibbleMax && !TryReadLength(source, ref read, ref match)) return false;
            match += MatchBytesMin;
            if (distance == 0 || distance > written || match > outputLength - written) return false;
            CopyMatch(ref Unsafe.Add(ref output, written), distance, match);
            written += match;
        }

        return false;   // the input ends after a match; a valid block ends after literals
    }

    /// <summary>Adds the bytes that follow a full nibble to <paramref name="length"/>.</summary>
    private static bool TryReadLength(ReadOnlySpan<byte> source, ref int read, ref int length)
    {
        while (read < source.Length)
        {
            int more = source[read++];
            length += more;
            if (more != byte.MaxValue) return true;
            if (length > Media.BufferBytes * 2) return false;   // longer than any block; also prevents overflow
        }

        return false;
    }

    /// <summary>Copies 24 bytes, of which the caller wants 4 to 18, from 8 or more bytes before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyHastily(ref byte to, int distance)
    {
        ref byte from = ref Unsafe.Subtract(ref to, distance);
        Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<ulong>(ref from));
        Unsafe.WriteUnaligned(
            ref Unsafe.Add(ref to, 8), Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, 8)));
        Unsafe.WriteUnaligned(
            ref Unsafe.Add(ref to, 16), Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, 16)));
    }

    /// <summary>Copies between ranges that do not overlap. A short copy is done as two that overlap each other, which
    /// handles any length without a loop and without writing past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyApart(ref byte from, ref byte to, int length)
    {
        if (length >= 16)
        {
            CopyLong(ref from, ref to, length);
        }
        else if (length >= 8)
        {
            ulong first = Unsafe.ReadUnaligned<ulong>(ref from);
            ulong last = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, length - 8));
            Unsafe.WriteUnaligned(ref to, first);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, length - 8), last);
        }
        else if (length >= 4)
        {
            uint first = Unsafe.ReadUnaligned<uint>(ref from);
            uint last = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, length - 4));
            Unsafe.WriteUnaligned(ref to, first);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, length - 4), last);
        }
        else if (length > 0)
        {
            byte middle = Unsafe.Add(ref from, length >> 1);
            byte last = Unsafe.Add(ref from, length - 1);
            to = from;
            Unsafe.Add(ref to, length >> 1) = middle;
            Unsafe.Add(ref to, length - 1) = last;
        }
    }

    /// <summary>Copies 16 bytes or more, forward in steps of 16, the last step ending at the end of the range. Also
    /// correct when the target starts at least 16 bytes after the source.</summary>
    private static void CopyLong(ref byte from, ref byte to, int length)
    {
        int last = length - 16;
        for (int done = 0; done < last; done += 16)
        {
            Vector128.LoadUnsafe(ref from, (nuint)done).StoreUnsafe(ref to, (nuint)done);
        }

        Vector128.LoadUnsafe(ref from, (nuint)last).StoreUnsafe(ref to, (nuint)last);
    }

    /// <summary>Copies a match of <paramref name="length"/> bytes from <paramref name="distance"/> bytes before
    /// <paramref name="to"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyMatch(ref byte to, int distance, int length)
    {
        ref byte from = ref Unsafe.Subtract(ref to, distance);
        if (distance >= length || (distance >= 16 && length >= 16))
        {
            CopyApart(ref from, ref to, length);
        }
        else
        {
            CopyPattern(ref from, ref to, distance, length);
        }
    }

    /// <summary>Copies a match that overlaps its own output: a pattern of a few bytes, repeated.</summary>
    private static void CopyPattern(ref byte from, ref byte to, int distance, int length)
    {
        if (distance == 1)
        {
            MemoryMarshal.CreateSpan(ref to, length).Fill(from);
            return;
        }

        // Each round doubles what may be copied without overlap.
        int done = 0;
        while (done < length)
        {
            int step = Math.Min(distance + done, length - done);
            CopyApart(ref from, ref Unsafe.Add(ref to, done), step);
            done += step;
        }
    }
}
