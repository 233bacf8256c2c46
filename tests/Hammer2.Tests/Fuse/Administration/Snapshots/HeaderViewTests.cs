// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Fuse.Administration.Snapshots;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Snapshots;

/// <summary>Goal: older volume headers are shown as they are as long as their blocks are, and what cannot be verified
/// is not shown. Method: requests to the filesystem that a mount serves, in memory.</summary>
public sealed class HeaderViewTests
{
    private const uint WriteOnly = 1;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_older_header_has_what_was_there_before(int nodes)
    {
        using var shown = new ShownSnapshots(nodes, showsHeaders: true);
        ulong live = shown.Make("file", "before");
        string copy = Commit(shown);
        shown.Write(live, "AFTER!");
        string next = Commit(shown);
        ulong directory = shown.Walk(".hammer2", "headers");
        string[] names = [.. shown.List(directory, wantsAttributes: false).Select(static entry => entry.Name)];
        Assert.Contains(copy, names);
        Assert.DoesNotContain(next, names);
        ulong file = shown.Walk(".hammer2", "headers", copy, "file");
        Assert.Equal(0, shown.Read(file, out string content));
        Assert.Equal("before", content);
        Assert.Equal((file, 6UL), (shown.Attributes(file).Inode, shown.Attributes(file).SizeBytes));
        Assert.Equal(FuseErrno.EROFS, shown.Open(file, WriteOnly, out _));
        Assert.Equal(0, shown.Lookup(shown.Walk(".hammer2", "headers", copy), "..", out FuseEntryOut above));
        Assert.Equal(directory, above.NodeId);
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(directory, next, out _));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(directory, "4", out _));
        Assert.Equal(FuseErrno.EACCES, shown.Lookup(directory, copy, out _, user: 1001));
    }

    [Fact]
    public void A_name_stands_for_the_header_that_is_there_and_an_open_file_for_the_one_that_was()
    {
        using var shown = new ShownSnapshots(showsHeaders: true);
        ulong live = shown.Make("file", "0");
        string copy = Commit(shown);
        shown.Write(live, "1");
        _ = Commit(shown);
        ulong before = shown.Walk(".hammer2", "headers", copy, "file");
        for (int round = 2; round < 6; round++)
        {
            shown.Write(live, round.ToString(CultureInfo.InvariantCulture));
            _ = Commit(shown);
        }
        ulong after = shown.Walk(".hammer2", "headers", copy, "file");
        Assert.NotEqual(SnapshotNodes.SnapshotOf(before), SnapshotNodes.SnapshotOf(after));
        Assert.Equal(0, shown.Read(after, out string content));
        Assert.Equal("4", content);
        Assert.Equal(0, shown.Read(before, out content));
        Assert.Equal("0", content);
    }

    [Fact]
    public void A_file_without_check_codes_is_not_read()
    {
        using var shown = new ShownSnapshots(showsHeaders: true);
        ulong bare = shown.Make("bare", ""), other = shown.Make("other", new string('y', 3000));
        Assert.Equal(Errno.None, shown.Volume.Vnodes.SetMethods(bare, (byte)CheckMethod.None, compression: null));
        shown.Write(bare, new string('x', 3000));
        string copy = Commit(shown);
        shown.Write(other, "changed");
        _ = Commit(shown);
        Assert.Equal(FuseErrno.EIO, shown.Read(shown.Walk(".hammer2", "headers", copy, "bare"), out _));
        Assert.Equal(0, shown.Read(shown.Walk(".hammer2", "headers", copy, "other"), out string content));
        Assert.Equal(new string('y', 3000), content);
        Assert.Equal(0, shown.Read(bare, out content));
        Assert.Equal(new string('x', 3000), content);
    }

    [Fact]
    public void Without_the_option_there_is_no_such_directory()
    {
        using var shown = new ShownSnapshots();
        ulong directory = shown.Walk(".hammer2");
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(directory, "headers", out _));
        Assert.DoesNotContain(shown.List(directory, wantsAttributes: false), static entry => entry.Name == "headers");
    }

    // The number of the copy that the commit wrote.
    private static string Commit(ShownSnapshots shown)
    {
        Assert.Equal(Errno.None, shown.Volume.Vnodes.Sync());
        return shown.Volume.Mount.FirstNode.Device.Header.CopyIndex.ToString(CultureInfo.InvariantCulture);
    }
}
