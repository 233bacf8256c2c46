// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    private static IReadOnlyList<PosixBehaviour<PosixTree>> Attributes =>
    [
        new("stat gives type, mode, owner and size of every object", Attributes_of_every_object),
        new("stat gives the link count of every hard link", Link_counts),
        new("all links to a file have the same inode number", Hard_links_share_an_inode),
        new("different objects have different inode numbers", Inode_numbers_differ),
        new("stat of a device node gives its numbers", Device_numbers),
        new("statx gives a birth time", Birth_time),
        new("stat and fstat agree", Stat_and_fstat_agree),
        new("stat through a symbolic link gives the target", Stat_follows_links),
        new("all objects are on one device", One_device),
        new("block size and blocks are consistent", Blocks),
        new("statvfs tells of a read-only filesystem with names of 255 bytes", Space),
        new("access allows reading and refuses writing", Access),
        new("an extended attribute that is not there answers ENODATA, or that there can be none",
            Extended_attributes),
    ];

    private static IEnumerable<(string Path, ManifestEntry Entry)> Listed(PosixTree tree, string image)
    {
        foreach (ManifestEntry entry in Manifest.Read(image, "DATA").Entries)
        {
            yield return (entry.Path == "/" ? tree.RootOf(image) : tree.RootOf(image) + entry.Path, entry);
        }
    }

    private static void Attributes_of_every_object(PosixTree tree)
    {
        foreach ((string path, ManifestEntry entry) in Listed(tree, "basic-types"))
        {
            PosixStatus status = PosixTree.Status(path);
            Assert.Equal(entry.Type, status.Type);
            if (entry.Type != 'l') Assert.Equal(entry.Mode, (uint)(status.Mode & UnixMode.PermissionBits));
            Assert.Equal(entry.UserId, status.User);
            Assert.Equal(entry.GroupId, status.Group);
            // The size of a directory is defined by each filesystem.
            if (entry.Type != 'd') Assert.Equal(entry.Size, status.Size);
        }
    }

    private static void Link_counts(PosixTree tree)
    {
        foreach ((string path, ManifestEntry entry) in Listed(tree, "basic-types"))
        {
            // HAMMER2 counts a directory's subdirectories nowhere: 1, as btrfs does; tmpfs counts them.
            if (entry.Type == 'd') Assert.True(PosixTree.Status(path).LinkCount >= 1);
            else Assert.Equal(entry.LinkCount, PosixTree.Status(path).LinkCount);
        }
    }

    private static void Hard_links_share_an_inode(PosixTree tree)
    {
        ulong inode = PosixTree.Status(tree.Types + "/d0/f").Inode;
        Assert.Equal(inode, PosixTree.Status(tree.Types + "/d1/hl1").Inode);
        Assert.Equal(inode, PosixTree.Status(tree.Types + "/d2/hl2").Inode);
        Assert.Equal(PosixTree.Status(tree.Types + "/fifo").Inode,
            PosixTree.Status(tree.Types + "/d0/fifo_hl").Inode);
    }

    private static void Inode_numbers_differ(PosixTree tree)
    {
        HashSet<ulong> seen = [];
        foreach ((string path, ManifestEntry _) in Listed(tree, "names"))
        {
            Assert.True(seen.Add(PosixTree.Status(path).Inode), path);
        }
    }

    private static void Device_numbers(PosixTree tree)
    {
        int devices = 0;
        foreach ((string path, ManifestEntry entry) in Listed(tree, "basic-types"))
        {
            if (entry.Type is not ('c' or 'b')) continue;
            PosixStatus status = PosixTree.Status(path);
            Assert.Equal(entry.Value, string.Create(CultureInfo.InvariantCulture,
                $"{status.DeviceMajor},{status.DeviceMinor}"));
            devices++;
        }
        Assert.Equal(2, devices);
    }

    private static void Birth_time(PosixTree tree)
    {
        PosixStatus status = PosixTree.Status(tree.File);
        Assert.Equal(PosixStatus.BirthField, status.Mask & PosixStatus.BirthField);
        Assert.True(status.BirthSeconds >= 0);
    }

    private static void Stat_and_fstat_agree(PosixTree tree)
    {
        PosixStatus byName = PosixTree.Status(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        Done(PosixCalls.StatX(file.Id, out PosixStatus byFile), "statx of a descriptor");
        Assert.Equal(byName.Inode, byFile.Inode);
        Assert.Equal(byName.Size, byFile.Size);
        Assert.Equal(byName.ModifySeconds, byFile.ModifySeconds);
        Assert.Equal(byName.ModifyNanoseconds, byFile.ModifyNanoseconds);
        Assert.Equal(byName.Mode, byFile.Mode);
    }

    private static void Stat_follows_links(PosixTree tree)
    {
        Done(PosixCalls.StatX(tree.Types + "/sl", 0, out PosixStatus followed), "statx of a link");
        Assert.Equal('f', followed.Type);
        Assert.Equal(PosixTree.Status(tree.Types + "/d0/f").Inode, followed.Inode);
        Assert.Equal('l', PosixTree.Status(tree.Types + "/sl").Type);
        Refused(NoEntry, PosixCalls.StatX(tree.Types + "/asl", 0, out _), "statx of a dangling link");
    }

    private static void One_device(PosixTree tree)
    {
        PosixStatus root = PosixTree.Status(tree.Types);
        foreach ((string path, ManifestEntry _) in Listed(tree, "basic-types"))
        {
            PosixStatus status = PosixTree.Status(path);
            Assert.Equal((root.FileSystemMajor, root.FileSystemMinor),
                (status.FileSystemMajor, status.FileSystemMinor));
        }
    }

    private static void Blocks(PosixTree tree)
    {
        PosixStatus full = PosixTree.Status(tree.File);
        Assert.True(full.BlockSize is >= 512 and <= 1 << 20);
        Assert.True(full.Blocks > 0);
        PosixStatus sparse = PosixTree.Status(tree.Sparse + "/sparse");
        Assert.True(sparse.Size > 10_000_000_000);
        Assert.True(sparse.Blocks * 512 < sparse.Size / 2, $"{sparse.Blocks} blocks for a sparse file");
        Assert.Equal(0ul, PosixTree.Status(tree.Types + "/emptyfile").Blocks);
    }

    private static void Space(PosixTree tree)
    {
        Done(PosixCalls.StatVfs(tree.File, out PosixSpace space), "statvfs");
        Assert.Equal(255ul, space.NameMax);
        Assert.Equal((ulong)PosixCalls.StatVfsReadOnly, space.Flags & PosixCalls.StatVfsReadOnly);
        Assert.True(space.FragmentSize > 0 && space.BlockSize > 0);
        Assert.True(space.Blocks > 0);
        Assert.True(space.BlocksFree <= space.Blocks && space.BlocksAvailable <= space.BlocksFree);
        Assert.True(space.FilesFree <= space.Files);
    }

    private static void Access(PosixTree tree)
    {
        Done(PosixCalls.Access(tree.File, 0), "access F_OK");
        Done(PosixCalls.Access(tree.File, 4), "access R_OK");
        Refused(ReadOnlyFileSystem, PosixCalls.Access(tree.File, 2), "access W_OK");
        // Not even root may execute a file without any execute permission.
        Refused(AccessDenied, PosixCalls.Access(tree.Types + "/emptyfile", 1), "access X_OK");
        Refused(NoEntry, PosixCalls.Access(tree.Types + "/none", 0), "access of nothing");
    }

    private static void Extended_attributes(PosixTree tree)
    {
        byte[] value = new byte[64];
        foreach (string name in (ReadOnlySpan<string>)["user.none", "security.capability", "trusted.none"])
        {
            long result = PosixCalls.GetAttribute(tree.File, name, value);
            Assert.True(result is -NoData or -NotSupported, $"getxattr {name} answered {result}");
        }
        long names = PosixCalls.ListAttributes(tree.File, value);
        Assert.True(names is 0 or -NotSupported, $"listxattr answered {names}");
    }
}
