// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.Extract;
using Hammer2.Tool.Populate;
using Xunit;

namespace Hammer2.Tests.Populate;

/// <summary>The memory of files with several names is that of names still to come.</summary>
public sealed class LinkedFilesTests
{
    [Fact]
    public void A_file_with_one_name_is_not_remembered()
    {
        var linked = new LinkedFiles();
        for (ulong inode = 1; inode <= 1000; inode++)
        {
            Assert.False(linked.TryMeet(File(inode, links: 1), out _));
            linked.Add(File(inode, links: 1), 100 + inode);
        }
        Assert.Equal(0, linked.Count);
    }

    [Fact]
    public void Each_further_name_finds_the_copy_and_the_last_one_forgets_it()
    {
        var linked = new LinkedFiles();
        Assert.False(linked.TryMeet(File(5, links: 4), out _));
        linked.Add(File(5, links: 4), 77);
        for (int left = 3; left > 0; left--)
        {
            Assert.Equal(1, linked.Count);
            Assert.True(linked.TryMeet(File(5, links: 4), out ulong inum));
            Assert.Equal(77ul, inum);
        }
        Assert.Equal(0, linked.Count);
    }

    [Fact]
    public void A_name_that_was_added_meanwhile_finds_the_copy_too()
    {
        var linked = new LinkedFiles();
        linked.Add(File(5, links: 2), 77);
        Assert.True(linked.TryMeet(File(5, links: 3), out _));
        Assert.True(linked.TryMeet(File(5, links: 3), out ulong inum));
        Assert.Equal(77ul, inum);
        Assert.Equal(0, linked.Count);
    }

    [Fact]
    public void Files_of_different_devices_are_different()
    {
        var linked = new LinkedFiles();
        linked.Add(File(5, links: 2), 77);
        LinuxFiles.FileStatus other = File(5, links: 2);
        other.DeviceMinor = 9;
        Assert.False(linked.TryMeet(other, out _));
        linked.Add(other, 78);
        Assert.True(linked.TryMeet(other, out ulong inum));
        Assert.Equal(78ul, inum);
    }

    [Fact]
    public void Memory_is_that_of_files_with_names_to_come()
    {
        var linked = new LinkedFiles();
        for (ulong inode = 1; inode <= 10_000; inode++)
        {
            linked.Add(File(inode, links: 2), inode);
            if (inode <= 10) continue;
            Assert.True(linked.TryMeet(File(inode - 10, links: 2), out ulong inum));
            Assert.Equal(inode - 10, inum);
            Assert.Equal(10, linked.Count);
        }
    }

    private static LinuxFiles.FileStatus File(ulong inode, uint links) =>
        new() { Inode = inode, LinkCount = links, DeviceMajor = 8, DeviceMinor = 1 };
}
