// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Fuzz.Targets;

/// <summary>Stored blocks of file data, between guard pages.</summary>
/// <remarks>
/// Input: 16 bits for the room to decode into, in units of eight bytes, of which none mean 64 KiB; then the block. The
/// same bytes are encoded as well.
/// </remarks>
internal static class CompressionTarget
{
    private const byte Untouched = 0xA5;

    private static readonly GuardedMemory Source = new(FuzzTarget.InputBytesMax + BlockCodec.Lz4PrefixBytes);
    private static readonly GuardedMemory Target = new(Media.FileBlockBytes);
    private static readonly byte[] Expected = new byte[Media.FileBlockBytes];
    private static readonly byte[] Encoded = new byte[Media.FileBlockBytes / 2];

    /// <summary>Decodes and encodes with LZ4; a decoder that takes byte after byte says what is right.</summary>
    public static void RunLz4(ReadOnlySpan<byte> input)
    {
        Span<byte> room = Room(input, out ReadOnlySpan<byte> block);

        // The length in front is right, so that all of the input gets to the decoder.
        Span<byte> stored = Source.AtEnd(block.Length + BlockCodec.Lz4PrefixBytes);
        BinaryPrimitives.WriteInt32LittleEndian(stored, block.Length);
        block.CopyTo(stored[BlockCodec.Lz4PrefixBytes..]);
        Hammer2Error error = Decode(CompressionMethod.Lz4, stored, room, out int decoded);

        int expected = SlowLz4.Decode(block, Expected.AsSpan(0, room.Length));
        Property.Holds(error == Hammer2Error.None == expected >= 0, "both decoders agree whether a block is whole");
        Property.Holds(error != Hammer2Error.None || decoded == expected, "both decoders agree on the length");
        Property.Holds(room[..decoded].SequenceEqual(Expected.AsSpan(0, decoded)), "both decoders agree on the bytes");

        // As it is on media, where the length is as hostile as the rest.
        _ = Decode(CompressionMethod.Lz4, stored[BlockCodec.Lz4PrefixBytes..], room, out _);
        CheckEncoding(CompressionMethod.Lz4, 0, block);
    }

    /// <summary>Decodes and encodes with zlib.</summary>
    public static void RunZlib(ReadOnlySpan<byte> input)
    {
        Span<byte> room = Room(input, out ReadOnlySpan<byte> block);
        Span<byte> stored = Source.AtEnd(block.Length);
        block.CopyTo(stored);
        _ = Decode(CompressionMethod.Zlib, stored, room, out _);
        CheckEncoding(CompressionMethod.Zlib, 1 + (block.Length % 9), block);
    }

    private static Span<byte> Room(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> block)
    {
        var reader = new InputReader(input);
        int units = reader.Word() & 0x1FFF;
        block = reader.Rest;
        return Target.AtEnd(units == 0 ? Media.FileBlockBytes : units * sizeof(ulong));
    }

    private static Hammer2Error Decode(
        CompressionMethod method, ReadOnlySpan<byte> stored, Span<byte> room, out int decoded)
    {
        room.Fill(Untouched);
        Hammer2Error error = BlockCodec.Decode(method, stored, room, out decoded);
        Property.Holds(decoded >= 0 && decoded <= room.Length, "no more is decoded than there is room for");
        Property.Holds(error is Hammer2Error.None or Hammer2Error.Corrupt, "a block decodes or is corrupt");
        bool isKept = error != Hammer2Error.None || room[decoded..].IndexOfAnyExcept(Untouched) < 0;
        Property.Holds(isKept, "bytes after a whole block are left alone");
        return error;
    }

    private static void CheckEncoding(CompressionMethod method, int level, ReadOnlySpan<byte> data)
    {
        // The length of a logical block: the next power of two, the rest zeros.
        int bytes = Media.AllocationBytesMin;
        while (bytes < data.Length) bytes *= 2;
        byte[] logical = new byte[bytes];
        data.CopyTo(logical);
        if (!BlockCodec.TryEncode(method, level, logical, Encoded, out int stored)) return;
        Property.Holds(stored >= Media.AllocationBytesMin && stored <= bytes / 2,
            "an encoded block is half as long at most");
        byte[] back = new byte[bytes];
        Hammer2Error error = BlockCodec.Decode(method, Encoded.AsSpan(0, stored), back, out int decoded);
        Property.Holds(error == Hammer2Error.None && decoded == bytes, "what was encoded decodes");
        Property.Holds(back.AsSpan().SequenceEqual(logical), "what was encoded decodes to the same");
    }
}
