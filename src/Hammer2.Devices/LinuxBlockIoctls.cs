// SPDX-License-Identifier: BSD-3-Clause

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>
/// Linux system calls that .NET lacks or reports by exceptions: reads and writes that return an error number, ioctls of
/// block devices, holes, and locks.
/// </summary>
internal static unsafe partial class LinuxBlockIoctls
{
    internal const int OpenReadOnly = 0;
    internal const int OpenReadWrite = 2;
    internal const int OpenExclusive = 0x80;      // O_EXCL without O_CREAT on a block device: claim it
    internal const int OpenCloseOnExec = 0x80000;
    internal const int LockShared = 1;
    internal const int LockExclusive = 2;
    internal const int LockNoWait = 4;
    internal const int LockNone = 8;
    internal const int HoleKeepSize = 1;          // FALLOC_FL_KEEP_SIZE
    internal const int HolePunch = 2;             // FALLOC_FL_PUNCH_HOLE
    internal const short RangeShared = 0;         // F_RDLCK
    internal const short RangeExclusive = 1;      // F_WRLCK
    internal const short RangeUnlocked = 2;       // F_UNLCK
    private const int AccessWrite = 2;            // W_OK
    internal const uint SyncRangeBegin = 2;       // SYNC_FILE_RANGE_WRITE
    internal const int ErrorNotPermitted = 1;
    internal const int ErrorInterrupted = 4;
    internal const int ErrorNoData = 6;           // ENXIO: from lseek, only a hole follows
    internal const int ErrorInputOutput = 5;
    internal const int ErrorWouldBlock = 11;
    internal const int ErrorAccessDenied = 13;
    internal const int ErrorBusy = 16;
    internal const int AdviceNotNeeded = 4;                 // POSIX_FADV_DONTNEED
    internal const int ErrorInvalid = 22;
    internal const int ErrorNotTerminal = 25;     // ENOTTY: the driver does not know the ioctl
    internal const int ErrorNoSpace = 28;
    internal const int ErrorReadOnly = 30;
    internal const int ErrorNoSystemCall = 38;
    internal const int ErrorNotSupported = 95;
    internal const int ErrorQuota = 122;

    private const uint FuseMagic = 0x65735546;      // FUSE_SUPER_MAGIC, linux/magic.h
    private const nuint BlockSizeBytes = 0x80081272; // BLKGETSIZE64
    private const nuint BlockReadOnly = 0x125E;      // BLKROGET
    private const nuint BlockSectorBytes = 0x1268;   // BLKSSZGET
    private const nuint BlockDiscard = 0x1277;       // BLKDISCARD
    private const int SeekData = 3;
    private const int OpenCreate = 0x40;
    private const int NewFileMode = 0x1B6;           // 0666, less the umask
    private const nuint LoopGetStatus = 0x4C05;      // LOOP_GET_STATUS64
    private const int TestRangeLock = 36;            // F_OFD_GETLK
    private const int SetRangeLock = 37;             // F_OFD_SETLK
    private const int AtEmptyPath = 0x1000;
    private const int AtWorkingDirectory = -100;
    private const uint StatBasic = 0x7FF;            // STATX_BASIC_STATS

    /// <summary>O_DIRECT, which differs between architectures; 0 on architectures whose value is not listed
    /// here.</summary>
    internal static int OpenDirect => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    /// <summary>Error number of the last call in this class on this thread.</summary>
    internal static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>The C library's description of an error number.</summary>
    internal static string Describe(int errorNumber) => Marshal.GetPInvokeErrorMessage(errorNumber);

    /// <summary>Reads the type, identity and size of a path or an open file.</summary>
    internal static bool TryStat(string path, out FileStatus status)
        => TryStat(AtWorkingDirectory, path, 0, out status);

    /// <inheritdoc cref="TryStat(string, out FileStatus)"/>
    internal static bool TryStat(SafeFileHandle file, out FileStatus status)
        => TryStat((int)file.DangerousGetHandle(), string.Empty, AtEmptyPath, out status);

