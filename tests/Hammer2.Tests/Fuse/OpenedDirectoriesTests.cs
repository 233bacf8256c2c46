// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>What openings of directories teach.</summary>
public sealed class OpenedDirectoriesTests
{
    [Fact]
    public void The_second_listing_of_a_directory_is_kept()
    {
        var opened = new OpenedDirectories();
        Assert.False(opened.Note(1));
        Assert.False(opened.Note(0x400));
        Assert.True(opened.Note(1));
        Assert.True(opened.Note(0x400));
        Assert.False(opened.Note(0x401));
    }

    [Fact]
    public void Only_what_was_opened_again_is_repeated()
    {
        var opened = new OpenedDirectories();
        Assert.False(opened.IsRepeated(1));
        _ = opened.Note(1);
        Assert.False(opened.IsRepeated(1));
        _ = opened.Note(1);
        Assert.True(opened.IsRepeated(1));
        Assert.True(opened.Note(1));
        _ = opened.Note(65);
        Assert.False(opened.IsRepeated(1));
        Assert.False(opened.IsRepeated(65));
    }

    [Fact]
    public void Many_directories_are_a_walk_and_one_is_none()
    {
        var opened = new OpenedDirectories();
        for (int i = 0; i < 1000; i++) _ = opened.Note(7);
        Assert.False(opened.IsWalk);
        for (ulong directory = 100; directory < 150; directory++) _ = opened.Note(directory);
        Assert.True(opened.IsWalk);
    }
}
