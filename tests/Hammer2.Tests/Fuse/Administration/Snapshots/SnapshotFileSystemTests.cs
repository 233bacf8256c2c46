// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Snapshots;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Snapshots;

/// <summary>Goal: snapshots are shown as they were made, under ids of their own, and give way to their deletion unless
/// they are used. Method: requests to the filesystem that a mount serves, in memory.</summary>
public sealed class SnapshotFileSystemTests
{
    private const uint WriteOnly = 1;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_snapshot_keeps_what_is_changed_later(int nodes)
    {
        using var shown = new ShownSnapshots(nodes);
        ulong live = shown.Make("file", "before");
        shown.Snapshot("/a%b");
        shown.Write(live, "AFTER!");
        ulong file = shown.Walk(".hammer2", "snapshots", "%2Fa%25b", "file");
        Assert.Equal(0, shown.Read(file, out string content));
        Assert.Equal("before", content);
        FuseAttr attributes = shown.Attributes(file);
        Assert.Equal((file, 6UL), (attributes.Inode, attributes.SizeBytes));
        Assert.Equal(live, SnapshotNodes.InumOf(file));
        Assert.Equal(FuseErrno.EROFS, shown.Open(file, WriteOnly, out _));
        Assert.Equal(0, shown.Read(live, out content));
        Assert.Equal("AFTER!", content);
    }

    [Fact]
    public void Names_and_numbers_in_listings_are_those_of_lookups()
    {
        using var shown = new ShownSnapshots();
        for (int i = 0; i < 40; i++) _ = shown.Make($"file-{i}", "x");
        shown.Snapshot("s");
        shown.Snapshot("..");
        ulong directory = shown.Walk(".hammer2", "snapshots");
        string[] labels = [.. shown.List(directory, wantsAttributes: false).Select(entry => entry.Name)];
        Assert.Equal(["%2E%2E", ".", "..", "s"], labels.Order(StringComparer.Ordinal));
        ulong root = shown.Walk(".hammer2", "snapshots", "s");
        foreach (bool wantsAttributes in new[] { false, true })
        {
            var entries = shown.List(root, wantsAttributes);
            Assert.Equal(42, entries.Count);
            foreach ((string name, ulong inode) in entries.Where(entry => entry.Name[0] != '.'))
                Assert.Equal(shown.Walk(".hammer2", "snapshots", "s", name), inode);
        }
        Assert.Equal(0, shown.Lookup(root, "..", out FuseEntryOut above));
        Assert.Equal(directory, above.NodeId);
        Assert.Equal(0, shown.Lookup(root, "missing", out FuseEntryOut missing));
        Assert.Equal(0UL, missing.NodeId);
    }

    [Fact]
    public void Only_the_owner_comes_to_it_and_only_to_snapshots()
    {
        using var shown = new ShownSnapshots();
        shown.Snapshot("s");
        ulong directory = shown.Walk(".hammer2", "snapshots");
        Assert.Equal(FuseErrno.EACCES, shown.Lookup(directory, "s", out _, user: 1001));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(directory, "none", out _));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(directory, "LOCAL", out _));
        Assert.Equal(FuseErrno.EBUSY, shown.Lookup(directory, "DATA", out _));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(directory, "%73", out _));
    }

    [Fact]
    public void A_snapshot_with_open_files_is_not_deleted_unless_forced()
    {
        using var shown = new ShownSnapshots();
        _ = shown.Make("file", "before");
        shown.Snapshot("s");
        ulong file = shown.Walk(".hammer2", "snapshots", "s", "file");
        Assert.Equal(0, shown.Open(file, 0, out ulong handle));
        RequestAnswer refused = shown.Delete("s");
        Assert.Equal(Errno.EBUSY, refused.Error);
        Assert.Contains(ShownSnapshots.Process.ToString(CultureInfo.InvariantCulture), refused.Message,
            StringComparison.Ordinal);
        Assert.Equal(0, shown.Read(file, out _));
        Assert.Equal(Errno.None, shown.Delete("s", isForced: true).Error);
        Assert.Equal(FuseErrno.ESTALE, shown.Read(file, out _));
        shown.Release(file, handle);

        // One of the same label is another one.
        shown.Snapshot("s");
        Assert.NotEqual(file, shown.Walk(".hammer2", "snapshots", "s", "file"));
        Assert.Equal(FuseErrno.ESTALE, shown.Read(file, out _));
    }

    [Fact]
    public void A_snapshot_without_open_files_is_deleted_and_stale()
    {
        using var shown = new ShownSnapshots();
        _ = shown.Make("file", "before");
        shown.Snapshot("s");
        ulong file = shown.Walk(".hammer2", "snapshots", "s", "file");
        Assert.Equal(0, shown.Open(file, 0, out ulong handle));
        shown.Release(file, handle);
        Assert.Equal(1, shown.OpenTotal);
        Assert.Equal(Errno.None, shown.Delete("s").Error);
        Assert.Equal(0, shown.OpenTotal);
        Assert.Equal(FuseErrno.ESTALE, shown.Read(file, out _));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(shown.Walk(".hammer2", "snapshots"), "s", out _));
    }

    [Fact]
    public void Few_snapshots_are_open_and_none_that_the_kernel_has_forgotten()
    {
        using var shown = new ShownSnapshots();
        _ = shown.Make("file", "content");
        int total = SnapshotTrees.OpenMax * 2;
        for (int i = 0; i < total; i++) shown.Snapshot($"s{i}");
        ulong[] files = [.. Enumerable.Range(0, total).Select(
            i => shown.Walk(".hammer2", "snapshots", $"s{i}", "file"))];
        Assert.InRange(shown.OpenTotal, 1, SnapshotTrees.OpenMax + (SnapshotTrees.OpenMax / 4));
        foreach (ulong file in files)
        {
            Assert.Equal(0, shown.Read(file, out string content));
            Assert.Equal("content", content);
        }
        foreach (ulong file in files)
        {
            int snapshot = SnapshotNodes.SnapshotOf(file);
            shown.Served.Forget(file, 1);
            shown.Served.Forget(SnapshotNodes.Of(snapshot, VnodeOps.RootInum), 1);
        }
        Assert.Equal(0, shown.OpenTotal);
        Assert.Equal(0, shown.Read(files[0], out _));       // as a file handle of NFS
    }
}
