// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private static IReadOnlyList<PosixBehaviour<string>> Storage =>
    [
        new("holes take no storage and read as zeros", Holes),
        new("punching a hole frees storage and reads as zeros", Punching),
        new("zeroing a range reads as zeros and may lengthen", Zeroing),
        new("allocating lengthens unless the size is to stay", Allocating),
        new("copy_file_range copies, between files and within one", Copying),
        new("data is found by SEEK_DATA before it is written back", Seeking_new_data),
        new("fsync, fdatasync and fsync of a directory are carried out", Syncing),
        new("storage that files use is subtracted from the free space", Space_counts),
    ];

    private static void Holes(string root)
    {
        string path = root + "/f";
        using (PosixFile file = Open(path, PosixCalls.Create | PosixCalls.ReadWrite))
        {
            Done(PosixCalls.SetSize(file.Id, 10 << 20), "ftruncate");
            Assert.Equal(4096, PosixCalls.WriteAt(file.Id, Pattern(4096), 5 << 20));
            Done(PosixCalls.Sync(file.Id), "fsync");
        }
        byte[] expected = new byte[10 << 20];
        Pattern(4096).CopyTo(expected, 5 << 20);
        Holds(path, expected);
        Assert.InRange(PosixTree.Status(path).Blocks, 8ul, 512ul);
    }

    private static void Punching(string root)
    {
        byte[] content = Pattern(1 << 20);
        string path = Make(root + "/f", content);
        using PosixFile file = Open(path, PosixCalls.ReadWrite);
        Done(PosixCalls.Sync(file.Id), "fsync");
        ulong before = PosixTree.Status(path).Blocks;
        const int Mode = PosixCalls.AllocatePunchHole | PosixCalls.AllocateKeepSize;
        Done(PosixCalls.Allocate(file.Id, Mode, 1000, 700_000), "punch");
        content.AsSpan(1000, 700_000).Clear();
        Holds(path, content);
        Done(PosixCalls.Allocate(file.Id, Mode, 900_000, 1 << 30), "punch across the end");
        content.AsSpan(900_000).Clear();
        Holds(path, content);
        Done(PosixCalls.Sync(file.Id), "fsync");
        Assert.True(PosixTree.Status(path).Blocks < before);
        Refused(NotSupported, PosixCalls.Allocate(file.Id, PosixCalls.AllocatePunchHole, 0, 4096), "no KEEP_SIZE");
        Refused(Invalid, PosixCalls.Allocate(file.Id, Mode, 0, 0), "nothing");
        using PosixFile reader = Open(path, 0);
        Refused(BadDescriptor, PosixCalls.Allocate(reader.Id, Mode, 0, 1), "punch through a reader");
    }

    private static void Zeroing(string root)
    {
        byte[] content = Pattern(200_000);
        string path = Make(root + "/f", content);
        using PosixFile file = Open(path, PosixCalls.ReadWrite);
        if (PosixCalls.Allocate(file.Id, PosixCalls.AllocateZeroRange, 50_000, 100_000) == -NotSupported) return;
        content.AsSpan(50_000, 100_000).Clear();
        Holds(path, content);
        Done(PosixCalls.Allocate(file.Id, PosixCalls.AllocateZeroRange, 150_000, 100_000), "zero");
        Array.Resize(ref content, 250_000);
        content.AsSpan(150_000).Clear();
        Holds(path, content);
    }

    private static void Allocating(string root)
    {
        string path = Make(root + "/f", 1, 2, 3);
        using PosixFile file = Open(path, PosixCalls.ReadWrite);
        Done(PosixCalls.Allocate(file.Id, PosixCalls.AllocateKeepSize, 0, 100_000), "allocate, KEEP_SIZE");
        Holds(path, [1, 2, 3]);
        Done(PosixCalls.Allocate(file.Id, 0, 0, 100_000), "allocate");
        byte[] expected = new byte[100_000];
        (expected[0], expected[1], expected[2]) = (1, 2, 3);
        Holds(path, expected);
        Refused(NotSupported, PosixCalls.Allocate(file.Id, PosixCalls.AllocateCollapse, 0, 65_536), "collapse");
        Refused(TooBig, PosixCalls.Allocate(file.Id, 0, long.MaxValue - 10, 20), "allocate behind everything");
    }

    private static void Copying(string root)
    {
        byte[] content = Pattern(500_000);
        using PosixFile from = Open(Make(root + "/a", content), PosixCalls.ReadWrite);
        using PosixFile to = Open(Make(root + "/b", Pattern(500_000, 2)), PosixCalls.ReadWrite);
        CopyAll(from.Id, 0, to.Id, 0, 300_000);
        CopyAll(from.Id, 300_000, to.Id, 300_000, 1 << 20);
        Holds(root + "/b", content);
        CopyAll(from.Id, 1234, to.Id, 77_777, 100_000);
        byte[] expected = (byte[])content.Clone();
        content.AsSpan(1234, 100_000).CopyTo(expected.AsSpan(77_777));
        Holds(root + "/b", expected);
        CopyAll(from.Id, 0, from.Id, 1 << 20, 65_536);
        Array.Resize(ref content, (1 << 20) + 65_536);
        content.AsSpan(0, 65_536).CopyTo(content.AsSpan(1 << 20));
        Holds(root + "/a", content);
        Assert.Equal(5, PosixCalls.WriteAt(to.Id, [1, 2, 3, 4, 5], 0));
        Holds(root + "/a", content);
        Refused(Invalid, PosixCalls.CopyRange(from.Id, 0, from.Id, 10, 100), "overlapping");
    }

    private static void Seeking_new_data(string root)
    {
        using PosixFile file = Open(root + "/f", PosixCalls.Create | PosixCalls.ReadWrite);
        Done(PosixCalls.SetSize(file.Id, 10 << 20), "ftruncate");
        Assert.Equal(4096, PosixCalls.WriteAt(file.Id, Pattern(4096), 5 << 20));
        Assert.InRange(PosixCalls.Seek(file.Id, 0, PosixCalls.SeekData), 0, 5 << 20);
        Assert.Equal(5 << 20, PosixCalls.Seek(file.Id, 5 << 20, PosixCalls.SeekData));
        Assert.InRange(PosixCalls.Seek(file.Id, 5 << 20, PosixCalls.SeekHole), (5 << 20) + 4096, 10 << 20);
        Refused(NoDeviceOrAddress, PosixCalls.Seek(file.Id, 10 << 20, PosixCalls.SeekData), "SEEK_DATA");
    }

    private static void Syncing(string root)
    {
        using PosixFile file = Open(Make(root + "/f", Pattern(100_000)), PosixCalls.ReadWrite);
        Done(PosixCalls.Sync(file.Id), "fsync");
        using PosixFile directory = Open(root, PosixCalls.Directory);
        Done(PosixCalls.Sync(directory.Id), "fsync of a directory");
        Done(PosixCalls.SyncFileSystem(directory.Id), "syncfs");
        using PosixFile reader = Open(root + "/f", 0);
        Done(PosixCalls.Sync(reader.Id), "fsync of a reader");
    }

    private static void Space_counts(string root)
    {
        Done(PosixCalls.StatVfs(root, out PosixSpace before), "statvfs");
        using (PosixFile file = Open(Make(root + "/f", Pattern(8 << 20)), PosixCalls.ReadWrite))
            Done(PosixCalls.Sync(file.Id), "fsync");
        Done(PosixCalls.StatVfs(root, out PosixSpace after), "statvfs");
        Assert.True(before.BlocksAvailable > after.BlocksAvailable, "what was written does not count");
        Assert.InRange(after.FilesFree, 1ul, after.Files);
        Assert.Equal(0ul, after.Flags & PosixCalls.StatVfsReadOnly);
    }
}
