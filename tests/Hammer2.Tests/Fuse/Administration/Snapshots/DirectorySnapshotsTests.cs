// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Fuse.Administration.Snapshots;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Snapshots;

/// <summary>Goal: with the option every directory of the mounted PFS has a hidden directory with what it was in each
/// snapshot that has it, for all users, listed nowhere and given way by an entry of its name; without the option there
/// is none. Method: requests to the filesystem that a mount serves, in memory.</summary>
public sealed class DirectorySnapshotsTests
{
    private const uint Other = 1001;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_directory_shows_what_it_was_in_each_snapshot_that_has_it(int nodes)
    {
        using var shown = new ShownSnapshots(nodes, hasDirectories: true);
        shown.Snapshot("without");
        ulong outer = MakeDirectory(shown, VnodeOps.RootInum, "outer"), inner = MakeDirectory(shown, outer, "inner");
        ulong file = shown.Make("file", "first", inner);
        shown.Snapshot("first");
        shown.Write(file, "again");
        // Where a directory is does not matter.
        Rename(shown, outer, "inner", VnodeOps.RootInum, "moved");
        shown.Snapshot("/second");
        ulong list = shown.Walk("moved", ".hammer2", "snapshots");
        Assert.Equal(["%2Fsecond", ".", "..", "first"], Names(shown, list));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(list, "without", out _));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(list, "LOCAL", out _));
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(list, "none", out _));
        foreach ((string label, string expected) in new[] { ("first", "first"), ("%2Fsecond", "again") })
        {
            ulong then = shown.Walk("moved", ".hammer2", "snapshots", label, "file");
            Assert.Equal(0, shown.Read(then, out string content));
            Assert.Equal(expected, content);
            Assert.Equal(file, SnapshotNodes.InumOf(then));
            Assert.Equal(then, shown.Attributes(then).Inode);
        }
        // As another directory than the one below the root of the snapshot: the kernel has one name for each.
        ulong here = shown.Walk("moved", ".hammer2", "snapshots", "first");
        Assert.NotEqual(shown.Walk(".hammer2", "snapshots", "first", "outer", "inner"), here);
        Assert.Equal(inner, SnapshotNodes.InumOf(here));
        Assert.Equal(0, shown.Lookup(here, "..", out FuseEntryOut above));
        Assert.Equal(list, above.NodeId);
        Assert.Equal(0, shown.Lookup(list, "..", out FuseEntryOut top));
        Assert.Equal(0, shown.Lookup(top.NodeId, "..", out FuseEntryOut back));
        Assert.Equal(inner, back.NodeId);
        Assert.Equal(["%2Fsecond", ".", "..", "first"], Names(shown, shown.Walk("outer", ".hammer2", "snapshots")));
    }

    [Fact]
    public void It_is_hidden_and_an_entry_of_its_name_is_shown_in_its_place()
    {
        using var shown = new ShownSnapshots(hasDirectories: true);
        ulong directory = MakeDirectory(shown, VnodeOps.RootInum, "d");
        shown.Snapshot("s");
        Assert.Equal([".", ".."], Names(shown, directory));
        ulong hidden = shown.Walk("d", ".hammer2");
        Assert.Equal([".", "..", "snapshots"], Names(shown, hidden));
        FuseAttr attributes = shown.Attributes(hidden);
        Assert.Equal((hidden, 0x416DU), (attributes.Inode, attributes.Mode));
        Assert.Equal(FuseErrno.EPERM, MkDir(shown, directory, ".hammer2"));
        Assert.Equal(FuseErrno.EROFS, MkDir(shown, hidden, "x"));
        Assert.Equal(FuseErrno.EPERM, RmDir(shown, directory, ".hammer2"));
        // Files have none, nor have directories in snapshots.
        ulong file = shown.Make("file", "x", directory);
        Assert.NotEqual(FuseErrno.None, shown.Lookup(file, ".hammer2", out _));
        ulong then = shown.Walk("d", ".hammer2", "snapshots", "s");
        int error = shown.Lookup(then, ".hammer2", out FuseEntryOut missing);
        Assert.True(error == FuseErrno.ENOENT || (error == 0 && missing.NodeId == 0));
        // A volume may have an entry of the name from before.
        ulong real = MakeDirectory(shown, directory, ".hammer2");
        Assert.Equal(real, shown.Walk("d", ".hammer2"));
        Assert.Contains(".hammer2", Names(shown, directory));
        Assert.Equal(FuseErrno.None, RmDir(shown, directory, ".hammer2"));
        Assert.Equal(hidden, shown.Walk("d", ".hammer2"));
    }

    [Fact]
    public void All_users_may_come_to_the_snapshots_and_to_nothing_else()
    {
        using var shown = new ShownSnapshots(hasDirectories: true);
        _ = MakeDirectory(shown, VnodeOps.RootInum, "d");
        shown.Snapshot("s");
        Assert.Equal(0, shown.Lookup(shown.Walk("d", ".hammer2", "snapshots"), "s", out _, Other));
        ulong root = shown.Walk(".hammer2");
        Assert.Equal(FuseErrno.EACCES, shown.Lookup(root, "control", out _, Other));
        Assert.Equal(FuseErrno.EACCES, shown.Lookup(root, "status", out _, Other));
        Assert.Equal(0, shown.Lookup(root, "snapshots", out FuseEntryOut list, Other));
        Assert.Equal(0x416DU, list.Attr.Mode);
        Assert.Equal(0, shown.Lookup(list.NodeId, "s", out _, Other));
    }

    [Fact]
    public void Without_the_option_there_is_none()
    {
        using var shown = new ShownSnapshots();
        ulong directory = MakeDirectory(shown, VnodeOps.RootInum, "d");
        shown.Snapshot("s");
        int error = shown.Lookup(directory, ".hammer2", out FuseEntryOut entry);
        Assert.True(error == FuseErrno.ENOENT || (error == 0 && entry.NodeId == 0));
        Assert.Equal(0, MkDir(shown, directory, ".hammer2"));
    }

    [Fact]
    public void Another_directory_with_its_number_is_not_it()
    {
        using var shown = new ShownSnapshots(hasDirectories: true);
        shown.Snapshot("s");
        ulong directory = MakeDirectory(shown, VnodeOps.RootInum, "d");
        Assert.Equal(Errno.None, shown.Volume.Vnodes.GetAttributes(directory, out VnodeAttributes attributes));
        Assert.NotEqual(0UL, attributes.BirthTime);
        var stat = new FuseStatX { Inode = directory, Mode = 0x41ED, BirthTime = new() { Seconds = 5 } };
        var later = new FuseStatX { Inode = directory, Mode = 0x41ED, BirthTime = new() { Seconds = 6 } };
        var file = new FuseStatX { Inode = directory, Mode = 0x81ED, BirthTime = new() { Seconds = 5 } };
        Assert.NotEqual(DirectoryIdentity.Of(in stat), DirectoryIdentity.Of(in later));
        Assert.NotEqual(DirectoryIdentity.Of(in stat), DirectoryIdentity.Of(in file));
    }

    [Fact]
    public void What_the_kernel_has_forgotten_is_closed_and_a_deleted_snapshot_is_shown_no_more()
    {
        using var shown = new ShownSnapshots(hasDirectories: true);
        ulong directory = MakeDirectory(shown, VnodeOps.RootInum, "d");
        _ = shown.Make("file", "x", directory);
        shown.Snapshot("s");
        ulong then = shown.Walk("d", ".hammer2", "snapshots", "s");
        ulong file = shown.Walk("d", ".hammer2", "snapshots", "s", "file");
        Assert.Equal(0, shown.Open(file, 0, out ulong handle));
        Assert.Equal(Errno.EBUSY, shown.Delete("s").Error);
        shown.Release(file, handle);
        shown.Served.Forget(file, 1);
        Assert.Equal(0, shown.Read(file, out _));
        shown.Served.Forget(then, 2);
        Assert.Equal(FuseErrno.ESTALE, shown.Read(file, out _));
        Assert.NotEqual(then, shown.Walk("d", ".hammer2", "snapshots", "s"));
        Assert.Equal(Errno.None, shown.Delete("s").Error);
        Assert.Equal(0, shown.OpenTotal);
        ulong list = shown.Walk("d", ".hammer2", "snapshots");
        Assert.Equal(FuseErrno.ENOENT, shown.Lookup(list, "s", out _));
        Assert.Equal([".", ".."], Names(shown, list));
    }

    private static string[] Names(ShownSnapshots shown, ulong node) =>
        [.. shown.List(node, wantsAttributes: false).Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    private static ulong MakeDirectory(ShownSnapshots shown, ulong parent, string name)
    {
        Assert.Equal(Errno.None, shown.Volume.Vnodes.Create(parent, Encoding.UTF8.GetBytes(name),
            new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private static void Rename(ShownSnapshots shown, ulong from, string name, ulong to, string newName)
    {
        var header = new FuseInHeader { NodeId = from };
        Assert.Equal(0, shown.Served.Rename(new FuseContext(in header), Encoding.UTF8.GetBytes(name), to,
            Encoding.UTF8.GetBytes(newName), flags: 0));
    }

    private static int MkDir(ShownSnapshots shown, ulong parent, string name)
    {
        var header = new FuseInHeader { NodeId = parent };
        FuseEntryOut entry = default;
        return shown.Served.MkDir(
            new FuseContext(in header), new FuseMkDirIn { Mode = 0x1ED }, Encoding.UTF8.GetBytes(name), ref entry);
    }

    private static int RmDir(ShownSnapshots shown, ulong parent, string name)
    {
        var header = new FuseInHeader { NodeId = parent };
        return shown.Served.RmDir(new FuseContext(in header), Encoding.UTF8.GetBytes(name));
    }
}
