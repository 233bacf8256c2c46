// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Tool.Extract;

namespace Hammer2.Tool.Populate;

/// <summary>
/// System calls that read files of the host relative to a directory descriptor, with names as bytes: they support names
/// that are not UTF-8 and trees that change meanwhile. Methods return 0 or a Linux error number.
/// </summary>
internal static unsafe partial class SourceFiles
{
    private const int OpenReadOnly = 0;
    private const int OpenNonBlocking = 0x800;
    private const int OpenWithoutAccessTime = 0x40000;
    private const int ErrorNotPermitted = 1;
    private const int ErrorNoData = 6;      // ENXIO: only a hole follows
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int NameOffset = 19;      // in struct linux_dirent64
    private const int LengthOffset = 16;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int descriptor, byte* entries, nint entriesBytes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int descriptor, long position, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int descriptor, byte* target, nint targetBytes, long position);

    /// <summary>Opens a directory for reading its names, or a file for reading its data. Without changing the access
    /// time, if the host allows it.</summary>
    public static int Open(int directory, byte[] name, bool isDirectory, out int descriptor)
    {
        int flags = OpenReadOnly | OpenNonBlocking | LinuxFiles.OpenCloseOnExec
            | (isDirectory ? LinuxFiles.OpenDirectory : 0) | (directory < 0 ? 0 : LinuxFiles.OpenNoFollow);
        fixed (byte* text = Terminated(name))
        {
            descriptor = LinuxFiles.openat(directory, text, flags | OpenWithoutAccessTime, 0);
            // O_NOATIME needs the owner.
            if (descriptor < 0 && Marshal.GetLastPInvokeError() == ErrorNotPermitted)
                descriptor = LinuxFiles.openat(directory, text, flags, 0);
        }
        return descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Closes a descriptor from <see cref="Open"/>; errors are irrelevant after reading.</summary>
    public static void Close(int descriptor) => _ = LinuxFiles.close(descriptor);

    /// <summary>Reads the status of a name; symbolic links are not followed.</summary>
    public static int Status(int directory, byte[] name, out LinuxFiles.FileStatus status)
    {
        LinuxFiles.FileStatus found;
        int flags = name.Length == 0 ? LinuxFiles.AtEmptyPath : LinuxFiles.AtSymlinkNoFollow;
        int error = 0;
        fixed (byte* text = Terminated(name))
        {
            if (LinuxFiles.statx(directory, text, flags, LinuxFiles.StatxBasic, &found) != 0)
                error = Marshal.GetLastPInvokeError();
        }
        status = error == 0 ? found : default;
        return error;
    }

    /// <summary>All names in a directory but "." and "..", ordered by their bytes.</summary>
    public static int List(int directory, out List<byte[]> names)
    {
        names = [];
        byte[] buffer = new byte[65536];
        fixed (byte* entries = buffer)
        {
            for (; ; )
            {
                nint count = getdents64(directory, entries, buffer.Length);
                if (count < 0) return Marshal.GetLastPInvokeError();
                if (count == 0) break;
                for (int at = 0; at < count; at += BitConverter.ToUInt16(buffer, at + LengthOffset))
                {
                    ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entries + at + NameOffset);
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) names.Add(name.ToArray());
                }
            }
        }
        names.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
        return 0;
    }

    /// <summary>Finds the next range of data at or after a position; false when there is none.</summary>
    /// <remarks>If the host's filesystem has no holes, everything is data.</remarks>
    public static bool TryFindData(int file, long position, long length, out long start, out long end)
    {
        (start, end) = (position, length);
        long data = lseek(file, position, SeekData);
        if (data < 0) return Marshal.GetLastPInvokeError() != ErrorNoData && position < length;
        long hole = lseek(file, data, SeekHole);
        start = data;
        end = hole < 0 ? length : Math.Min(hole, length);
        return start < end;
    }

    /// <summary>Reads bytes of a file until the buffer is full or the file ends.</summary>
    public static int Read(int file, long position, Span<byte> buffer, out int got)
    {
        got = 0;
        fixed (byte* target = buffer)
        {
            while (got < buffer.Length)
            {
                nint count = pread(file, target + got, buffer.Length - got, position + got);
                if (count < 0) return Marshal.GetLastPInvokeError();
                if (count == 0) break;
                got += (int)count;
            }
        }
        return 0;
    }

    /// <summary>Reads the target of a symbolic link.</summary>
    public static int ReadLink(int directory, byte[] name, out byte[] target)
    {
        byte[] buffer = new byte[4096];
        nint count;
        fixed (byte* text = Terminated(name))
        fixed (byte* bytes = buffer) count = LinuxFiles.readlinkat(directory, text, bytes, buffer.Length);
        target = count < 0 ? [] : buffer[..(int)count];
        return count < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    private static byte[] Terminated(byte[] name) => [.. name, 0];
}
