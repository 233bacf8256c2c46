// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>The LZ4 block codec against itself, hand-made blocks, hostile blocks and liblz4.</summary>
public sealed class Lz4Tests
{
    private const byte Untouched = 0xA5;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(48));

    [Theory]
    [InlineData("00", "")]                                           // a token for nothing
    [InlineData("30616263", "616263")]                               // 3 literals
    [InlineData("1061010030787979", "6161616161787979")]              // a run: distance 1
    public void Decodes_a_block_made_by_hand(string block, string expected)
    {
        var output = new byte[64];
        Assert.True(Lz4.TryDecode(Convert.FromHexString(block), output, out int decoded));
        Assert.Equal(expected, Convert.ToHexStringLower(output.AsSpan(0, decoded)));
    }

    [Theory]
    [InlineData("")]                                                 // not even a token
    [InlineData("3061")]                                             // literals missing
    [InlineData("10610000")]                                         // distance 0
    [InlineData("10610200")]                                         // before the start
    [InlineData("106101")]                                           // half a distance
    [InlineData("10610100")]                                         // ends with a match
    [InlineData("1F610100")]                                         // match length missing
    [InlineData("F0")]                                               // literal length missing
    [InlineData("F0FFFFFFFF")]                                       // literal length never ends
    public void Rejects_a_malformed_block(string block)
    {
        Assert.False(Lz4.TryDecode(Convert.FromHexString(block), new byte[64], out int decoded));
        Assert.Equal(0, decoded);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Encoding_and_decoding_gives_the_same_bytes(ulong seed)
    {
        var random = new SeededRandom(seed);
        byte[] plain = Draw(random);
        var encoded = new byte[plain.Length + (plain.Length / 200) + 32];
        Assert.True(Lz4.TryEncode(plain, encoded, out int encodedBytes));

        var output = new byte[plain.Length + 64];
        output.AsSpan().Fill(Untouched);
        Assert.True(Lz4.TryDecode(encoded.AsSpan(0, encodedBytes), output, out int decoded));
        Assert.Equal(plain.Length, decoded);
        Assert.True(output.AsSpan(0, decoded).SequenceEqual(plain));
        Assert.Equal(-1, output.AsSpan(decoded).IndexOfAnyExcept(Untouched));

        // Into a destination of exactly the right length, and into one that is a byte too short.
        Assert.True(Lz4.TryDecode(encoded.AsSpan(0, encodedBytes), output.AsSpan(0, plain.Length), out _));
        if (plain.Length > 0)
        {
            output.AsSpan().Fill(Untouched);
            Assert.False(
                Lz4.TryDecode(encoded.AsSpan(0, encodedBytes), output.AsSpan(0, plain.Length - 1), out _));
            Assert.Equal(Untouched, output[plain.Length - 1]);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Encoding_fails_for_every_destination_that_is_too_small(ulong seed)
    {
        var random = new SeededRandom(seed);
        byte[] plain = Draw(random);
        var encoded = new byte[plain.Length + (plain.Length / 200) + 32];
        Assert.True(Lz4.TryEncode(plain, encoded, out int encodedBytes));
        Assert.True(Lz4.TryEncode(plain, encoded.AsSpan(0, encodedBytes), out _));
        for (int room = 0; room < encodedBytes; room += 1 + random.Below(encodedBytes))
        {
            encoded.AsSpan().Fill(Untouched);
            Assert.False(Lz4.TryEncode(plain, encoded.AsSpan(0, room), out int none));
            Assert.Equal(0, none);
            Assert.Equal(-1, encoded.AsSpan(room).IndexOfAnyExcept(Untouched));
        }
    }

    /// <summary>Goal: no source makes the decoder throw or write outside its destination.
    /// Method: a good block with a few bytes changed, cut or drawn anew, decoded between guards.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void Hostile_blocks_write_nothing_outside_the_destination(ulong seed)
    {
        var random = new SeededRandom(seed);
        byte[] plain = Draw(random);
        var good = new byte[plain.Length + (plain.Length / 200) + 32];
        Assert.True(Lz4.TryEncode(plain, good, out int goodBytes));

        var memory = new byte[Media.FileBlockBytes + 512];
        for (int round = 0; round < 200; round++)
        {
            byte[] bad = good.AsSpan(
                0, random.Chance(30) ? random.Below(goodBytes + 1) : goodBytes).ToArray();
            int changes = random.Below(8);
            for (int change = 0; change < changes && bad.Length > 0; change++)
            {
                bad[random.Below(bad.Length)] = random.Chance(50) ? (byte)0xFF : (byte)random.NextUInt64();
            }

            if (random.Chance(10)) random.Fill(bad);
            int room = random.Chance(50) ? random.Below(plain.Length + 64) : Media.FileBlockBytes;
            memory.AsSpan().Fill(Untouched);
            bool isWhole = Lz4.TryDecode(bad, memory.AsSpan(256, room), out int decoded);
            Assert.InRange(decoded, 0, room);
            Assert.Equal(-1, memory.AsSpan(0, 256).IndexOfAnyExcept(Untouched));
            Assert.Equal(-1, memory.AsSpan(256 + room).IndexOfAnyExcept(Untouched));
            if (isWhole) Assert.Equal(-1, memory.AsSpan(256 + decoded).IndexOfAnyExcept(Untouched));
        }
    }

    public static TheoryData<string> Contents => ["text", "noise", "zeros", "mixture"];

    /// <summary>Goal: no damage of one byte, and no truncation, makes the decoder read or write outside its buffers, or
    /// accept a malformed block. Method: every truncation and every value of every byte of small blocks, between guard
    /// pages, compared with a simple decoder written from the format's description.</summary>
    [Theory, MemberData(nameof(Contents))]
    public void Every_cut_and_every_changed_byte_is_judged_as_the_format_says(string content)
    {
        byte[] plain = Content(content, 700);
        var encoded = new byte[1024];
        Assert.True(Lz4.TryEncode(plain, encoded, out int encodedBytes));
        using var source = new GuardedMemory(1024);
        using var target = new GuardedMemory(1024);
        var expected = new byte[1024];

        // Destinations of exactly the right length, a little shorter, and longer.
        foreach (int room in new[] { plain.Length, plain.Length - 1, 1024 })
        {
            for (int length = 0; length <= encodedBytes; length++) Judge(encoded.AsSpan(0, length), room);
            for (int at = 0; at < encodedBytes; at++)
            {
                byte[] changed = encoded.AsSpan(0, encodedBytes).ToArray();
                for (int value = 0; value < 256; value++)
                {
                    changed[at] = (byte)value;
                    Judge(changed, room);
                }
            }
        }

        void Judge(ReadOnlySpan<byte> block, int room)
        {
            Span<byte> from = source.AtEnd(block.Length);
            block.CopyTo(from);
            Span<byte> to = target.AtEnd(room);
            bool isWhole = Lz4.TryDecode(from, to, out int decoded);
            int wanted = SlowLz4.Decode(block, expected.AsSpan(0, room));
            Assert.Equal(wanted >= 0, isWhole);
            Assert.Equal(Math.Max(wanted, 0), decoded);
            Assert.True(to[..decoded].SequenceEqual(expected.AsSpan(0, decoded)));
        }
    }

    /// <summary>Goal: encoding reads and writes nothing outside its buffers. Method: lengths near the limits of the
    /// format, and a destination of every length up to what is needed, between guard pages.</summary>
    [Theory, MemberData(nameof(Contents))]
    public void Encoding_stays_between_guard_pages(string content)
    {
        using var source = new GuardedMemory(2048);
        using var target = new GuardedMemory(2048);
        foreach (int length in new[] { 0, 1, 4, 5, 11, 12, 13, 14, 15, 16, 31, 32, 33, 48, 64, 300, 2000 })
        {
            Span<byte> plain = source.AtEnd(length);
            Content(content, length).CopyTo(plain);
            Assert.True(Lz4.TryEncode(plain, target.AtEnd(2048), out int encodedBytes));
            for (int room = 0; room <= encodedBytes; room++)
                Assert.Equal(room == encodedBytes, Lz4.TryEncode(plain, target.AtEnd(room), out _));
            var back = new byte[length];
            Assert.Equal(length, SlowLz4.Decode(target.AtEnd(encodedBytes), back));
            Assert.True(plain.SequenceEqual(back));
        }
    }

    [Fact]
    public void Decoding_and_encoding_allocate_nothing()
    {
        byte[] plain = Draw(new SeededRandom(3));
        var encoded = new byte[70000];
        Assert.True(Lz4.TryEncode(plain, encoded, out int encodedBytes));
        Assert.True(Lz4.TryDecode(encoded.AsSpan(0, encodedBytes), plain, out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isEncoded = Lz4.TryEncode(plain, encoded, out _);
        bool isDecoded = Lz4.TryDecode(encoded.AsSpan(0, encodedBytes), plain, out _);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(isEncoded && isDecoded);
        Assert.Equal(0, allocated);
    }

    /// <summary>The peer that wrote the media: liblz4, which ./check installs.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public unsafe void Liblz4_and_this_codec_decode_each_other(ulong seed)
    {
        nint library = NativeLibrary.Load("liblz4.so.1");
        var decompress = (delegate* unmanaged<byte*, byte*, int, int, int>)
            NativeLibrary.GetExport(library, "LZ4_decompress_safe");
        var compress = (delegate* unmanaged<byte*, byte*, int, int, int>)
            NativeLibrary.GetExport(library, "LZ4_compress_default");

        byte[] plain = Draw(new SeededRandom(seed));
        var encoded = new byte[70000];
        var output = new byte[70000];
        Assert.True(Lz4.TryEncode(plain, encoded, out int encodedBytes));
        fixed (byte* from = encoded, to = output, source = plain)
        {
            Assert.Equal(plain.Length, decompress(from, to, encodedBytes, Math.Max(1, plain.Length)));
            Assert.True(output.AsSpan(0, plain.Length).SequenceEqual(plain));
            encodedBytes = compress(source, from, plain.Length, encoded.Length);
        }

        output.AsSpan().Clear();
        Assert.True(Lz4.TryDecode(
            encoded.AsSpan(0, encodedBytes), output.AsSpan(0, plain.Length), out int decoded));
        Assert.Equal(plain.Length, decoded);
        Assert.True(output.AsSpan(0, decoded).SequenceEqual(plain));
    }

    private static byte[] Content(string content, int length)
    {
        var bytes = new byte[length];
        var random = new SeededRandom(7);
        for (int at = 0; at < length; at++)
        {
            bool isText = content == "text" || (content == "mixture" && at % 96 < 48);
            bool isNoise = content == "noise" || (content == "mixture" && !isText && at % 3 == 0);
            if (isText) bytes[at] = "a few words, again and again, "u8[(at + (at / 100)) % 30];
            else if (isNoise) bytes[at] = random.NextByte();
        }
        return bytes;
    }

    /// <summary>Bytes of drawn length and of a drawn mixture: noise, runs, repeats near and far.</summary>
    internal static byte[] Draw(SeededRandom random)
    {
        int length = random.Chance(20) ? random.Below(40) : random.Chance(30) ? 65536 : random.Below(65537);
        var bytes = new byte[length];
        int done = 0;
        while (done < length)
        {
            int part = (int)Math.Min(
                length - done, random.Chance(70) ? random.Between(1, 40) : random.Between(1, 3000));
            Span<byte> target = bytes.AsSpan(done, part);
            switch (random.Below(4))
            {
                case 0:
                    random.Fill(target);
                    break;
                case 1:
                    target.Fill((byte)random.Below(4));
                    break;
                default:
                    int distance = done == 0
                        ? 0 : (int)random.Between(1, random.Chance(50) ? Math.Min(done, 30) : done);
                    for (int index = 0; index < part; index++) target[index] = bytes[done + index - distance];
                    break;
            }

            done += part;
        }

        return bytes;
    }
}
