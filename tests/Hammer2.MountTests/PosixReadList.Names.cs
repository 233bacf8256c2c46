// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Text;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    private static IReadOnlyList<PosixBehaviour<PosixTree>> Names =>
    [
        new("every name is found, whatever its bytes", Every_name_is_found),
        new("names of 255 bytes work and longer ones answer ENAMETOOLONG", Long_names),
        new("names differ when their case differs", Case_matters),
        new("a missing name answers ENOENT, each time", Missing_names),
        new("an empty path answers ENOENT", Empty_path),
        new("a file in the place of a directory answers ENOTDIR", File_as_directory),
        new("O_DIRECTORY refuses a file and takes a directory", Directory_flag),
        new("O_NOFOLLOW refuses a symbolic link", No_follow),
        new("readlink gives the target, cut off at the buffer", Read_link),
        new("readlink of a file answers EINVAL", Read_link_of_a_file),
        new("dot and dot-dot lead where they should", Dots),
        new("openat starts at its directory", Open_at),
        new("O_PATH opens anything and reads nothing", Path_only),
    ];

    private static void Every_name_is_found(PosixTree tree)
    {
        int longest = 0;
        bool nonUtf8 = false;
        foreach ((string path, ManifestEntry entry) in Listed(tree, "names"))
        {
            Assert.Equal(entry.Type, PosixTree.Status(path).Type);
            longest = Math.Max(longest, path.Length - path.LastIndexOf('/') - 1);
            nonUtf8 |= path.Contains('\xFF', StringComparison.Ordinal);
        }
        Assert.Equal(255, longest);
        Assert.True(nonUtf8);
    }

    private static void Long_names(PosixTree tree)
    {
        string name = tree.Names + "/" + new string('n', 255);
        Refused(NoEntry, PosixCalls.Open(name, 0), "open of a name of 255 bytes");
        Refused(NameTooLong, PosixCalls.Open(name + "n", 0), "open of a name of 256 bytes");
        Refused(NameTooLong, PosixCalls.Open(tree.Names + new string('/', 4096) + "x", 0),
            "open of a path of more than 4096 bytes");
    }

    private static void Case_matters(PosixTree tree)
    {
        Done(PosixCalls.Access(tree.Types + "/emptyfile", 0), "access");
        Refused(NoEntry, PosixCalls.Access(tree.Types + "/EmptyFile", 0), "access in other case");
    }

    private static void Missing_names(PosixTree tree)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            Refused(NoEntry, PosixCalls.Open(tree.Wide + "/missing", 0), "open of nothing");
            Refused(NoEntry, PosixCalls.Open(tree.Types + "/none/below", 0), "open below nothing");
        }
    }

    private static void Empty_path(PosixTree tree)
    {
        using PosixFile directory = PosixTree.Open(tree.Types, PosixCalls.Directory);
        Refused(NoEntry, PosixCalls.OpenAt(directory.Id, string.Empty, 0), "openat of an empty path");
    }

    private static void File_as_directory(PosixTree tree)
    {
        Refused(NotDirectory, PosixCalls.Open(tree.File + "/x", 0), "open below a file");
        Refused(NotDirectory, PosixCalls.Open(tree.File + "/", 0), "open of a file with a slash");
        Refused(NotDirectory, PosixCalls.Open(tree.Types + "/fifo/..", 0), "open of a FIFO's parent");
    }

    private static void Directory_flag(PosixTree tree)
    {
        Refused(NotDirectory, PosixCalls.Open(tree.File, PosixCalls.Directory), "O_DIRECTORY on a file");
        PosixTree.Open(tree.Types, PosixCalls.Directory).Dispose();
    }

    private static void No_follow(PosixTree tree)
    {
        Refused(TooManyLinks, PosixCalls.Open(tree.Types + "/sl", PosixCalls.NoFollow), "open of a link");
        PosixTree.Open(tree.File, PosixCalls.NoFollow).Dispose();
    }

    private static void Read_link(PosixTree tree)
    {
        int links = 0;
        byte[] buffer = new byte[4096];
        foreach ((string path, ManifestEntry entry) in Listed(tree, "basic-types"))
        {
            if (entry.Type != 'l') continue;
            long bytes = PosixCalls.ReadLink(path, buffer);
            Assert.Equal(entry.Value, Encoding.Latin1.GetString(buffer, 0, (int)bytes));
            Assert.Equal((ulong)bytes, PosixTree.Status(path).Size);
            Assert.Equal(3, PosixCalls.ReadLink(path, buffer.AsSpan(0, 3)));
            links++;
        }
        Assert.Equal(2, links);
    }

    private static void Read_link_of_a_file(PosixTree tree)
    {
        Refused(Invalid, PosixCalls.ReadLink(tree.File, new byte[16]), "readlink of a file");
        Refused(Invalid, PosixCalls.ReadLink(tree.Types, new byte[16]), "readlink of a directory");
    }

    private static void Dots(PosixTree tree)
    {
        ulong parent = PosixTree.Status(tree.Types).Inode;
        Assert.Equal(parent, PosixTree.Status(tree.Types + "/.").Inode);
        Assert.Equal(parent, PosixTree.Status(tree.Types + "/d0/..").Inode);
        Assert.Equal(parent, PosixTree.Status(tree.Types + "/d0/../d1/.././").Inode);
    }

    private static void Open_at(PosixTree tree)
    {
        using PosixFile directory = PosixTree.Open(tree.Types, PosixCalls.Directory);
        int result = PosixCalls.OpenAt(directory.Id, "d0/f", 0);
        Done(result, "openat");
        using var file = new PosixFile(result);
        Done(PosixCalls.StatX(file.Id, out PosixStatus status), "statx");
        Assert.Equal(PosixTree.Status(tree.Types + "/d0/f").Inode, status.Inode);
    }

    private static void Path_only(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File, PosixCalls.PathOnly);
        Refused(BadDescriptor, PosixCalls.Read(file.Id, new byte[16]), "read with O_PATH");
        using PosixFile socket = PosixTree.Open(tree.Types + "/sock", PosixCalls.PathOnly);
        Done(PosixCalls.StatX(socket.Id, out PosixStatus status), "statx with O_PATH");
        Assert.Equal('s', status.Type);
    }
}
