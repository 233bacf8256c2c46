// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Linq;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private static IReadOnlyList<PosixBehaviour<string>> Renaming =>
    [
        new("rename moves any object, within a directory and between two", Moving),
        new("rename replaces files by files and empty directories by directories", Replacing),
        new("rename rejects incompatible types", Refused_renames),
        new("a directory cannot go below itself", Renaming_below_itself),
        new("rename of two names of one file does nothing", Renaming_links),
        new("RENAME_NOREPLACE and RENAME_EXCHANGE do as they say", Rename_flags),
        new("an open file follows its renaming", Open_renamed),
        new(".. follows a directory that moves", Parent_follows),
    ];

    private static void Moving(string root)
    {
        string target = MakeDirectory(root + "/d");
        Make(root + "/f", 1);
        Done(PosixCalls.Symlink("nowhere", root + "/l"), "symlink");
        Done(PosixCalls.MakeNode(root + "/p", UnixMode.Fifo | UnixMode.O600, 0), "mknod");
        Make(MakeDirectory(root + "/e") + "/inside", 2);
        foreach (string name in (string[])["f", "l", "p", "e"])
        {
            ulong inode = PosixTree.Status($"{root}/{name}").Inode;
            Done(PosixCalls.Rename($"{root}/{name}", $"{root}/{name}2"), "rename");
            Done(PosixCalls.Rename($"{root}/{name}2", $"{target}/{name}"), "rename");
            Assert.True(IsMissing($"{root}/{name}"));
            Assert.True(IsMissing($"{root}/{name}2"));
            Assert.Equal(inode, PosixTree.Status($"{target}/{name}").Inode);
        }
        Holds(target + "/e/inside", [2]);
    }

    private static void Replacing(string root)
    {
        Make(root + "/a", 1);
        Make(root + "/b", 2);
        using PosixFile replaced = Open(root + "/b", 0);
        Done(PosixCalls.Rename(root + "/a", root + "/b"), "rename");
        Holds(root + "/b", [1]);
        byte[] found = new byte[1];
        Assert.Equal(1, PosixCalls.ReadAt(replaced.Id, found, 0));
        Assert.Equal(2, found[0]);
        Done(PosixCalls.Symlink("b", root + "/l"), "symlink");
        Done(PosixCalls.Rename(root + "/l", root + "/b"), "rename");
        Assert.Equal('l', PosixTree.Status(root + "/b").Type);
        Make(MakeDirectory(root + "/d") + "/inside", 3);
        MakeDirectory(root + "/e");
        Done(PosixCalls.Rename(root + "/d", root + "/e"), "rename");
        Holds(root + "/e/inside", [3]);
    }

    private static void Refused_renames(string root)
    {
        Make(root + "/f");
        MakeDirectory(root + "/d");
        Make(MakeDirectory(root + "/full") + "/inside");
        Refused(IsDirectory, PosixCalls.Rename(root + "/f", root + "/d"), "a file onto a directory");
        Refused(NotDirectory, PosixCalls.Rename(root + "/d", root + "/f"), "a directory onto a file");
        Refused(NotEmpty, PosixCalls.Rename(root + "/d", root + "/full"), "onto a full directory");
        Refused(NoEntry, PosixCalls.Rename(root + "/f", root + "/none/f"), "into nothing");
        Assert.Equal(5, PosixTree.Entries(root).Count);
    }

    private static void Renaming_below_itself(string root)
    {
        MakeDirectory(MakeDirectory(MakeDirectory(root + "/a") + "/b") + "/c");
        Refused(Invalid, PosixCalls.Rename(root + "/a", root + "/a/x"), "rename");
        Refused(Invalid, PosixCalls.Rename(root + "/a", root + "/a/b/c/x"), "rename");
        Refused(NotEmpty, PosixCalls.Rename(root + "/a/b/c", root + "/a"), "rename onto what it is in");
    }

    private static void Renaming_links(string root)
    {
        Make(root + "/a", 1);
        Done(PosixCalls.Link(root + "/a", root + "/b"), "link");
        Done(PosixCalls.Rename(root + "/a", root + "/b"), "rename");
        Holds(root + "/a", [1]);
        Assert.Equal(2u, PosixTree.Status(root + "/b").LinkCount);
        Done(PosixCalls.Rename(root + "/a", root + "/a"), "rename to itself");
    }

    private static void Rename_flags(string root)
    {
        Make(root + "/a", 1);
        Make(MakeDirectory(root + "/d") + "/b", 2);
        Refused(Exists, PosixCalls.Rename(root + "/a", root + "/d", PosixCalls.RenameNoReplace), "NOREPLACE");
        Done(PosixCalls.Rename(root + "/a", root + "/c", PosixCalls.RenameNoReplace), "NOREPLACE");
        Refused(NoEntry, PosixCalls.Rename(root + "/c", root + "/x", PosixCalls.RenameExchange), "EXCHANGE");
        Done(PosixCalls.Rename(root + "/c", root + "/d/b", PosixCalls.RenameExchange), "EXCHANGE");
        Holds(root + "/c", [2]);
        Holds(root + "/d/b", [1]);
        Done(PosixCalls.Rename(root + "/c", root + "/d", PosixCalls.RenameExchange), "EXCHANGE of two types");
        Holds(root + "/c/b", [1]);
        Holds(root + "/d", [2]);
        Refused(Invalid, PosixCalls.Rename(root + "/c", root + "/d", 3), "both");
    }

    private static void Open_renamed(string root)
    {
        Make(root + "/a", 1, 2, 3);
        using PosixFile file = Open(root + "/a", PosixCalls.ReadWrite);
        Done(PosixCalls.Rename(root + "/a", MakeDirectory(root + "/d") + "/b"), "rename");
        Assert.Equal(2, PosixCalls.WriteAt(file.Id, [8, 9], 1));
        Holds(root + "/d/b", [1, 8, 9]);
    }

    private static void Parent_follows(string root)
    {
        MakeDirectory(MakeDirectory(root + "/a") + "/x");
        string second = MakeDirectory(root + "/b");
        Done(PosixCalls.Rename(root + "/a/x", second + "/x"), "rename");
        Assert.Equal(PosixTree.Status(second).Inode, PosixTree.Status(second + "/x/..").Inode);
        Assert.Equal(PosixTree.Status(second).Inode,
            PosixTree.Entries(second + "/x").Single(entry => entry.Name == "..").Inode);
    }
}
