// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Linq;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private static IReadOnlyList<PosixBehaviour<string>> Making =>
    [
        new("O_CREAT makes a file once and O_EXCL only once", Creating),
        new("each type of object can be created and has that type", All_types),
        new("names of 255 bytes can be made and longer ones answer ENAMETOOLONG", Name_lengths),
        new("creating an existing name fails with EEXIST", Making_what_exists),
        new("creating below a non-directory answers ENOTDIR, below a missing name ENOENT", Bad_parents),
        new("a link is another name, and directories have none", Linking),
        new("symbolic links keep targets of 1 to 4095 bytes", Symbolic_links),
        new("an O_TMPFILE file is not visible until it is linked", Unlinked_files),
        new("a file opened with O_EXCL and O_TMPFILE cannot be linked", Never_linkable_files),
        new("a listing shows objects created and not those removed meanwhile", Listing_while_changing),
        new("the umask is taken off and nothing else", Umask),
    ];

    private static IReadOnlyList<PosixBehaviour<string>> Removing =>
    [
        new("unlink removes names and the last one removes the file", Unlinking),
        new("unlink of a directory answers EISDIR and rmdir of a file ENOTDIR", Wrong_remover),
        new("rmdir needs an empty directory", Removing_directories),
        new("an open orphan can be read, written and stat", Open_unlinked),
        new("nothing can be created in an open directory that was removed", Removed_directory),
        new("a directory of five hundred names can be emptied while it is listed", Emptying),
    ];

    private static void Creating(string root)
    {
        string path = root + "/f";
        using (PosixFile file = Open(path, PosixCalls.Create | PosixCalls.Exclusive | PosixCalls.ReadWrite,
            UnixMode.O600))
            Assert.Equal(3, PosixCalls.Write(file.Id, [1, 2, 3]));
        Assert.Equal(UnixMode.RegularFile | UnixMode.O600, PosixTree.Status(path).Mode);
        Refused(Exists, PosixCalls.Open(path, PosixCalls.Create | PosixCalls.Exclusive, UnixMode.O777), "O_EXCL");
        using (Open(path, PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O777)) Holds(path, [1, 2, 3]);
        Assert.Equal(UnixMode.RegularFile | UnixMode.O600, PosixTree.Status(path).Mode);
        using (Open(path, PosixCalls.Create | PosixCalls.Truncate | PosixCalls.WriteOnly)) Holds(path, []);
        // A new file that its opener may not write by its mode is written all the same.
        using PosixFile closed = Open(root + "/g", PosixCalls.Create | PosixCalls.WriteOnly, 0);
        Assert.Equal(1, PosixCalls.Write(closed.Id, [9]));
    }

    private static void All_types(string root)
    {
        Done(PosixCalls.MakeNode(root + "/p", UnixMode.Fifo | UnixMode.O644, 0), "FIFO");
        Done(PosixCalls.MakeNode(root + "/s", UnixMode.Socket | UnixMode.O644, 0), "socket");
        Done(PosixCalls.MakeNode(root + "/f", UnixMode.RegularFile | UnixMode.O644, 0), "file");
        Done(PosixCalls.MakeNode(root + "/c", UnixMode.CharacterDevice | UnixMode.O600, (1 << 8) | 3),
            "character device");
        Done(PosixCalls.MakeNode(root + "/b", UnixMode.BlockDevice | UnixMode.O640, (259ul << 8) | 77), "block device");
        Done(PosixCalls.Symlink("there", root + "/l"), "symlink");
        MakeDirectory(root + "/d");
        foreach (char type in "psfcbld") Assert.Equal(type, PosixTree.Status($"{root}/{type}").Type);
        PosixStatus block = PosixTree.Status(root + "/b");
        Assert.Equal((259u, 77u, UnixMode.BlockDevice | UnixMode.O640), (block.DeviceMajor, block.DeviceMinor,
            (int)block.Mode));
        using PosixFile zero = Open(root + "/c", 0);
        Assert.Equal(0, PosixCalls.Read(zero.Id, new byte[4]));     // 1:3 is /dev/null
    }

    private static void Name_lengths(string root)
    {
        string longest = root + "/" + new string('n', 255);
        Make(longest, 1);
        Holds(longest, [1]);
        Make(root + "/" + new string((char)0xFF, 255), 2);
        string longer = longest + "n";
        Refused(NameTooLong, PosixCalls.Open(longer, PosixCalls.Create, UnixMode.O600), "open");
        Refused(NameTooLong, PosixCalls.MakeDirectory(longer), "mkdir");
        Refused(NameTooLong, PosixCalls.Symlink("x", longer), "symlink");
        Refused(NameTooLong, PosixCalls.Link(longest, longer), "link");
        Refused(NameTooLong, PosixCalls.Rename(longest, longer), "rename");
        Refused(NameTooLong, PosixCalls.MakeNode(longer, UnixMode.Fifo | UnixMode.O600, 0), "mknod");
    }

    private static void Making_what_exists(string root)
    {
        string file = Make(root + "/f");
        string directory = MakeDirectory(root + "/d");
        foreach (string path in (string[])[file, directory])
        {
            Refused(Exists, PosixCalls.MakeDirectory(path), "mkdir");
            Refused(Exists, PosixCalls.Symlink("x", path), "symlink");
            Refused(Exists, PosixCalls.Link(file, path), "link");
            Refused(Exists, PosixCalls.MakeNode(path, UnixMode.Fifo | UnixMode.O600, 0), "mknod");
        }
        Refused(IsDirectory, PosixCalls.Open(directory, PosixCalls.Create | PosixCalls.WriteOnly, UnixMode.O600),
            "open");
    }

    private static void Bad_parents(string root)
    {
        string file = Make(root + "/f");
        Refused(NotDirectory, PosixCalls.MakeDirectory(file + "/x"), "mkdir");
        Refused(NotDirectory, PosixCalls.Open(file + "/x", PosixCalls.Create, UnixMode.O600), "open");
        Refused(NotDirectory, PosixCalls.Rename(file, file + "/x"), "rename");
        Refused(NoEntry, PosixCalls.MakeDirectory(root + "/none/x"), "mkdir");
        Refused(NoEntry, PosixCalls.Open(root + "/none/x", PosixCalls.Create, UnixMode.O600), "open");
        Refused(NoEntry, PosixCalls.Link(root + "/none", root + "/x"), "link");
        Refused(NoEntry, PosixCalls.Rename(root + "/none", root + "/x"), "rename");
        Refused(NoEntry, PosixCalls.Unlink(root + "/none"), "unlink");
        Refused(NoEntry, PosixCalls.RemoveDirectory(root + "/none"), "rmdir");
    }

    private static void Linking(string root)
    {
        string first = Make(root + "/a", 1, 2);
        string second = MakeDirectory(root + "/d") + "/b";
        Done(PosixCalls.Link(first, second), "link");
        PosixStatus status = PosixTree.Status(second);
        Assert.Equal((2u, PosixTree.Status(first).Inode), (status.LinkCount, status.Inode));
        Assert.Equal(2u, PosixTree.Status(first).LinkCount);
        Make(second, 3, 4, 5);
        Holds(first, [3, 4, 5]);
        Done(PosixCalls.Unlink(first), "unlink");
        Assert.Equal(1u, PosixTree.Status(second).LinkCount);
        Refused(NotPermitted, PosixCalls.Link(root + "/d", root + "/e"), "link of a directory");
        Done(PosixCalls.Symlink("nowhere", root + "/l"), "symlink");
        Done(PosixCalls.Link(root + "/l", root + "/m"), "link of a symbolic link");
        Assert.Equal('l', PosixTree.Status(root + "/m").Type);
    }

    private static void Symbolic_links(string root)
    {
        byte[] buffer = new byte[5000];
        foreach (int length in (int[])[1, 100, 511, 512, 513, 1024, 4095])
        {
            string target = new('t', length);
            Done(PosixCalls.Symlink(target, $"{root}/l{length}"), "symlink");
            Assert.Equal(length, PosixCalls.ReadLink($"{root}/l{length}", buffer));
            Assert.Equal((ulong)length, PosixTree.Status($"{root}/l{length}").Size);
        }
        Refused(NoEntry, PosixCalls.Symlink("", root + "/empty"), "symlink to nothing");
        Refused(NameTooLong, PosixCalls.Symlink(new string('t', 4096), root + "/long"), "symlink");
        Done(PosixCalls.Symlink("loop", root + "/loop"), "symlink");
        Refused(TooManyLinks, PosixCalls.Open(root + "/loop", 0), "open of a loop");
    }

    private static void Unlinked_files(string root)
    {
        using PosixFile file = Open(root, PosixCalls.TemporaryFile | PosixCalls.ReadWrite, UnixMode.O600);
        Assert.Equal(3, PosixCalls.Write(file.Id, [7, 8, 9]));
        Done(PosixCalls.StatX(file.Id, out PosixStatus status), "fstat");
        Assert.Equal((0u, UnixMode.RegularFile | UnixMode.O600, 3ul), (status.LinkCount, (int)status.Mode,
            status.Size));
        Assert.Equal(2, PosixTree.Entries(root).Count);
        Done(PosixCalls.LinkDescriptor(file.Id, root + "/named"), "linkat");
        Holds(root + "/named", [7, 8, 9]);
        Assert.Equal(1u, PosixTree.Status(root + "/named").LinkCount);
        Done(PosixCalls.Unlink(root + "/named"), "unlink");
        Refused(NoEntry, PosixCalls.LinkDescriptor(file.Id, root + "/again"), "linkat of what was removed");
    }

    private static void Never_linkable_files(string root)
    {
        using PosixFile file = Open(
            root, PosixCalls.TemporaryFile | PosixCalls.Exclusive | PosixCalls.ReadWrite, UnixMode.O600);
        Refused(NoEntry, PosixCalls.LinkDescriptor(file.Id, root + "/named"), "linkat");
    }

    private static void Listing_while_changing(string root)
    {
        for (int i = 0; i < 50; i++) Make($"{root}/old{i}");
        using PosixFile directory = Open(root, PosixCalls.Directory);
        byte[] buffer = new byte[400];
        List<PosixEntry> first = [];
        long got = PosixCalls.GetDirectoryEntries(directory.Id, buffer);
        PosixTree.Split(buffer.AsSpan(0, (int)got), first);
        HashSet<string> seen = [.. first.Select(entry => entry.Name)];
        string[] removed = [.. Enumerable.Range(0, 50).Select(i => $"old{i}").Where(name => !seen.Contains(name))
            .Take(10)];
        foreach (string name in removed) Done(PosixCalls.Unlink($"{root}/{name}"), "unlink");
        string[] rest = [.. PosixTree.Entries(directory.Id).Select(entry => entry.Name)];
        Assert.Empty(rest.Intersect(removed));
        Assert.Equal(52 - removed.Length, first.Count + rest.Length);
        Make(root + "/new");
        Done(PosixCalls.Seek(directory.Id, 0, PosixCalls.SeekSet), "rewinddir");
        Assert.Contains("new", PosixTree.Entries(directory.Id).Select(entry => entry.Name));
    }

    private static void Umask(string root)
    {
        // A separate process: the umask is that of the whole process, and other tests run in this one.
        ProgramResult result = HammerProgram.RunAny(
            "sh", "-c", $"umask 077; cd {root}; : > f; mkdir d; mkfifo p; mkdir -m 777 e");
        Assert.True(result.ExitCode == 0, result.Error);
        (string Name, int Mode)[] expected =
        [
            ("f", UnixMode.RegularFile | UnixMode.O600), ("d", UnixMode.Directory | UnixMode.O700),
            ("p", UnixMode.Fifo | UnixMode.O600), ("e", UnixMode.Directory | UnixMode.O777),
        ];
        foreach ((string name, int mode) in expected) Assert.Equal(mode, PosixTree.Status($"{root}/{name}").Mode);
    }

    private static void Unlinking(string root)
    {
        string path = Make(root + "/f", 1);
        Done(PosixCalls.Link(path, root + "/g"), "link");
        Done(PosixCalls.Unlink(path), "unlink");
        Assert.True(IsMissing(path));
        Refused(NoEntry, PosixCalls.Unlink(path), "unlink again");
        Holds(root + "/g", [1]);
        Done(PosixCalls.Symlink("g", root + "/l"), "symlink");
        Done(PosixCalls.Unlink(root + "/l"), "unlink of a link");
        Holds(root + "/g", [1]);
    }

    private static void Wrong_remover(string root)
    {
        MakeDirectory(root + "/d");
        Make(root + "/f");
        Refused(IsDirectory, PosixCalls.Unlink(root + "/d"), "unlink");
        Refused(NotDirectory, PosixCalls.RemoveDirectory(root + "/f"), "rmdir");
        Refused(Invalid, PosixCalls.RemoveDirectory(root + "/d/."), "rmdir of .");
        Refused(NotEmpty, PosixCalls.RemoveDirectory(root + "/d/.."), "rmdir of ..");
    }

    private static void Removing_directories(string root)
    {
        string directory = MakeDirectory(root + "/d");
        string inner = MakeDirectory(directory + "/e");
        Refused(NotEmpty, PosixCalls.RemoveDirectory(directory), "rmdir");
        Done(PosixCalls.RemoveDirectory(inner), "rmdir");
        Make(directory + "/f");
        Refused(NotEmpty, PosixCalls.RemoveDirectory(directory), "rmdir");
        Done(PosixCalls.Unlink(directory + "/f"), "unlink");
        Done(PosixCalls.RemoveDirectory(directory), "rmdir");
        Assert.True(IsMissing(directory));
        MakeDirectory(directory);
    }

    private static void Open_unlinked(string root)
    {
        byte[] content = Pattern(200_000);
        string path = Make(root + "/f", content);
        using PosixFile file = Open(path, PosixCalls.ReadWrite);
        Done(PosixCalls.Unlink(path), "unlink");
        Make(path, 5);
        Done(PosixCalls.StatX(file.Id, out PosixStatus status), "fstat");
        Assert.Equal((0u, 200_000ul), (status.LinkCount, status.Size));
        byte[] found = new byte[content.Length];
        Assert.Equal(found.Length, PosixCalls.ReadAt(file.Id, found, 0));
        Assert.True(content.AsSpan().SequenceEqual(found));
        Assert.Equal(4, PosixCalls.WriteAt(file.Id, [1, 2, 3, 4], 300_000));
        Done(PosixCalls.SetSize(file.Id, 300_002), "ftruncate");
        Assert.Equal(2, PosixCalls.ReadAt(file.Id, found, 300_000));
        Assert.Equal([1, 2], found[..2]);
        Holds(path, [5]);
    }

    private static void Removed_directory(string root)
    {
        string path = MakeDirectory(root + "/d");
        using PosixFile directory = Open(path, PosixCalls.Directory);
        Done(PosixCalls.RemoveDirectory(path), "rmdir");
        string here = $"/proc/self/fd/{directory.Id}";
        Refused(NoEntry, PosixCalls.MakeDirectory(here + "/x"), "mkdir");
        Refused(NoEntry, PosixCalls.Open(here + "/x", PosixCalls.Create, UnixMode.O600), "open");
        Done(PosixCalls.StatX(directory.Id, out PosixStatus status), "fstat");
        Assert.Equal(0u, status.LinkCount);
    }

    private static void Emptying(string root)
    {
        for (int i = 0; i < 500; i++) Make($"{root}/a name that is rather long, number {i}");
        using PosixFile directory = Open(root, PosixCalls.Directory);
        byte[] buffer = new byte[1000];
        int removed = 0;
        while (PosixCalls.GetDirectoryEntries(directory.Id, buffer) is > 0 and var got)
        {
            List<PosixEntry> entries = [];
            PosixTree.Split(buffer.AsSpan(0, (int)got), entries);
            foreach (PosixEntry entry in entries.Where(entry => entry.Type == 'f'))
            {
                Done(PosixCalls.Unlink($"{root}/{entry.Name}"), "unlink");
                removed++;
            }
        }
        Assert.Equal(500, removed);
        Assert.Equal(2, PosixTree.Entries(root).Count);
    }
}
