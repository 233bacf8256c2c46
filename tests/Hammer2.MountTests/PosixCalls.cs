// SPDX-License-Identifier: BSD-3-Clause

using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Testing;

namespace Hammer2.MountTests;

/// <summary>
/// System calls as they are: each answers a result of zero or more, or a negated error number. Paths are
/// strings whose characters 0 to 255 are the bytes of the path, since names need not be UTF-8.
/// </summary>
internal static unsafe partial class PosixCalls
{
    internal const int WriteOnly = 1;
    internal const int ReadWrite = 2;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int Truncate = 0x200;
    internal const int NonBlocking = 0x800;
    internal const int NoAccessTime = 0x40000;
    internal const int CloseOnExec = 0x80000;
    internal const int PathOnly = 0x200000;
    internal const int WorkingDirectory = -100;
    internal const int SymlinkNoFollow = 0x100;
    internal const int SeekSet = 0;
    internal const int SeekCurrent = 1;
    internal const int SeekEnd = 2;
    internal const int SeekData = 3;
    internal const int SeekHole = 4;
    internal const int StatVfsReadOnly = 1;

    // These three differ between processor architectures.
    internal static readonly int Directory = IsArm ? 0x4000 : 0x10000;
    internal static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;
    internal static readonly int Direct = IsArm ? 0x10000 : 0x4000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>The path as the kernel takes it.</summary>
    internal static byte[] Bytes(string path) => Encoding.Latin1.GetBytes(path + '\0');

    internal static int Open(string path, int flags, int mode = 0)
        => Answer(open(Bytes(path), flags | CloseOnExec, mode));

    internal static int OpenAt(int directory, string path, int flags)
        => Answer(openat(directory, Bytes(path), flags | CloseOnExec, 0));

    internal static int Close(int file) => Answer(close(file));

    internal static long Read(int file, Span<byte> buffer)
    {
        fixed (byte* start = buffer) return Answer(read(file, start, (nuint)buffer.Length));
    }

