// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    private static IReadOnlyList<PosixBehaviour<PosixTree>> Refusals =>
    [
        new("opening for writing answers EROFS", Opening_for_writing),
        new("making anything answers EROFS", Making_anything),
        new("making what exists answers EEXIST", Making_what_exists),
        new("removing and renaming answer EROFS", Removing_and_renaming),
        new("changing attributes answers EROFS", Changing_attributes),
        new("a descriptor for reading does not write", Writing_to_a_reader),
        new("opening a directory for writing answers EISDIR", Opening_a_directory_for_writing),
        new("opening a socket answers ENXIO", Opening_a_socket),
        new("a FIFO opens without waiting when asked to", Opening_a_fifo),
        new("an unknown ioctl answers ENOTTY", Unknown_ioctl),
    ];

    private static void Opening_for_writing(PosixTree tree)
    {
        Refused(ReadOnlyFileSystem, PosixCalls.Open(tree.File, PosixCalls.WriteOnly), "O_WRONLY");
        Refused(ReadOnlyFileSystem, PosixCalls.Open(tree.File, PosixCalls.ReadWrite), "O_RDWR");
        Refused(ReadOnlyFileSystem, PosixCalls.Open(tree.File, PosixCalls.Truncate), "O_TRUNC");
        Refused(ReadOnlyFileSystem,
            PosixCalls.Open(tree.Types + "/new", PosixCalls.Create | PosixCalls.WriteOnly, UnixMode.O600), "O_CREAT");
        PosixTree.Open(tree.File, PosixCalls.Create).Dispose();
    }

    private static void Making_anything(PosixTree tree)
    {
        string path = tree.Types + "/new";
        Refused(ReadOnlyFileSystem, PosixCalls.MakeDirectory(path), "mkdir");
        Refused(ReadOnlyFileSystem, PosixCalls.Symlink("target", path), "symlink");
        Refused(ReadOnlyFileSystem, PosixCalls.Link(tree.File, path), "link");
        Refused(ReadOnlyFileSystem, PosixCalls.MakeNode(path, UnixMode.Fifo | UnixMode.O600, 0), "mknod of a FIFO");
        Refused(ReadOnlyFileSystem, PosixCalls.MakeNode(path, UnixMode.CharacterDevice | UnixMode.O600, 0x103),
            "mknod of a device");
        Refused(NoEntry, PosixCalls.Access(path, 0), "access");
    }

    private static void Making_what_exists(PosixTree tree)
    {
        Refused(Exists, PosixCalls.MakeDirectory(tree.Types + "/d0"), "mkdir");
        Refused(Exists, PosixCalls.Symlink("target", tree.File), "symlink");
        const int Flags = PosixCalls.Create | PosixCalls.Exclusive;
        Refused(Exists, PosixCalls.Open(tree.File, Flags, UnixMode.O600), "O_EXCL");
    }

    private static void Removing_and_renaming(PosixTree tree)
    {
        Refused(ReadOnlyFileSystem, PosixCalls.Unlink(tree.File), "unlink");
        Refused(ReadOnlyFileSystem, PosixCalls.RemoveDirectory(tree.Types + "/emptydir"), "rmdir");
        Refused(ReadOnlyFileSystem, PosixCalls.Rename(tree.File, tree.Types + "/new"), "rename");
        PosixTree.Open(tree.File).Dispose();
    }

    private static void Changing_attributes(PosixTree tree)
    {
        PosixStatus before = PosixTree.Status(tree.File);
        Refused(ReadOnlyFileSystem, PosixCalls.ChangeMode(tree.File, UnixMode.O777), "chmod");
        Refused(ReadOnlyFileSystem, PosixCalls.ChangeOwner(tree.File, 1, 1), "lchown");
        Refused(ReadOnlyFileSystem, PosixCalls.SetSize(tree.File, 0), "truncate");
        Refused(ReadOnlyFileSystem, PosixCalls.SetTimes(tree.File), "utimensat");
        Refused(ReadOnlyFileSystem, PosixCalls.SetAttribute(tree.File, "user.name"), "setxattr");
        Refused(ReadOnlyFileSystem, PosixCalls.RemoveAttribute(tree.File, "user.name"), "removexattr");
        PosixStatus after = PosixTree.Status(tree.File);
        Assert.Equal((before.Mode, before.User, before.Size, before.ModifySeconds),
            (after.Mode, after.User, after.Size, after.ModifySeconds));
    }

    private static void Writing_to_a_reader(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File);
        Refused(BadDescriptor, PosixCalls.Write(file.Id, [1, 2, 3]), "write");
        Refused(Invalid, PosixCalls.SetSize(file.Id, 0), "ftruncate");
    }

    private static void Opening_a_directory_for_writing(PosixTree tree)
    {
        Refused(IsDirectory, PosixCalls.Open(tree.Types, PosixCalls.WriteOnly), "O_WRONLY");
        Refused(IsDirectory, PosixCalls.Open(tree.Types, PosixCalls.ReadWrite), "O_RDWR");
    }

    private static void Opening_a_socket(PosixTree tree)
        => Refused(NoDeviceOrAddress, PosixCalls.Open(tree.Types + "/sock", 0), "open of a socket");

    private static void Opening_a_fifo(PosixTree tree)
    {
        using PosixFile fifo = PosixTree.Open(tree.Types + "/fifo", PosixCalls.NonBlocking);
        Assert.Equal(0, PosixCalls.Read(fifo.Id, new byte[10]));
        // A FIFO may be written on a read-only filesystem: the bytes stay in memory.
        using PosixFile writer = PosixTree.Open(tree.Types + "/fifo",
            PosixCalls.WriteOnly | PosixCalls.NonBlocking);
        Assert.Equal(3, PosixCalls.Write(writer.Id, [1, 2, 3]));
        byte[] received = new byte[10];
        Assert.Equal(3, PosixCalls.Read(fifo.Id, received));
        Assert.Equal([1, 2, 3], received[..3]);
    }

    private static void Unknown_ioctl(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File);
        Refused(NotTerminal, PosixCalls.InputOutputControl(file.Id, 0x5401), "TCGETS");
        Refused(NotTerminal, PosixCalls.InputOutputControl(file.Id, 0x7AFF), "an unknown ioctl");
    }
}
