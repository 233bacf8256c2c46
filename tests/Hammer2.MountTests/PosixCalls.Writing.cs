// SPDX-License-Identifier: BSD-3-Clause

using System.Runtime.InteropServices;

namespace Hammer2.MountTests;

/// <content>System calls that change something, and the users that make them.</content>
internal static unsafe partial class PosixCalls
{
    internal const int Append = 0x400;
    internal const int AllocateKeepSize = 1;
    internal const int AllocatePunchHole = 2;
    internal const int AllocateCollapse = 8;
    internal const int AllocateZeroRange = 16;
    internal const int RenameNoReplace = 1;
    internal const int RenameExchange = 2;
    internal const int FollowSymlink = 0x400;
    internal const long TimeNow = 0x3FFFFFFF;
    internal const long TimeOmit = 0x3FFFFFFE;

    /// <summary>O_TMPFILE, whose bits take in O_DIRECTORY.</summary>
    internal static int TemporaryFile => 0x400000 | Directory;

    internal static long WriteAt(int file, ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* start = buffer) return Answer(pwrite(file, start, (nuint)buffer.Length, offset));
    }

    internal static int Allocate(int file, int mode, long offset, long length)
        => Answer(fallocate(file, mode, offset, length));

    internal static long CopyRange(int from, long fromOffset, int to, long toOffset, long bytes)
        => Answer(copy_file_range(from, ref fromOffset, to, ref toOffset, (nuint)bytes, 0));

    internal static int Rename(string from, string to, int flags)
        => Answer(renameat2(WorkingDirectory, Bytes(from), WorkingDirectory, Bytes(to), (uint)flags));

    internal static int LinkDescriptor(int file, string to)
        => Answer(linkat(WorkingDirectory, Bytes($"/proc/self/fd/{file}"), WorkingDirectory, Bytes(to),
            FollowSymlink));

    /// <summary>Sets both times; nanoseconds may be <see cref="TimeNow"/> or <see cref="TimeOmit"/>.</summary>
    internal static int SetTimes(string path, (long Seconds, long Nanoseconds) access,
        (long Seconds, long Nanoseconds) modify)
    {
        long* times = stackalloc long[4];
        (times[0], times[1]) = access;
        (times[2], times[3]) = modify;
        return Answer(utimensat(WorkingDirectory, Bytes(path), times, SymlinkNoFollow));
    }

    internal static int GetFlags(int file, out uint flags)
    {
        long value = 0;
        int result = Answer(ioctl(file, 0x80086601, &value));
        flags = (uint)value;
        return result;
    }

    internal static int SetFlags(int file, uint flags)
    {
        long value = flags;
        return Answer(ioctl(file, 0x40086602, &value));
    }

    internal static int SyncMapping(byte* address, nuint bytes) => Answer(msync((nint)address, bytes, 4));

    /// <summary>Until it is disposed of, this thread's file accesses are another user's.</summary>
    internal static ActingUser ActAs(uint user, uint group) => new(user, group);

    /// <summary>See <see cref="ActAs"/>.</summary>
    internal readonly ref struct ActingUser : IDisposable
    {
        private readonly int _user;
        private readonly int _group;

        internal ActingUser(uint user, uint group)
        {
            _group = setfsgid(group);
            _user = setfsuid(user);
        }

        public void Dispose()
        {
            _ = setfsuid((uint)_user);
            _ = setfsgid((uint)_group);
        }
    }

#pragma warning disable IDE1006, SYSLIB1054
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pwrite(int file, byte* buffer, nuint bytes, long offset);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int fallocate(int file, int mode, long offset, long length);
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint copy_file_range(int from, ref long fromOffset, int to, ref long toOffset,
        nuint bytes, uint flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int renameat2(int fromDirectory, byte[] from, int toDirectory, byte[] to, uint flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int linkat(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);
    [LibraryImport(Library, SetLastError = true)]
    private static partial int msync(nint address, nuint bytes, int flags);
    [LibraryImport(Library)]
    private static partial int setfsuid(uint user);
    [LibraryImport(Library)]
    private static partial int setfsgid(uint group);
#pragma warning restore IDE1006, SYSLIB1054
}