    /// <summary>Opens a file for writing, creating it when it is missing; null on failure, see LastError.</summary>
    internal static SafeFileHandle? TryCreate(string path)
    {
        int descriptor = Open(path, OpenReadWrite | OpenCreate | OpenCloseOnExec, NewFileMode);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Opens a path, retrying when a signal interrupts; null on failure, see LastError.</summary>
    internal static SafeFileHandle? TryOpen(string path, int flags)
    {
        int descriptor;
        do
        {
            descriptor = Open(path, flags | OpenCloseOnExec, 0);
        }
        while (descriptor < 0 && LastError == ErrorInterrupted);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Makes the descriptor number of <paramref name="file"/> refer to the open file of
    /// <paramref name="other"/> (dup3); the old open file is closed.</summary>
    internal static bool TryReplace(SafeFileHandle file, SafeFileHandle other) =>
        Replace((int)other.DangerousGetHandle(), (int)file.DangerousGetHandle(), OpenCloseOnExec) >= 0;

    /// <summary>Reads the length of a block device, in bytes.</summary>
    internal static bool TryGetBlockLength(SafeFileHandle device, out long lengthBytes)
    {
        ulong bytes = 0;
        bool known = Ioctl(device, BlockSizeBytes, &bytes) == 0 && bytes <= long.MaxValue;
        lengthBytes = (long)bytes;
        return known;
    }

    /// <summary>Reads the logical sector size of a block device, in bytes.</summary>
    internal static bool TryGetSectorBytes(SafeFileHandle device, out int sectorBytes)
    {
        int bytes = 0;
        bool known = Ioctl(device, BlockSectorBytes, &bytes) == 0;
        sectorBytes = bytes;
        return known;
    }

    /// <summary>True for a file or device that permissions and its filesystem allow this process to write.</summary>
    internal static bool MayWrite(string path) => Access(path, AccessWrite) == 0;

    /// <summary>True for a block device that is set read-only (BLKROSET): it can be opened for writing but fails every
    /// write.</summary>
    internal static bool IsReadOnly(SafeFileHandle device)
    {
        int isReadOnly = 0;
        return Ioctl(device, BlockReadOnly, &isReadOnly) == 0 && isReadOnly != 0;
    }

    /// <summary>Discards whole sectors of a block device; 0 or an error number.</summary>
    internal static int DiscardSectors(SafeFileHandle device, long offset, long lengthBytes)
    {
        ulong* range = stackalloc ulong[] { (ulong)offset, (ulong)lengthBytes };
        return Ioctl(device, BlockDiscard, range) == 0 ? 0 : LastError;
    }

    /// <summary>Offset of the next byte of a file that is not in a hole; the offset itself when the filesystem has no
    /// holes, -1 when only a hole follows.</summary>
    internal static long NextData(SafeFileHandle file, long offset)
    {
        long data = Seek(file, offset, SeekData);
        return data >= 0 ? data : LastError == ErrorNoData ? -1 : offset;
    }

    /// <summary>Reads which file backs a loop device; false for other devices, and for one without a backing
    /// file.</summary>
    internal static bool TryGetLoopStatus(SafeFileHandle device, out LoopStatus status)
    {
        byte* raw = stackalloc byte[LoopStatus.InfoBytes];
        bool known = Ioctl(device, LoopGetStatus, raw) == 0;
        status = known ? LoopStatus.Read(new ReadOnlySpan<byte>(raw, LoopStatus.InfoBytes)) : default;
        return known;
    }

    /// <summary>Sets or removes the lock of an open file on a range, without waiting; 0 or an error number.</summary>
    internal static int LockRange(SafeFileHandle file, short type, long start, long lengthBytes)
    {
        var request = new FileLock { Type = type, Start = start, Length = lengthBytes };
        int result;
        do
        {
            result = Control(file, SetRangeLock, ref request);
        }
        while (result < 0 && LastError == ErrorInterrupted);
        return result < 0 ? LastError : 0;
    }

    /// <summary>Tests whether another open file has a shared or exclusive lock on part of a range; 0 or an error
    /// number.</summary>
    internal static int IsRangeLocked(SafeFileHandle file, long start, long lengthBytes, out bool isLocked)
    {
        var request = new FileLock { Type = RangeExclusive, Start = start, Length = lengthBytes };
        int result = Control(file, TestRangeLock, ref request);
        isLocked = result == 0 && request.Type != RangeUnlocked;
        return result < 0 ? LastError : 0;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, ref FileLock request);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "dup3", SetLastError = true)]
    private static partial int Replace(int other, int file, int flags);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint PositionalRead(SafeFileHandle file, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint PositionalWrite(SafeFileHandle file, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    internal static partial int SyncRange(SafeFileHandle file, long offset, long lengthBytes, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    internal static partial int Advise(SafeFileHandle file, long offset, long lengthBytes, int advice);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int DataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Allocate(SafeFileHandle file, int mode, long offset, long lengthBytes);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int SetLength(SafeFileHandle file, long lengthBytes);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    internal static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int StatFilesystem(string path, byte* result);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int StatExtended(int directory, string path, int flags, uint mask, byte* result);

    // struct flock of a 64-bit kernel; whence is 0, from the start.
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        internal short Type;
        internal short Whence;
        internal long Start;
        internal long Length;
        internal int ProcessId;
    }

    /// <summary>True when a path is on a filesystem in userspace (FUSE).</summary>
    internal static bool IsOnFuse(string path)
    {
        // struct statfs has at most 120 bytes, and begins with the type.
        byte* raw = stackalloc byte[256];
        return StatFilesystem(path, raw) == 0 && Unsafe.ReadUnaligned<uint>(raw) == FuseMagic;
    }

    private static bool TryStat(int directory, string path, int flags, out FileStatus status)
    {
        // struct statx is 256 bytes and the same on every architecture, which struct stat is not.
        byte* raw = stackalloc byte[256];
        bool known = StatExtended(directory, path, flags, StatBasic, raw) == 0;
        status = known
            ? new FileStatus(
                Mode: Unsafe.ReadUnaligned<ushort>(raw + 0x1C),
                Inode: Unsafe.ReadUnaligned<ulong>(raw + 0x20),
                SizeBytes: Unsafe.ReadUnaligned<long>(raw + 0x28),
                Special: Device(raw + 0x80),
                Device: Device(raw + 0x88))
            : default;
        return known;

        static DeviceNumber Device(byte* at)
            => new(Unsafe.ReadUnaligned<uint>(at), Unsafe.ReadUnaligned<uint>(at + 4));
    }
}
