// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private static IReadOnlyList<PosixBehaviour<string>> Attributes =>
    [
        new("chmod sets all twelve bits", Changing_modes),
        new("chown sets either or both, and takes set-id bits off files", Changing_owners),
        new("utimensat sets times to the microsecond, one by one, or to now", Setting_times),
        new("times before 1970 and after 2038 are stored", Odd_times),
        new("each change moves the times that it should", Moving_times),
        new("chattr keeps immutable files from every change", Immutable_files),
        new("what was written before chattr made a file immutable can be synced", Written_before_immutable),
        new("chattr keeps append-only files from all but appending", Append_only_files),
    ];

    private static IReadOnlyList<PosixBehaviour<string>> Permissions =>
    [
        new("other users may do what the mode allows and nothing else", Modes_are_checked),
        new("only the owner changes mode and times", Owners_only),
        new("a sticky directory keeps its files from others", Sticky_directories),
        new("new objects belong to their creator, or to the group of a set-group-id directory", Inheriting_groups),
        new("writing by other users clears set-id bits, writing by root does not", Writing_drops_set_ids),
    ];

    private static void Changing_modes(string root)
    {
        string path = Make(root + "/f");
        foreach (uint mode in (uint[])[0, UnixMode.O7777, UnixMode.O644, UnixMode.O4000, UnixMode.O2000,
            UnixMode.O1000, UnixMode.O111])
        {
            Done(PosixCalls.ChangeMode(path, mode), "chmod");
            Assert.Equal(UnixMode.RegularFile | mode, PosixTree.Status(path).Mode);
            Done(PosixCalls.ChangeMode(root, UnixMode.O700 | mode), "chmod of a directory");
            Assert.Equal(UnixMode.Directory | UnixMode.O700 | mode, PosixTree.Status(root).Mode);
        }
    }

    private static void Changing_owners(string root)
    {
        string path = Make(root + "/f");
        Done(PosixCalls.ChangeOwner(path, 1, 2), "chown");
        Done(PosixCalls.ChangeOwner(path, uint.MaxValue, 3), "chown of the group");
        Assert.Equal((1u, 3u), (PosixTree.Status(path).User, PosixTree.Status(path).Group));
        Done(PosixCalls.ChangeOwner(path, 4_000_000_000, uint.MaxValue), "chown of the owner");
        Assert.Equal((4_000_000_000u, 3u), (PosixTree.Status(path).User, PosixTree.Status(path).Group));
        Done(PosixCalls.ChangeMode(path, UnixMode.O6777), "chmod");
        Done(PosixCalls.ChangeOwner(path, 5, 5), "chown");
        Assert.Equal(UnixMode.RegularFile | UnixMode.O777, PosixTree.Status(path).Mode);
        // Without execution by the group the bit means mandatory locking.
        Done(PosixCalls.ChangeMode(path, UnixMode.O2644), "chmod");
        Done(PosixCalls.ChangeOwner(path, 6, 6), "chown");
        Assert.Equal(UnixMode.RegularFile | UnixMode.O2644, PosixTree.Status(path).Mode);
        string directory = MakeDirectory(root + "/d");
        Done(PosixCalls.ChangeMode(directory, UnixMode.O6777), "chmod");
        Done(PosixCalls.ChangeOwner(directory, 7, 7), "chown");
        Assert.Equal(UnixMode.Directory | UnixMode.O6777, PosixTree.Status(directory).Mode);
        Done(PosixCalls.Symlink("x", root + "/l"), "symlink");
        Done(PosixCalls.ChangeOwner(root + "/l", 8, 9), "lchown");
        Assert.Equal((8u, 9u), (PosixTree.Status(root + "/l").User, PosixTree.Status(root + "/l").Group));
    }

    private static void Setting_times(string root)
    {
        string path = Make(root + "/f");
        Done(PosixCalls.SetTimes(path, (1000, 1000), (2000, 123_456_000)), "utimensat");
        PosixStatus status = PosixTree.Status(path);
        Assert.Equal((1000, 2000, 123_456_000u),
            (status.AccessSeconds, status.ModifySeconds, status.ModifyNanoseconds));
        Done(PosixCalls.SetTimes(path, (0, PosixCalls.TimeOmit), (3000, 0)), "utimensat of one");
        status = PosixTree.Status(path);
        Assert.Equal((1000, 3000), (status.AccessSeconds, status.ModifySeconds));
        Done(PosixCalls.SetTimes(path, (4000, 0), (0, PosixCalls.TimeNow)), "utimensat to now");
        status = PosixTree.Status(path);
        Assert.Equal(4000, status.AccessSeconds);
        Assert.InRange(status.ModifySeconds, 1_700_000_000, long.MaxValue);
        Assert.InRange(status.ChangeSeconds, status.ModifySeconds, status.ModifySeconds + 1);
        Done(PosixCalls.Symlink("x", root + "/l"), "symlink");
        Done(PosixCalls.SetTimes(root + "/l", (5000, 0), (6000, 0)), "utimensat of a link");
        Assert.Equal(6000, PosixTree.Status(root + "/l").ModifySeconds);
        Done(PosixCalls.SetTimes(root, (5000, 0), (6000, 0)), "utimensat of a directory");
        Assert.Equal(6000, PosixTree.Status(root).ModifySeconds);
    }

    private static void Odd_times(string root)
    {
        string path = Make(root + "/f");
        foreach (long seconds in (long[])[-1, -2_000_000_000, 0, 4_500_000_000, 15_000_000_000])
        {
            Done(PosixCalls.SetTimes(path, (seconds, 250_000_000), (seconds, 750_000_000)), "utimensat");
            PosixStatus status = PosixTree.Status(path);
            Assert.Equal((seconds, seconds, 750_000_000u),
                (status.AccessSeconds, status.ModifySeconds, status.ModifyNanoseconds));
        }
    }

    private static void Moving_times(string root)
    {
        string path = Make(root + "/f", 1);
        string directory = MakeDirectory(root + "/d");
        string inner = Make(directory + "/g");
        (string, string, Action)[] changes =
        [
            (path, "mc", () => Make(path, 2)),
            (path, "mc", () => Done(PosixCalls.SetSize(path, 100), "truncate")),
            (path, "c", () => Done(PosixCalls.ChangeMode(path, UnixMode.O600), "chmod")),
            (path, "c", () => Done(PosixCalls.ChangeOwner(path, 0, 0), "chown")),
            (path, "c", () => Done(PosixCalls.Link(path, root + "/h"), "link")),
            (path, "c", () => Done(PosixCalls.Unlink(root + "/h"), "unlink")),
            (directory, "mc", () => Make(directory + "/new")),
            (directory, "mc", () => Done(PosixCalls.Unlink(directory + "/new"), "unlink")),
            (directory, "mc", () => Done(PosixCalls.Rename(inner, root + "/g"), "rename")),
            (directory, "mc", () => Done(PosixCalls.Rename(root + "/g", inner), "rename")),
            (directory, "mc", () => MakeDirectory(directory + "/sub")),
            (directory, "mc", () => Done(PosixCalls.RemoveDirectory(directory + "/sub"), "rmdir")),
            (directory, "", () => Make(inner, 5)),
        ];
        foreach ((string watched, string moved, Action change) in changes)
        {
            Done(PosixCalls.SetTimes(watched, (1000, 0), (1000, 0)), "utimensat");
            PosixStatus before = PosixTree.Status(watched);
            System.Threading.Thread.Sleep(20);      // the kernel's clock for files has steps of some milliseconds
            change();
            PosixStatus after = PosixTree.Status(watched);
            Assert.Equal(moved.Contains('m', StringComparison.Ordinal), after.ModifySeconds != 1000);
            bool hasMoved = (after.ChangeSeconds, after.ChangeNanoseconds)
                != (before.ChangeSeconds, before.ChangeNanoseconds);
            Assert.Equal(moved.Contains('c', StringComparison.Ordinal), hasMoved);
        }
    }

    private static void Immutable_files(string root)
    {
        string path = Make(root + "/f", 1);
        using PosixFile file = Open(path, 0);
        if (!SetFlag(file.Id, 0x10)) return;
        try
        {
            Refused(NotPermitted, PosixCalls.Open(path, PosixCalls.WriteOnly), "open");
            Refused(NotPermitted, PosixCalls.Open(path, PosixCalls.Truncate), "open with O_TRUNC");
            Refused(NotPermitted, PosixCalls.ChangeMode(path, 0), "chmod");
            Refused(NotPermitted, PosixCalls.ChangeOwner(path, 1, 1), "chown");
            Refused(NotPermitted, PosixCalls.SetSize(path, 0), "truncate");
            Refused(NotPermitted, PosixCalls.Unlink(path), "unlink");
            Refused(NotPermitted, PosixCalls.Rename(path, root + "/g"), "rename");
            Refused(NotPermitted, PosixCalls.Link(path, root + "/g"), "link");
            Refused(NotPermitted, PosixCalls.SetTimes(path, (1, 0), (1, 0)), "utimensat");
            Holds(path, [1]);
        }
        finally
        {
            Done(PosixCalls.SetFlags(file.Id, 0), "FS_IOC_SETFLAGS");
        }
        Make(path, 2);
        Done(PosixCalls.Unlink(path), "unlink");
    }

    // A kernel with a writeback cache sends the data and the time of the write after the flags.
    private static void Written_before_immutable(string root)
    {
        using PosixFile file = Open(Make(root + "/f", 1), PosixCalls.ReadWrite);
        Done(PosixCalls.Sync(file.Id), "fsync");
        Assert.Equal(2, PosixCalls.Write(file.Id, [2, 3]));
        if (!SetFlag(file.Id, 0x10)) return;
        try
        {
            Done(PosixCalls.Sync(file.Id), "fsync");
        }
        finally
        {
            Done(PosixCalls.SetFlags(file.Id, 0), "FS_IOC_SETFLAGS");
        }
        Holds(root + "/f", [2, 3]);
    }

    private static void Append_only_files(string root)
    {
        string path = Make(root + "/f", 1);
        using PosixFile file = Open(path, 0);
        if (!SetFlag(file.Id, 0x20)) return;
        try
        {
            Refused(NotPermitted, PosixCalls.Open(path, PosixCalls.WriteOnly), "open");
            Refused(NotPermitted, PosixCalls.Open(path, PosixCalls.Append | PosixCalls.Truncate
                | PosixCalls.WriteOnly), "open with O_TRUNC");
            Refused(NotPermitted, PosixCalls.SetSize(path, 0), "truncate");
            Refused(NotPermitted, PosixCalls.Unlink(path), "unlink");
            using (PosixFile appender = Open(path, PosixCalls.Append | PosixCalls.WriteOnly))
                Assert.Equal(2, PosixCalls.Write(appender.Id, [2, 3]));
            Holds(path, [1, 2, 3]);
            Done(PosixCalls.SetTimes(path), "utimensat to now");
        }
        finally
        {
            Done(PosixCalls.SetFlags(file.Id, 0), "FS_IOC_SETFLAGS");
        }
    }

    private static void Modes_are_checked(string root)
    {
        Done(PosixCalls.ChangeMode(root, UnixMode.O755), "chmod");
        string path = Make(root + "/f", 1);
        Done(PosixCalls.ChangeMode(path, UnixMode.O640), "chmod");
        string open = MakeDirectory(root + "/open");
        Done(PosixCalls.ChangeMode(open, UnixMode.O777), "chmod");
        using (PosixCalls.ActAs(FirstUser, FirstUser))
        {
            Refused(AccessDenied, PosixCalls.Open(path, 0), "open to read");
            Refused(AccessDenied, PosixCalls.Open(path, PosixCalls.WriteOnly), "open to write");
            Refused(AccessDenied, PosixCalls.SetSize(path, 0), "truncate");
            Refused(AccessDenied, PosixCalls.Open(root + "/g", PosixCalls.Create, UnixMode.O600), "making a file");
            Refused(AccessDenied, PosixCalls.MakeDirectory(root + "/d"), "mkdir");
            Refused(AccessDenied, PosixCalls.Unlink(path), "unlink");
            Refused(AccessDenied, PosixCalls.Rename(path, root + "/g"), "rename");
            Refused(AccessDenied, PosixCalls.Symlink("x", root + "/l"), "symlink");
            Make(open + "/mine", 5);
            Refused(AccessDenied, PosixCalls.Rename(path, open + "/f"), "rename into one's own");
        }
        PosixStatus made = PosixTree.Status(open + "/mine");
        Assert.Equal((FirstUser, FirstUser), (made.User, made.Group));
        Done(PosixCalls.ChangeOwner(path, 0, FirstUser), "chown");
        using (PosixCalls.ActAs(FirstUser, FirstUser))
        {
            using PosixFile file = Open(path, 0);
            Refused(AccessDenied, PosixCalls.Open(path, PosixCalls.WriteOnly), "open to write");
        }
    }

    private static void Owners_only(string root)
    {
        Done(PosixCalls.ChangeMode(root, UnixMode.O777), "chmod");
        string path = Make(root + "/f", 1);
        Done(PosixCalls.ChangeOwner(path, FirstUser, FirstUser), "chown");
        Done(PosixCalls.ChangeMode(path, UnixMode.O666), "chmod");
        using (PosixCalls.ActAs(SecondUser, SecondUser))
        {
            Refused(NotPermitted, PosixCalls.ChangeMode(path, 0), "chmod");
            Refused(NotPermitted, PosixCalls.ChangeOwner(path, SecondUser, uint.MaxValue), "chown");
            Refused(NotPermitted, PosixCalls.SetTimes(path, (1, 0), (1, 0)), "utimensat");
            Done(PosixCalls.SetTimes(path), "utimensat to now");
            using PosixFile file = Open(path, PosixCalls.WriteOnly);
        }
        using (PosixCalls.ActAs(FirstUser, FirstUser))
        {
            Done(PosixCalls.ChangeMode(path, UnixMode.O600), "chmod");
            Done(PosixCalls.SetTimes(path, (1, 0), (1, 0)), "utimensat");
            Refused(NotPermitted, PosixCalls.ChangeOwner(path, SecondUser, uint.MaxValue), "giving away");
        }
    }

    private static void Sticky_directories(string root)
    {
        Done(PosixCalls.ChangeMode(root, UnixMode.O1777), "chmod");
        string path = Make(root + "/f", 1);
        Done(PosixCalls.ChangeOwner(path, FirstUser, FirstUser), "chown");
        using (PosixCalls.ActAs(SecondUser, SecondUser))
        {
            Refused(NotPermitted, PosixCalls.Unlink(path), "unlink");
            Refused(NotPermitted, PosixCalls.Rename(path, root + "/g"), "rename");
            Make(root + "/mine");
            Refused(NotPermitted, PosixCalls.Rename(root + "/mine", path), "rename onto another's");
            Done(PosixCalls.Unlink(root + "/mine"), "unlink of one's own");
        }
        using (PosixCalls.ActAs(FirstUser, FirstUser)) Done(PosixCalls.Unlink(path), "unlink by the owner");
    }

    private static void Inheriting_groups(string root)
    {
        Done(PosixCalls.ChangeOwner(root, 0, SecondUser), "chown");
        Done(PosixCalls.ChangeMode(root, UnixMode.O2777), "chmod");
        using (PosixCalls.ActAs(FirstUser, FirstUser))
        {
            Make(root + "/f");
            MakeDirectory(root + "/d");
            Done(PosixCalls.Symlink("x", root + "/l"), "symlink");
            Make(root + "/d/f");
        }
        foreach (string name in (string[])["f", "d", "l", "d/f"])
        {
            PosixStatus status = PosixTree.Status($"{root}/{name}");
            Assert.Equal((FirstUser, SecondUser), (status.User, status.Group));
        }
        Assert.Equal(UnixMode.O2000, PosixTree.Status(root + "/d").Mode & UnixMode.O2000);
        Assert.Equal(0, PosixTree.Status(root + "/f").Mode & UnixMode.O2000);
    }

    private static void Writing_drops_set_ids(string root)
    {
        string path = Make(root + "/f", 1);
        foreach (int how in (int[])[0, 1])
        {
            Done(PosixCalls.ChangeMode(path, UnixMode.O6777), "chmod");
            Write(path, how);
            Assert.Equal(UnixMode.RegularFile | UnixMode.O6777, PosixTree.Status(path).Mode);
            using (PosixCalls.ActAs(FirstUser, FirstUser)) Write(path, how);
            Assert.Equal(UnixMode.RegularFile | UnixMode.O777, PosixTree.Status(path).Mode);
        }
    }

    private static void Write(string path, int how)
    {
        if (how == 1)
        {
            Done(PosixCalls.SetSize(path, 5), "truncate");
            return;
        }
        using PosixFile file = Open(path, PosixCalls.WriteOnly);
        Assert.Equal(1, PosixCalls.Write(file.Id, [2]));
    }

    // False where the filesystem, as tmpfs of older kernels, has no flags.
    private static bool SetFlag(int file, uint flag) => PosixCalls.SetFlags(file, flag) == 0;
}
