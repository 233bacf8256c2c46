// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    private const int LockShared = 1;
    private const int LockExclusive = 2;
    private const int LockNoWait = 4;
    private const int LockRelease = 8;
    private const int SetDescriptionLock = 37; // F_OFD_SETLK
    private const int HandleHeadBytes = 8;

    private static IReadOnlyList<PosixBehaviour<PosixTree>> KernelServices =>
    [
        new("flock excludes others, also on a read-only filesystem", Whole_file_locks),
        new("record locks for reading are shared, for writing refused to a reader", Record_locks),
        new("inotify reports that a file is opened and read", Watching),
        new("poll says that a file is ready", Polling),
        new("fsync and syncfs succeed when nothing is to be written", Syncing),
        new("a file is opened again by its handle", Handles_of_files),
        new("a directory is opened again by its handle and lists the same", Handles_of_directories),
    ];

    private static void Whole_file_locks(PosixTree tree)
    {
        using PosixFile first = PosixTree.Open(tree.File);
        using PosixFile second = PosixTree.Open(tree.File);
        Done(PosixCalls.Lock(first.Id, LockShared | LockNoWait), "shared flock");
        Done(PosixCalls.Lock(second.Id, LockShared | LockNoWait), "second shared flock");
        Refused(Again, PosixCalls.Lock(first.Id, LockExclusive | LockNoWait), "exclusive flock");
        Done(PosixCalls.Lock(second.Id, LockRelease), "unlock");
        Done(PosixCalls.Lock(first.Id, LockExclusive | LockNoWait), "exclusive flock");
        Refused(Again, PosixCalls.Lock(second.Id, LockShared | LockNoWait), "shared flock");
    }

    private static void Record_locks(PosixTree tree)
    {
        using PosixFile first = PosixTree.Open(tree.File);
        using PosixFile second = PosixTree.Open(tree.File);
        var range = new PosixRecordLock { Type = 0, Start = 100, Length = 50 };
        Done(PosixCalls.RecordLock(first.Id, SetDescriptionLock, ref range), "read lock");
        Done(PosixCalls.RecordLock(second.Id, SetDescriptionLock, ref range), "second read lock");
        range.Type = 1;
        Refused(BadDescriptor, PosixCalls.RecordLock(first.Id, SetDescriptionLock, ref range), "write lock");
        range.Type = 2;
        Done(PosixCalls.RecordLock(first.Id, SetDescriptionLock, ref range), "unlock");
    }

    private static void Watching(PosixTree tree)
    {
        const uint Accessed = 0x1;
        const uint Opened = 0x20;
        int descriptor = PosixCalls.WatchStart();
        Done(descriptor, "inotify_init1");
        using var watcher = new PosixFile(descriptor);
        Done(PosixCalls.Watch(watcher.Id, tree.File, Accessed | Opened), "inotify_add_watch");
        using (PosixFile file = PosixTree.Open(tree.File))
        {
            Assert.Equal(10, PosixCalls.Read(file.Id, new byte[10]));
        }
        byte[] events = new byte[1024];
        long got = PosixCalls.Read(watcher.Id, events);
        Assert.True(got > 0, $"no event: {got}");
        uint seen = 0;
        for (int at = 0; at < got; at += 16 + BitConverter.ToInt32(events, at + 12))
        {
            seen |= BitConverter.ToUInt32(events, at + 4);
        }
        Assert.Equal(Accessed | Opened, seen);
    }

    private static void Polling(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File);
        Assert.Equal(1, PosixCalls.Poll(file.Id, 1) & 1);
    }

    private static void Syncing(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File);
        Done(PosixCalls.Sync(file.Id), "fsync of a file");
        Done(PosixCalls.SyncFileSystem(file.Id), "syncfs");
        using PosixFile directory = PosixTree.Open(tree.Types, PosixCalls.Directory);
        Done(PosixCalls.Sync(directory.Id), "fsync of a directory");
    }

    private static byte[] HandleOf(string path)
    {
        byte[] handle = new byte[HandleHeadBytes + 128];
        BitConverter.TryWriteBytes(handle, 128);
        Done(PosixCalls.NameToHandle(path, handle, out _), "name_to_handle_at");
        return handle;
    }

    private static void Handles_of_files(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        byte[] handle = HandleOf(tree.File);
        using PosixFile mount = PosixTree.Open(tree.Types, PosixCalls.Directory);
        int opened = PosixCalls.OpenByHandle(mount.Id, handle, 0);
        Done(opened, "open_by_handle_at");
        using var file = new PosixFile(opened);
        Done(PosixCalls.StatX(file.Id, out PosixStatus status), "statx");
        Assert.Equal(PosixTree.Status(tree.File).Inode, status.Inode);
        byte[] bytes = new byte[5000];
        Assert.Equal(bytes.Length, PosixCalls.ReadAt(file.Id, bytes, 70_000));
        Assert.True(expected.AsSpan(70_000, bytes.Length).SequenceEqual(bytes));
    }

    private static void Handles_of_directories(PosixTree tree)
    {
        byte[] handle = HandleOf(tree.Wide);
        using PosixFile mount = PosixTree.Open(tree.Wide, PosixCalls.Directory);
        int opened = PosixCalls.OpenByHandle(mount.Id, handle, PosixCalls.Directory);
        Done(opened, "open_by_handle_at");
        using var directory = new PosixFile(opened);
        Assert.Equal(PosixTree.Entries(tree.Wide), PosixTree.Entries(directory.Id));
    }
}
