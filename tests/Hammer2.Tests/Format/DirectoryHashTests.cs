// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Directory hashes against values that upstream's own tool prints.</summary>
public sealed class DirectoryHashTests
{
    [Theory]
    [InlineData("BOOT", 0xD9B36CE135528000)]
    [InlineData("ROOT", 0xB0D7DDDC6D0B8000)]
    [InlineData("DATA", 0xC78FFF92381D8000)]
    [InlineData("LOCAL", 0xDE25E1C43FE18000)]
    [InlineData("hello.txt", 0xD6E8905688708000)]
    [InlineData("a", 0xC1D0433082E08000)]
    [InlineData("a.b", 0x9450F3F4307D8000)]
    [InlineData("b.a", 0x9450F3F4FA848000)]
    [InlineData("foo-bar_baz~qux.tar.gz", 0xA30FA449F6A48000)]
    [InlineData(".", 0x80000000BC108000)]
    [InlineData("...", 0x80000000BF988000)]
    [InlineData("\u65e5\u672c", 0xC798C44983D18000)]
    public void Hash_of_a_known_name(string name, ulong expected) =>
        Assert.Equal(expected, DirectoryHash.Compute(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Hash_of_the_longest_name() =>
        Assert.Equal(0xED5FEA4A87158000, DirectoryHash.Compute(Encoding.UTF8.GetBytes(new string('m', 255))));

    [Theory]
    [InlineData("a.g.c.e.h.d.b.f")]
    [InlineData("b.c.d.a.f.h.g.e")]
    [InlineData("a.d.e.c.g.h.f.b")]
    [InlineData("a.e.b.g.d.f.h.c")]
    public void Names_that_collide(string name) =>
        Assert.Equal(0xE596B8C5A4F08000, DirectoryHash.Compute(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Collisions_have_32768_keys()
    {
        ulong hash = DirectoryHash.Compute("a"u8);
        Assert.Equal(hash + 0x7FFF, DirectoryHash.LastKey(hash));
    }
}
