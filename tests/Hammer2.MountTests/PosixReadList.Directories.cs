// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    // One entry with a name of 255 bytes takes 280.
    private const int SmallestBuffer = 280;

    private static IReadOnlyList<PosixBehaviour<PosixTree>> Directories =>
    [
        new("a directory lists exactly its names, each once", Lists_each_name_once),
        new("an empty directory lists dot and dot-dot", Empty_directory),
        new("a listing tells type and inode number as stat does", Listing_agrees_with_stat),
        new("a small buffer gives the same listing in more calls", Small_buffers),
        new("a buffer too small for one entry answers EINVAL", Too_small_a_buffer),
        new("every position of a listing can be gone back to", Positions_can_be_gone_back_to),
        new("a position holds for another descriptor of the directory", Positions_hold_elsewhere),
        new("going back to the start lists everything again", Rewinding),
        new("two descriptors list independently", Independent_listings),
        new("after the end a listing stays at its end", End_of_listing),
        new("read of a directory answers EISDIR", Read_of_a_directory),
        new("getdents of a file answers ENOTDIR", Listing_of_a_file),
    ];

    private static List<string> NamesIn(List<PosixEntry> entries)
    {
        List<string> names = entries.ConvertAll(entry => entry.Name);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static void Lists_each_name_once(PosixTree tree)
    {
        foreach ((string image, string _) in PosixTree.Images)
        {
            Dictionary<string, List<string>> expected = [];
            foreach ((string path, ManifestEntry entry) in Listed(tree, image))
            {
                if (entry.Type == 'd') expected.TryAdd(path, [".", ".."]);
                if (entry.Path == "/") continue;
                int slash = path.LastIndexOf('/');
                expected[path[..slash]].Add(path[(slash + 1)..]);
            }
            foreach ((string directory, List<string> names) in expected)
            {
                names.Sort(StringComparer.Ordinal);
                Assert.Equal(names, NamesIn(PosixTree.Entries(directory)));
            }
        }
    }

    private static void Empty_directory(PosixTree tree)
        => Assert.Equal([".", ".."], NamesIn(PosixTree.Entries(tree.Types + "/emptydir")));

    private static void Listing_agrees_with_stat(PosixTree tree)
    {
        foreach (string directory in (string[])[tree.Types, tree.Types + "/d0", tree.Wide])
        {
            foreach (PosixEntry entry in PosixTree.Entries(directory))
            {
                PosixStatus status = PosixTree.Status($"{directory}/{entry.Name}");
                Assert.Equal(status.Type, entry.Type);
                // At the root of a mount dot-dot is the other filesystem's.
                if (entry.Name != "..") Assert.Equal(status.Inode, entry.Inode);
            }
        }
    }

    private static void Small_buffers(PosixTree tree)
    {
        foreach (string directory in (string[])[tree.Wide, tree.Names + "/len", tree.Types])
        {
            List<PosixEntry> large = PosixTree.Entries(directory);
            Assert.Equal(large, PosixTree.Entries(directory, SmallestBuffer));
            Assert.Equal(large, PosixTree.Entries(directory, 1000));
        }
    }

    private static void Too_small_a_buffer(PosixTree tree)
    {
        using PosixFile directory = PosixTree.Open(tree.Wide, PosixCalls.Directory);
        Refused(Invalid, PosixCalls.GetDirectoryEntries(directory.Id, new byte[16]), "getdents64");
        Assert.Equal(NamesIn(PosixTree.Entries(tree.Wide)), NamesIn(PosixTree.Entries(directory.Id)));
    }

    private static void Positions_can_be_gone_back_to(PosixTree tree)
    {
        List<PosixEntry> all = PosixTree.Entries(tree.Wide);
        using PosixFile directory = PosixTree.Open(tree.Wide, PosixCalls.Directory);
        // Backwards, so that each step leads away from where the listing stands.
        for (int index = all.Count - 1; index >= 0; index -= 31)
        {
            Assert.Equal(all[index].Next, PosixCalls.Seek(directory.Id, all[index].Next, PosixCalls.SeekSet));
            Assert.Equal(all.GetRange(index + 1, all.Count - index - 1), PosixTree.Entries(directory.Id));
        }
    }

    private static void Positions_hold_elsewhere(PosixTree tree)
    {
        List<PosixEntry> all = PosixTree.Entries(tree.Wide, SmallestBuffer);
        for (int index = 7; index < all.Count; index += 97)
        {
            using PosixFile directory = PosixTree.Open(tree.Wide, PosixCalls.Directory);
            Done(PosixCalls.Seek(directory.Id, all[index].Next, PosixCalls.SeekSet), "lseek");
            Assert.Equal(all.GetRange(index + 1, all.Count - index - 1),
                PosixTree.Entries(directory.Id, SmallestBuffer));
        }
    }

    private static void Rewinding(PosixTree tree)
    {
        using PosixFile directory = PosixTree.Open(tree.Wide, PosixCalls.Directory);
        List<PosixEntry> first = PosixTree.Entries(directory.Id);
        Assert.Equal(0, PosixCalls.Seek(directory.Id, 0, PosixCalls.SeekSet));
        Assert.Equal(first, PosixTree.Entries(directory.Id));
        Assert.Equal(0, PosixCalls.Seek(directory.Id, 0, PosixCalls.SeekSet));
        Assert.True(PosixCalls.GetDirectoryEntries(directory.Id, new byte[SmallestBuffer]) > 0);
        Assert.Equal(0, PosixCalls.Seek(directory.Id, 0, PosixCalls.SeekSet));
        Assert.Equal(first, PosixTree.Entries(directory.Id));
    }

    private static void Independent_listings(PosixTree tree)
    {
        List<PosixEntry> expected = PosixTree.Entries(tree.Wide);
        using PosixFile left = PosixTree.Open(tree.Wide, PosixCalls.Directory);
        using PosixFile right = PosixTree.Open(tree.Wide, PosixCalls.Directory);
        List<PosixEntry> leftSeen = [];
        List<PosixEntry> rightSeen = [];
        byte[] buffer = new byte[1024];
        long leftGot;
        long rightGot;
        do
        {
            leftGot = PosixCalls.GetDirectoryEntries(left.Id, buffer);
            Done(leftGot, "getdents64");
            PosixTree.Split(buffer.AsSpan(0, (int)leftGot), leftSeen);
            rightGot = PosixCalls.GetDirectoryEntries(right.Id, buffer.AsSpan(0, 500));
            Done(rightGot, "getdents64");
            PosixTree.Split(buffer.AsSpan(0, (int)rightGot), rightSeen);
        }
        while (leftGot > 0 || rightGot > 0);
        Assert.Equal(expected, leftSeen);
        Assert.Equal(expected, rightSeen);
    }

    private static void End_of_listing(PosixTree tree)
    {
        using PosixFile directory = PosixTree.Open(tree.Types, PosixCalls.Directory);
        _ = PosixTree.Entries(directory.Id);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, PosixCalls.GetDirectoryEntries(directory.Id, new byte[4096]));
        }
    }

    private static void Read_of_a_directory(PosixTree tree)
    {
        using PosixFile directory = PosixTree.Open(tree.Types);
        Refused(IsDirectory, PosixCalls.Read(directory.Id, new byte[16]), "read of a directory");
        Refused(IsDirectory, PosixCalls.ReadAt(directory.Id, new byte[16], 0), "pread of a directory");
    }

    private static void Listing_of_a_file(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File);
        Refused(NotDirectory, PosixCalls.GetDirectoryEntries(file.Id, new byte[512]), "getdents64 of a file");
    }
}
