// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
        ushort[] positions = t_positions ??= new ushort[1 << HashBits];
        positions.AsSpan().Clear();

        // References instead of indexing, as in the decoder: every position below is compared with
        // matchStartMax first, and a candidate is less than the position.
        ref byte input = ref MemoryMarshal.GetReference(source);
        ref ushort table = ref MemoryMarshal.GetArrayDataReference(positions);
        var writer = new SequenceWriter(source, destination);
        int anchor = 0;
        int matchStartMax = source.Length - LastMatchFromEnd;
        int position = 1;   // position 0 is what a cleared table refers to
        int misses = 1 << SkipRadix;
        encodedBytes = 0;
        while (position <= matchStartMax)
        {
            uint word = Read<uint>(ref input, position);
            ref ushort slot = ref Unsafe.Add(ref table, Hash(word));
            int candidate = slot;
            slot = (ushort)position;
            if (candidate >= position || Read<uint>(ref input, candidate) != word)
            {
                position += misses++ >> SkipRadix;
                continue;
            }

            int end = MatchEnd(ref input, candidate, position, source.Length - LastLiteralsMin);
            int start = position;
            while (start > anchor && candidate > 0
                && Unsafe.Add(ref input, start - 1) == Unsafe.Add(ref input, candidate - 1))
            {
                start--;
                candidate--;
            }

            if (!writer.TryWrite(anchor, start - anchor, start - candidate, end - start)) return false;
            anchor = position = end;
            misses = 1 << SkipRadix;
            if (position - 2 <= matchStartMax)
                Unsafe.Add(ref table, Hash(Read<uint>(ref input, position - 2))) = (ushort)(position - 2);
        }

        if (!writer.TryWriteLast(anchor)) return false;
        encodedBytes = writer.Written;
        return true;
    }

    private static int Hash(uint word) => (int)((word * 2654435761u) >> (32 - HashBits));

    private static T Read<T>(ref byte input, int position)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref input, position));

    /// <summary>Where the bytes from the two positions on, of which the first four are equal, begin to differ; at
    /// most <paramref name="end"/>.</summary>
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

    /// <summary>Puts sequences into a span and refuses the first that does not fit.</summary>
    private ref struct SequenceWriter
    {
        // A token, 16 bytes of literals whatever their number, and the distance.
        private const int HastyBytes = 1 + 16 + sizeof(ushort);

        private readonly ReadOnlySpan<byte> _source;
        private readonly Span<byte> _destination;

        public SequenceWriter(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            _source = source;
            _destination = destination;
            Written = 0;
        }

        public int Written { get; private set; }

        public bool TryWrite(int anchor, int literals, int distance, int length)
        {
            int beyondMin = length - MatchBytesMin;
            bool isHasty = literals < NibbleMax && beyondMin < NibbleMax
                && Written <= _destination.Length - HastyBytes && anchor <= _source.Length - 16;
            if (isHasty)
            {
                ref byte output = ref Unsafe.Add(ref MemoryMarshal.GetReference(_destination), Written);
                output = (byte)((literals << 4) | beyondMin);
                Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(_source), (nuint)anchor)
                    .StoreUnsafe(ref output, 1);
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref output, 1 + literals), (ushort)distance);
                Written += 1 + literals + sizeof(ushort);
                return true;
            }
            if (!TryWriteLiterals(_source.Slice(anchor, literals), Math.Min(beyondMin, NibbleMax))) return false;
            if (_destination.Length - Written < sizeof(ushort) + LengthBytes(beyondMin)) return false;
            BinaryPrimitives.WriteUInt16LittleEndian(_destination[Written..], (ushort)distance);
            Written += sizeof(ushort);
            WriteLength(beyondMin);
            return true;
        }

        public bool TryWriteLast(int anchor) => TryWriteLiterals(_source[anchor..], 0);

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
