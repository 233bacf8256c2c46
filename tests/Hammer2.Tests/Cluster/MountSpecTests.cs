// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Xunit;

namespace Hammer2.Tests.Cluster;

public sealed class MountSpecTests
{
    [Theory]
    [InlineData("/dev/sda1@ROOT", "ROOT", "/dev/sda1")]
    [InlineData("a:b:c@X", "X", "a", "b", "c")]
    [InlineData(":a::b:", null, "a", "b")]
    [InlineData("/dev/sda", null, "/dev/sda")]
    [InlineData("a@", "DATA", "a")]
    [InlineData("a@b@c", "b@c", "a")]
    [InlineData("a@b:c", "b:c", "a")]
    [InlineData(@"odd\@name\:1@L", "L", "odd@name:1")]
    [InlineData(@"back\\slash", null, @"back\slash")]
    public void A_specification_comes_apart(string text, string? label, params string[] paths)
    {
        MountSpec spec = MountSpec.Parse(text, _ => false);
        Assert.Equal(paths, spec.Paths);
        Assert.Equal(label, spec.Label);
    }

    [Fact]
    public void The_path_of_an_existing_file_is_taken_whole()
    {
        MountSpec spec = MountSpec.Parse("disk@home:1.img", path => path == "disk@home:1.img");
        Assert.Equal(["disk@home:1.img"], spec.Paths);
        Assert.Null(spec.Label);
    }

    [Theory]
    [InlineData("@LABEL")]
    [InlineData(":@LABEL")]
    [InlineData(@"a\")]
    public void A_specification_without_sense_is_refused_by_name(string text)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => MountSpec.Parse(text, _ => false));
        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_beyond_255_bytes_is_refused() =>
        Assert.Throws<FormatException>(() => MountSpec.Parse("a@" + new string('\u00e9', 128), _ => false));
}
