// SPDX-License-Identifier: BSD-3-Clause
using System.IO.Hashing;
using System.Text;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Check codes against published vectors and against each other.</summary>
public sealed class CheckCodeTests
{
    [Fact]
    public void Crc_of_the_standard_vector()
    {
        Assert.Equal(0xE3069283, IscsiCrc32.Compute("123456789"u8));
        Assert.Equal(0u, IscsiCrc32.Compute([]));
        Assert.Equal(0x8A9136AAu, IscsiCrc32.Compute(new byte[32]));   // RFC 3720, B.4: 32 zeros
    }

    [Fact]
    public void Crc_by_table_equals_crc_by_processor_at_every_length_and_offset()
    {
        byte[] bytes = Pattern(600);
        for (int offset = 0; offset < 9; offset++)
        {
            for (int length = 0; length + offset <= bytes.Length; length++)
            {
                ReadOnlySpan<byte> part = bytes.AsSpan(offset, length);
                Assert.Equal(IscsiCrc32.ComputeByTable(part), IscsiCrc32.Compute(part));
            }
        }
    }

    [Theory]
    [InlineData(3071)]
    [InlineData(3072)]
    [InlineData(6151)]
    [InlineData(32768)]
    [InlineData(65532)]
    public void Crc_of_a_long_block_is_that_by_table(int length)
    {
        byte[] bytes = Pattern(length + 3);
        for (int offset = 0; offset <= 3; offset++)
        {
            ReadOnlySpan<byte> part = bytes.AsSpan(offset, length);
            Assert.Equal(IscsiCrc32.ComputeByTable(part), IscsiCrc32.Compute(part));
        }
    }

    [Fact]
    public void Codes_of_two_parts_give_that_of_both()
    {
        byte[] bytes = Pattern(5000);
        foreach (int second in (int[])[0, 1, 7, 1024, 4999, 5000])
        {
            uint joined = new CrcShift(second).Join(
                IscsiCrc32.Compute(bytes.AsSpan(0, bytes.Length - second)),
                IscsiCrc32.Compute(bytes.AsSpan(bytes.Length - second)));
            Assert.Equal(IscsiCrc32.Compute(bytes), joined);
        }
    }

    [Theory]
    [InlineData("", 0x84566AC0F5A0CB84)]
    [InlineData("hammer2", 0xA041BE268B5674E5)]
    public void Hash_with_the_seed_of_hammer2(string text, ulong expected) =>
        Assert.Equal(expected, CheckCode.Hash64(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]                             // the specification's own vectors
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    public void Hash_with_seed_zero(string text, ulong expected) =>
        Assert.Equal(expected, XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text), 0));

    [Fact]
    public void Sha192_of_empty_input()
    {
        var code = new byte[Sha192.SizeBytes];
        Sha192.Hash([], code);
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb924833bd8ff1cc92b19", Convert.ToHexStringLower(code));
    }

    [Theory]
    [InlineData(CheckMethod.Iscsi32)]
    [InlineData(CheckMethod.XxHash64)]
    [InlineData(CheckMethod.Sha192)]
    [InlineData(CheckMethod.Freemap)]
    public void Every_flipped_bit_fails_the_code(CheckMethod method)
    {
        byte[] block = Pattern(1024);
        var reference = new Blockref { Methods = new BlockMethods(method, CompressionMethod.None) };
        CheckCode.Store(ref reference, block);
        Assert.True(CheckCode.Verify(reference, block));
        for (int bit = 0; bit < block.Length * 8; bit += 7)
        {
            block[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(CheckCode.Verify(reference, block));
            block[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.False(CheckCode.Verify(reference, block.AsSpan(1)));
    }

    [Theory]
    [InlineData(CheckMethod.None)]
    [InlineData(CheckMethod.Disabled)]
    public void A_method_without_code_accepts_everything_and_stores_zeros(CheckMethod method)
    {
        var reference = new Blockref { Methods = new BlockMethods(method, CompressionMethod.None) };
        reference.Check.Fill(0xEE);
        Assert.True(CheckCode.Verify(reference, Pattern(64)));
        CheckCode.Store(ref reference, Pattern(64));
        Assert.Equal(-1, reference.Check.IndexOfAnyExcept((byte)0));
        Assert.False(CheckCode.Protects(method));
    }

    [Fact]
    public void A_method_that_does_not_exist_verifies_nothing_and_cannot_store()
    {
        for (int method = 6; method < 16; method++)
        {
            var reference = new Blockref { Methods = new BlockMethods((byte)(method << 4)) };
            Assert.False(CheckCode.Verify(reference, []));
            Assert.False(CheckCode.IsKnown((CheckMethod)method));
            Assert.False(CheckCode.Protects((CheckMethod)method));
            Blockref copy = reference;
            Assert.Throws<ArgumentOutOfRangeException>(() => CheckCode.Store(ref copy, []));
        }
    }

    [Fact]
    public void Storing_a_freemap_code_keeps_the_hints_after_it()
    {
        var reference = new Blockref
        {
            Methods = new BlockMethods(CheckMethod.Freemap, CompressionMethod.None),
            FreemapBigMask = 0x1234,
            FreemapAvailable = 0x5678,
        };
        CheckCode.Store(ref reference, Pattern(32768));
        Assert.Equal((0x1234u, 0x5678UL), (reference.FreemapBigMask, reference.FreemapAvailable));
        Assert.True(CheckCode.Verify(reference, Pattern(32768)));
    }

    [Fact]
    public void Storing_a_shorter_code_clears_the_longer_one()
    {
        var reference =
            new Blockref { Methods = new BlockMethods(CheckMethod.Sha192, CompressionMethod.None) };
        CheckCode.Store(ref reference, Pattern(100));
        reference.Methods = new BlockMethods(CheckMethod.Iscsi32, CompressionMethod.None);
        CheckCode.Store(ref reference, Pattern(100));
        Assert.Equal(-1, reference.Check[4..].IndexOfAnyExcept((byte)0));
    }

    private static byte[] Pattern(int length)
    {
        var bytes = new byte[length];
        for (int index = 0; index < length; index++)
        {
            bytes[index] = (byte)((index * 167) ^ (index >> 5));
        }

        return bytes;
    }
}
