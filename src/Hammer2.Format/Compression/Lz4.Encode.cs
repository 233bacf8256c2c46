// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;

namespace Hammer2.Format;

public static partial class Lz4
{
    /// <summary>Most bytes that one block may encode, so that every position fits 16 bits.</summary>
    public const int SourceBytesMax = 65536;

    private const int HashBits = 13;
    private const int LastLiteralsMin = 5;      // the format: the last 5 bytes are literals,
    private const int LastMatchFromEnd = 12;    // and the last match starts 12 bytes before the end
    private const int SkipRadix = 6;            // after 2^6 misses in a row, step one byte more

    [ThreadStatic]
    private static ushort[]? t_positions;

    /// <summary>
    /// Encodes <paramref name="source"/> as one block. False when it does not fit into
    /// <paramref name="destination"/>: give it the length from which encoding is worth nothing.
    /// </summary>
    /// <param name="source">0 to 65536 bytes.</param>
    /// <param name="destination">Where to encode to; undefined behind the encoded bytes.</param>
    /// <param name="encodedBytes">Bytes encoded.</param>
    public static bool TryEncode(ReadOnlySpan<byte> source, Span<byte> destination, out int encodedBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, SourceBytesMax, nameof(source));
        var writer = new SequenceWriter(destination);
        ushort[] positions = t_positions ??= new ushort[1 << HashBits];
        positions.AsSpan().Clear();

        int anchor = 0;
        int matchStartMax = source.Length - LastMatchFromEnd;
        int position = 1;   // position 0 is what a cleared table refers to
        int misses = 1 << SkipRadix;
        while (position <= matchStartMax)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(source[position..]);
            ref ushort slot = ref positions[Hash(word)];
            int candidate = slot;
            slot = (ushort)position;
            if (candidate >= position || BinaryPrimitives.ReadUInt32LittleEndian(source[candidate..]) != word)
            {
                position += misses++ >> SkipRadix;
                continue;
            }

            int start = position;
            while (start > anchor && candidate > 0 && source[start - 1] == source[candidate - 1])
            {
                start--;
                candidate--;
            }

            int length = MatchLength(source, candidate, start);
            if (!writer.TryWrite(source[anchor..start], start - candidate, length))
            {
                encodedBytes = 0;
                return false;
            }

            anchor = position = start + length;
            misses = 1 << SkipRadix;
            if (position - 2 <= matchStartMax)
            {
                positions[Hash(BinaryPrimitives.ReadUInt32LittleEndian(source[(position - 2)..]))] =
                    (ushort)(position - 2);
            }
        }

        bool isWhole = writer.TryWriteLast(source[anchor..]);
        encodedBytes = isWhole ? writer.Written : 0;
        return isWhole;
    }

    private static int Hash(uint word) => (int)((word * 2654435761u) >> (32 - HashBits));

    /// <summary>Equal bytes from the two positions on, up to where the last literals begin.</summary>
    private static int MatchLength(ReadOnlySpan<byte> source, int candidate, int start)
    {
        ReadOnlySpan<byte> later = source[start..^LastLiteralsMin];
        return later.CommonPrefixLength(source.Slice(candidate, later.Length));
    }

    /// <summary>Puts sequences into a span and refuses the first that does not fit.</summary>
    private ref struct SequenceWriter
    {
        private readonly Span<byte> _destination;

        public SequenceWriter(Span<byte> destination)
        {
            _destination = destination;
            Written = 0;
        }

        public int Written { get; private set; }

        public bool TryWrite(ReadOnlySpan<byte> literals, int distance, int length)
        {
            int beyondMin = length - MatchBytesMin;
            if (!TryWriteLiterals(literals, Math.Min(beyondMin, NibbleMax))) return false;
            if (_destination.Length - Written < sizeof(ushort) + LengthBytes(beyondMin)) return false;
            BinaryPrimitives.WriteUInt16LittleEndian(_destination[Written..], (ushort)distance);
            Written += sizeof(ushort);
            WriteLength(beyondMin);
            return true;
        }

        public bool TryWriteLast(ReadOnlySpan<byte> literals) => TryWriteLiterals(literals, 0);

        private bool TryWriteLiterals(ReadOnlySpan<byte> literals, int matchNibble)
        {
            if (_destination.Length - Written
                < 1 + LengthBytes(literals.Length) + literals.Length) return false;
            _destination[Written++] = (byte)((Math.Min(literals.Length, NibbleMax) << 4) | matchNibble);
            WriteLength(literals.Length);
            literals.CopyTo(_destination[Written..]);
            Written += literals.Length;
            return true;
        }

        private static int LengthBytes(int length) =>
            length < NibbleMax ? 0 : 1 + ((length - NibbleMax) / byte.MaxValue);

        private void WriteLength(int length)
        {
            if (length < NibbleMax) return;
            int rest = length - NibbleMax;
            for (; rest >= byte.MaxValue; rest -= byte.MaxValue) _destination[Written++] = byte.MaxValue;
            _destination[Written++] = (byte)rest;
        }
    }
}
