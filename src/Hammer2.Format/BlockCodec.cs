// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Numerics;

namespace Hammer2.Format;

/// <summary>
/// Decodes stored blocks of file data and encodes data for storing. The compression nibble of the DATA reference
/// selects the method; in references of other types the nibble is undefined.
/// </summary>
/// <remarks>
/// The decoded length is not stored: it is what the decoder yields, at most 64 KiB, and the rest of the logical block
/// reads as zeros. Upstream: <c>hammer2_decompress_LZ4_callback</c>, <c>hammer2_decompress_ZLIB_callback</c>,
/// <c>hammer2_compress_and_write</c>.
/// </remarks>
public static class BlockCodec
{
    /// <summary>Size of the 32-bit length field before the LZ4 block, in bytes.</summary>
    public const int Lz4PrefixBytes = sizeof(int);

    /// <summary>The zlib level that a stored level of 0 selects.</summary>
    public const int ZlibLevelDefault = 6;

    /// <summary>
    /// Decodes a stored block. <see cref="Hammer2Error.Corrupt"/> when it does not decode, when it would not fit into
    /// <paramref name="destination"/>, or when the method is not one of a stored block.
    /// </summary>
    /// <param name="method">The compression method of the reference.</param>
    /// <param name="stored">The whole block, padding included.</param>
    /// <param name="destination">Receives the decoded bytes; must not overlap the block. On success the bytes past
    /// <paramref name="decodedBytes"/> are unchanged; after an error any byte may have changed.</param>
    /// <param name="decodedBytes">Bytes decoded; 0 on error.</param>
    public static Hammer2Error Decode(
        CompressionMethod method, ReadOnlySpan<byte> stored, Span<byte> destination, out int decodedBytes)
    {
        decodedBytes = 0;
        bool isWhole = method switch
        {
            CompressionMethod.None => TryCopy(stored, destination, out decodedBytes),
            CompressionMethod.Lz4 => TryDecodeLz4(stored, destination, out decodedBytes),
            CompressionMethod.Zlib => ZlibBlock.TryDecode(stored, destination, out decodedBytes),
            _ => false,
        };
        return isWhole ? Hammer2Error.None : Hammer2Error.Corrupt;
    }

    /// <summary>
    /// Encodes <paramref name="logical"/> into a block of at most half its size. False when that
    /// cannot be done and the data must be stored as it is.
    /// </summary>
    /// <remarks>
    /// Upstream also compresses 1 KiB, which cannot become less than the 1 KiB it is: here that is
    /// stored raw.
    /// </remarks>
    /// <param name="method">LZ4 or zlib; others never succeed.</param>
    /// <param name="level">1 to 9 for zlib, 0 for its default; LZ4 has none.</param>
    /// <param name="logical">1 KiB to 64 KiB, a power of two.</param>
    /// <param name="destination">At least half as long. On success it holds the block padded with zeros; otherwise its
    /// content is undefined.</param>
    /// <param name="storedBytes">Size of the block, a power of two from 1 KiB; 0 on failure.</param>
    public static bool TryEncode(
        CompressionMethod method, int level, ReadOnlySpan<byte> logical, Span<byte> destination,
        out int storedBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(
            destination.Length, logical.Length / 2, nameof(destination));
        storedBytes = 0;
        if (logical.Length < Media.AllocationBytesMin * 2) return false;

        Span<byte> half = destination[..(logical.Length / 2)];
        int used;
        bool fits = method switch
        {
            CompressionMethod.Lz4 => TryEncodeLz4(logical, half, out used),
            CompressionMethod.Zlib =>
                ZlibBlock.TryEncode(logical, level == 0 ? ZlibLevelDefault : level, half, out used),
            _ => Nothing(out used),
        };
        if (!fits) return false;

        storedBytes = Math.Max(Media.AllocationBytesMin, (int)BitOperations.RoundUpToPowerOf2((uint)used));
        half[used..storedBytes].Clear();
        return true;
    }

    /// <summary>True when no bit of <paramref name="block"/> is set.</summary>
    public static bool IsAllZero(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    private static bool TryCopy(ReadOnlySpan<byte> stored, Span<byte> destination, out int decodedBytes)
    {
        bool fits = stored.TryCopyTo(destination);
        decodedBytes = fits ? stored.Length : 0;
        return fits;
    }

    private static bool TryDecodeLz4(ReadOnlySpan<byte> stored, Span<byte> destination, out int decodedBytes)
    {
        decodedBytes = 0;
        if (stored.Length < Lz4PrefixBytes) return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(stored);
        return length > 0
            && length <= stored.Length - Lz4PrefixBytes
            && Lz4.TryDecode(stored.Slice(Lz4PrefixBytes, length), destination, out decodedBytes);
    }

    private static bool TryEncodeLz4(ReadOnlySpan<byte> logical, Span<byte> half, out int used)
    {
        // Upstream needs 8 bytes less than half the block, and so do old versions of its decoder.
        Span<byte> payload = half.Slice(Lz4PrefixBytes, half.Length - (2 * Lz4PrefixBytes));
        if (!Lz4.TryEncode(logical, payload, out int length)) return Nothing(out used);
        BinaryPrimitives.WriteInt32LittleEndian(half, length);
        used = Lz4PrefixBytes + length;
        return true;
    }

    private static bool Nothing(out int used)
    {
        used = 0;
        return false;
    }
}
