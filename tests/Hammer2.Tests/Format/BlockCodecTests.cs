// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Stored blocks of each compression method: what decodes, what is rejected, what is compressed.</summary>
public sealed class BlockCodecTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(24));

    [Theory, MemberData(nameof(Seeds))]
    public void What_is_encoded_decodes_to_the_same_bytes(ulong seed)
    {
        var random = new SeededRandom(seed);
        byte[] drawn = Lz4Tests.Draw(random);
        Array.Resize(ref drawn, 65536);
        byte[] logical = drawn[..(1 << (int)random.Between(10, 16))];
        foreach (CompressionMethod method in new[] { CompressionMethod.Lz4, CompressionMethod.Zlib })
        {
            var stored = new byte[logical.Length];
            stored.AsSpan().Fill(0xEE);
            if (!BlockCodec.TryEncode(method, 0, logical, stored, out int storedBytes)) continue;
            Assert.InRange(storedBytes, 1024, logical.Length / 2);
            Assert.True(int.IsPow2(storedBytes));

            var output = new byte[Media.FileBlockBytes];
            output.AsSpan().Fill(0xA5);
            Hammer2Error error =
                BlockCodec.Decode(method, stored.AsSpan(0, storedBytes), output, out int decoded);
            Assert.Equal((Hammer2Error.None, logical.Length), (error, decoded));
            Assert.True(output.AsSpan(0, decoded).SequenceEqual(logical));
            Assert.Equal(-1, output.AsSpan(decoded).IndexOfAnyExcept((byte)0xA5));
        }
    }

    [Fact]
    public void Incompressible_data_and_blocks_of_1_KiB_are_not_encoded()
    {
        var noise = new byte[65536];
        new SeededRandom(1).Fill(noise);
        var stored = new byte[65536];
        Assert.False(BlockCodec.TryEncode(CompressionMethod.Lz4, 0, noise, stored, out _));
        Assert.False(BlockCodec.TryEncode(CompressionMethod.Zlib, 9, noise, stored, out _));
        Assert.False(BlockCodec.TryEncode(CompressionMethod.Lz4, 0, new byte[1024], stored, out _));
        Assert.False(BlockCodec.TryEncode(CompressionMethod.None, 0, new byte[65536], stored, out _));
        Assert.True(BlockCodec.TryEncode(CompressionMethod.Lz4, 0, new byte[2048], stored, out int least));
        Assert.Equal(1024, least);
    }

    [Fact]
    public void An_lz4_block_uses_at_most_half_the_size_less_eight_bytes()
    {
        // n bytes of noise and zeros up to 4096: the payload grows with n one by one.
        var logical = new byte[4096];
        var stored = new byte[2048];
        int longest = 0;
        for (int noise = 1900; noise < 2100; noise++)
        {
            logical.AsSpan().Clear();
            new SeededRandom(7).Fill(logical.AsSpan(0, noise));
            if (!BlockCodec.TryEncode(CompressionMethod.Lz4, 0, logical, stored, out _)) continue;
            longest = Math.Max(longest, BinaryPrimitives.ReadInt32LittleEndian(stored));
        }

        Assert.Equal(2048 - 8, longest);
    }

    [Fact]
    public void Raw_blocks_are_copied_and_must_fit()
    {
        var output = new byte[1024];
        Assert.Equal(
            Hammer2Error.None,
            BlockCodec.Decode(CompressionMethod.None, new byte[1024], output, out int whole));
        Assert.Equal(1024, whole);
        Assert.Equal(
            Hammer2Error.Corrupt,
            BlockCodec.Decode(CompressionMethod.None, new byte[2048], output, out whole));
        Assert.Equal(0, whole);
    }

    [Fact]
    public void Methods_that_are_not_of_a_stored_block_are_rejected()
    {
        var output = new byte[1024];
        for (int method = 0; method < 16; method++)
        {
            if (method is 0 or 2 or 3) continue;
            Assert.Equal(
                Hammer2Error.Corrupt,
                BlockCodec.Decode((CompressionMethod)method, new byte[1024], output, out _));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(1021)]
    public void An_lz4_length_outside_the_block_is_rejected(int length)
    {
        var stored = new byte[1024];
        BinaryPrimitives.WriteInt32LittleEndian(stored, length);
        Assert.Equal(
            Hammer2Error.Corrupt, BlockCodec.Decode(CompressionMethod.Lz4, stored, new byte[65536], out _));
    }

    [Fact]
    public void A_block_too_short_for_its_prefix_is_rejected()
    {
        for (int length = 0; length < 5; length++)
        {
            var stored = new byte[length];
            if (length > 0) stored[0] = 1;
            Assert.Equal(
                Hammer2Error.Corrupt,
                BlockCodec.Decode(
                    CompressionMethod.Lz4, stored.AsSpan(0, Math.Min(length, 4)), new byte[64], out _));
            Assert.Equal(
                Hammer2Error.Corrupt, BlockCodec.Decode(CompressionMethod.Zlib, stored, new byte[64], out _));
        }
    }

    [Fact]
    public void A_zlib_stream_is_rejected_at_every_truncation_and_one_byte_too_long()
    {
        var logical = new byte[4000];
        new SeededRandom(5).Fill(logical.AsSpan(0, 300));
        byte[] stream = Deflate(logical);
        var output = new byte[4000];
        Assert.Equal(
            Hammer2Error.None, BlockCodec.Decode(CompressionMethod.Zlib, stream, output, out int decoded));
        Assert.Equal(4000, decoded);
        Assert.Equal(logical, output);
        for (int cut = 0; cut < stream.Length; cut++)
        {
            Assert.Equal(
                Hammer2Error.Corrupt,
                BlockCodec.Decode(CompressionMethod.Zlib, stream.AsSpan(0, cut), new byte[4001], out _));
            Assert.Equal(
                Hammer2Error.Corrupt,
                BlockCodec.Decode(CompressionMethod.Zlib, stream.AsSpan(0, cut), new byte[4000], out _));
        }

        Assert.Equal(
            Hammer2Error.Corrupt, BlockCodec.Decode(CompressionMethod.Zlib, stream, new byte[3999], out _));
        stream[^1] ^= 1;   // the checksum
        Assert.Equal(Hammer2Error.Corrupt, BlockCodec.Decode(CompressionMethod.Zlib, stream, output, out _));
    }

    [Fact]
    public void A_zlib_stream_that_needs_a_dictionary_is_rejected()
    {
        byte[] stored = [0x78, 0xBB, 0x12, 0x34, 0x56, 0x78, 0x4B, 0x04, 0x00, 0, 0, 0];
        Assert.Equal(
            Hammer2Error.Corrupt, BlockCodec.Decode(CompressionMethod.Zlib, stored, new byte[64], out _));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Hostile_zlib_blocks_give_Corrupt_or_bytes(ulong seed)
    {
        var random = new SeededRandom(seed);
        byte[] good = Deflate(Lz4Tests.Draw(random));
        if (good.Length > 65536) good = good[..65536];
        var output = new byte[65536];
        for (int round = 0; round < 20; round++)
        {
            byte[] bad = good.AsSpan().ToArray();
            for (int change = random.Below(4); change >= 0; change--)
            {
                bad[random.Below(bad.Length)] = (byte)random.NextUInt64();
            }

            Hammer2Error error = BlockCodec.Decode(CompressionMethod.Zlib, bad, output, out int decoded);
            Assert.True(error is Hammer2Error.None or Hammer2Error.Corrupt);
            Assert.InRange(decoded, 0, output.Length);
        }
    }

    [Fact]
    public void A_single_set_bit_is_not_all_zero()
    {
        for (int length = 0; length < 300; length++)
        {
            var block = new byte[length];
            Assert.True(BlockCodec.IsAllZero(block));
            if (length == 0) continue;
            block[length * 7 % length] = 0x80;
            Assert.False(BlockCodec.IsAllZero(block));
        }
    }

    private static byte[] Deflate(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.Optimal)) zlib.Write(bytes);
        return memory.ToArray();
    }
}