    internal static long ReadAt(int file, Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer) return Answer(pread(file, start, (nuint)buffer.Length, offset));
    }

    internal static long Write(int file, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer) return Answer(write(file, start, (nuint)buffer.Length));
    }

    internal static long Seek(int file, long offset, int whence) => Answer(lseek(file, offset, whence));

    internal static long GetDirectoryEntries(int file, Span<byte> buffer)
    {
        fixed (byte* start = buffer) return Answer(getdents64(file, start, (nuint)buffer.Length));
    }

    internal static int StatX(string path, int flags, out PosixStatus status)
        => Answer(statx(WorkingDirectory, Bytes(path), flags, PosixStatus.AllFields, out status));

    internal static int StatX(int file, out PosixStatus status)
        => Answer(statx(file, Bytes(string.Empty), 0x1000, PosixStatus.AllFields, out status));

    internal static int StatVfs(string path, out PosixSpace space) => Answer(statvfs(Bytes(path), out space));

    internal static long ReadLink(string path, Span<byte> buffer)
    {
        fixed (byte* start = buffer) return Answer(readlink(Bytes(path), start, (nuint)buffer.Length));
    }

    internal static int Access(string path, int mode) => Answer(access(Bytes(path), mode));

    internal static long GetAttribute(string path, string name, Span<byte> value)
    {
        fixed (byte* start = value)
        {
            return Answer(getxattr(Bytes(path), Bytes(name), start, (nuint)value.Length));
        }
    }

    internal static long ListAttributes(string path, Span<byte> names)
    {
        fixed (byte* start = names) return Answer(listxattr(Bytes(path), start, (nuint)names.Length));
    }

    internal static int SetAttribute(string path, string name)
        => Answer(setxattr(Bytes(path), Bytes(name), Bytes("v"), 1, 0));

    internal static int SetAttribute(string path, string name, ReadOnlySpan<byte> value, int flags = 0)
        => Answer(setxattr(Bytes(path), Bytes(name), value.ToArray(), (nuint)value.Length, flags));

    internal static int RemoveAttribute(string path, string name)
        => Answer(removexattr(Bytes(path), Bytes(name)));

    internal static int MakeDirectory(string path, uint mode = UnixMode.O755) => Answer(mkdir(Bytes(path), mode));

    internal static int RemoveDirectory(string path) => Answer(rmdir(Bytes(path)));

    internal static int Unlink(string path) => Answer(unlink(Bytes(path)));

    internal static int Rename(string from, string to) => Answer(rename(Bytes(from), Bytes(to)));

    internal static int Link(string from, string to) => Answer(link(Bytes(from), Bytes(to)));

    internal static int Symlink(string target, string path) => Answer(symlink(Bytes(target), Bytes(path)));

    internal static int MakeNode(string path, uint mode, ulong device)
        => Answer(mknod(Bytes(path), mode, (nuint)device));

    internal static int ChangeMode(string path, uint mode) => Answer(chmod(Bytes(path), mode));

    internal static int ChangeOwner(string path, uint user, uint group)
        => Answer(lchown(Bytes(path), user, group));

    internal static int SetSize(string path, long length) => Answer(truncate(Bytes(path), length));

    internal static int SetSize(int file, long length) => Answer(ftruncate(file, length));

    internal static int SetTimes(string path) => Answer(utimensat(WorkingDirectory, Bytes(path), null, 0));

    internal static int Sync(int file) => Answer(fsync(file));

    internal static int SyncFileSystem(int file) => Answer(syncfs(file));

    internal static int Lock(int file, int operation) => Answer(flock(file, operation));

    internal static int RecordLock(int file, int command, ref PosixRecordLock range)
        => Answer(fcntl(file, command, ref range));

    internal static int InputOutputControl(int file, nuint request)
    {
        long argument = 0;
        return Answer(ioctl(file, request, &argument));
    }

    internal static int InputOutputControl(int file, nuint request, Span<byte> record)
    {
        fixed (byte* start = record) return Answer(ioctl(file, request, start));
    }

    internal static long SendFile(int to, int from, ref long offset, nuint bytes)
        => Answer(sendfile(to, from, ref offset, bytes));

    internal static long Splice(int from, ref long offset, int to, nuint bytes)
        => Answer(splice(from, ref offset, to, null, bytes, 0));

    internal static (int Reader, int Writer) Pipe()
    {
        int* ends = stackalloc int[2];
        int result = Answer(pipe2(ends, CloseOnExec));
        return result < 0 ? throw new InvalidOperationException($"pipe2: {-result}") : (ends[0], ends[1]);
    }

    internal static int Poll(int file, short events, int milliseconds = 0)
    {
        var question = new PollQuestion { File = file, Events = events };
        int result = Answer(poll(&question, 1, milliseconds));
        return result < 0 ? result : question.Answered;
    }

    internal static int WatchStart() => Answer(inotify_init1(CloseOnExec | NonBlocking));

    internal static int Watch(int watcher, string path, uint events)
        => Answer(inotify_add_watch(watcher, Bytes(path), events));

    internal static int NameToHandle(string path, Span<byte> handle, out int mountId)
    {
        fixed (byte* start = handle)
        {
            return Answer(name_to_handle_at(WorkingDirectory, Bytes(path), start, out mountId, 0));
        }
    }

    internal static int OpenByHandle(int mount, ReadOnlySpan<byte> handle, int flags)
    {
        fixed (byte* start = handle) return Answer(open_by_handle_at(mount, start, flags | CloseOnExec));
    }

    /// <summary>Maps part of a file; null and the error number when that is refused.</summary>
    internal static byte* Map(int file, nuint bytes, int protection, int flags, long offset, out int error)
    {
        nint address = mmap(0, bytes, protection, flags, file, offset);
        error = address == -1 ? Marshal.GetLastPInvokeError() : 0;
        return address == -1 ? null : (byte*)address;
    }

    internal static void Unmap(byte* address, nuint bytes)
        => _ = munmap((nint)address, bytes); // fails only for an address that was never mapped

    internal static uint EffectiveUser() => geteuid();

    private static int Answer(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    private static long Answer(long result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollQuestion
    {
        internal int File;
        internal short Events;
        internal short Answered;
    }

    // The C library's names, so that LibraryImport finds them.
#pragma warning disable IDE1006, SYSLIB1054
    private const string Library = "libc";

    [LibraryImport(Library, SetLastError = true)]
    private static partial int open(byte[] path, int flags, int mode);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int openat(int directory, byte[] path, int flags, int mode);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int close(int file);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint read(int file, byte* buffer, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pread(int file, byte* buffer, nuint bytes, long offset);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint write(int file, byte* buffer, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial long lseek(int file, long offset, int whence);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint getdents64(int file, byte* buffer, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int statx(int directory, byte[] path, int flags, uint mask,
        out PosixStatus status);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int statvfs(byte[] path, out PosixSpace space);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint readlink(byte[] path, byte* buffer, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int access(byte[] path, int mode);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint getxattr(byte[] path, byte[] name, byte* value, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint listxattr(byte[] path, byte* names, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int setxattr(byte[] path, byte[] name, byte[] value, nuint bytes, int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int removexattr(byte[] path, byte[] name);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int mkdir(byte[] path, uint mode);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int rmdir(byte[] path);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int unlink(byte[] path);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int rename(byte[] from, byte[] to);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int link(byte[] from, byte[] to);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int symlink(byte[] target, byte[] path);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int mknod(byte[] path, uint mode, nuint device);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int chmod(byte[] path, uint mode);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int lchown(byte[] path, uint user, uint group);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int truncate(byte[] path, long length);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int ftruncate(int file, long length);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int utimensat(int directory, byte[] path, void* times, int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int fsync(int file);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int syncfs(int file);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int flock(int file, int operation);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int fcntl(int file, int command, ref PosixRecordLock range);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int ioctl(int file, nuint request, void* argument);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint sendfile(int to, int from, ref long offset, nuint bytes);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint splice(int from, ref long offset, int to, long* none, nuint bytes,
        uint flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int poll(PollQuestion* questions, nuint count, int milliseconds);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int inotify_init1(int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int inotify_add_watch(int watcher, byte[] path, uint events);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int name_to_handle_at(int directory, byte[] path, byte* handle, out int mountId,
        int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int open_by_handle_at(int mount, byte* handle, int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nuint bytes, int protection, int flags, int file,
        long offset);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int munmap(nint address, nuint bytes);
    [LibraryImport(Library)]
    private static partial uint geteuid();
#pragma warning restore IDE1006, SYSLIB1054
}
