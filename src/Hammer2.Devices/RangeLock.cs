// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>
/// A shared or exclusive lock on a range of a file or a block device that needs no write permission. Ranges that do not
/// overlap do not exclude each other. The lock belongs to the open file and ends with it.
/// </summary>
/// <remarks>
/// The kernel grants an exclusive lock on bytes only to a descriptor that may write, and closing such a descriptor of a
/// disk makes udev read its partition table again. So each holder takes a shared kernel lock (F_OFD_SETLK), in one of
/// two areas of the offset space past the end of any device: one area for readers, one for writers. Then it tests
/// (F_OFD_GETLK) whether another holder has a lock in a conflicting area, and unlocks again if so. Two holders at the
/// same time may both unlock; they never both succeed.
/// </remarks>
internal static class RangeLock
{
    /// <summary>Number of bytes of a device that one byte of a lock area represents.</summary>
    internal const int UnitBytes = 512;

    private const long ReadersStart = 1L << 61;
    private const long WritersStart = 1L << 62;

    /// <summary>Locks a range.</summary>
    /// <returns>0; <see cref="LinuxBlockIoctls.ErrorWouldBlock"/> when another open file excludes it; or the error
    /// number of a filesystem that does not support locks.</returns>
    internal static int Acquire(SafeFileHandle file, ByteRange range, bool isExclusive)
    {
        (long start, long length) = AreaOf(range, isExclusive);
        int errorNumber = LinuxBlockIoctls.LockRange(file, LinuxBlockIoctls.RangeShared, start, length);
        // POSIX allows EACCES and EAGAIN for a lock that is held.
        if (errorNumber == LinuxBlockIoctls.ErrorAccessDenied) return LinuxBlockIoctls.ErrorWouldBlock;
        if (errorNumber != 0) return errorNumber;
        errorNumber = FindConflict(file, range, isWriter: true);
        if (errorNumber == 0 && isExclusive) errorNumber = FindConflict(file, range, isWriter: false);
        if (errorNumber != 0)
            _ = LinuxBlockIoctls.LockRange(file, LinuxBlockIoctls.RangeUnlocked, start, length);
        return errorNumber;
    }

    /// <summary>Unlocks a range that was locked in one way; a lock of the other way stays.</summary>
    internal static void Release(SafeFileHandle file, ByteRange range, bool isExclusive)
    {
        (long start, long length) = AreaOf(range, isExclusive);
        _ = LinuxBlockIoctls.LockRange(file, LinuxBlockIoctls.RangeUnlocked, start, length);
    }

    /// <summary>True when a kernel lock, given by its first and last byte, conflicts with a lock on a range.</summary>
    internal static bool Excludes(long first, long last, ByteRange range, bool isExclusive)
    {
        return Overlaps(AreaOf(range, isExclusive: true)) || (isExclusive && Overlaps(AreaOf(range, false)));

        bool Overlaps((long Start, long Length) area) => first < area.Start + area.Length && last >= area.Start;
    }

    private static int FindConflict(SafeFileHandle file, ByteRange range, bool isWriter)
    {
        (long start, long length) = AreaOf(range, isWriter);
        int errorNumber = LinuxBlockIoctls.IsRangeLocked(file, start, length, out bool isLocked);
        return errorNumber != 0 ? errorNumber : isLocked ? LinuxBlockIoctls.ErrorWouldBlock : 0;
    }

    private static (long Start, long Length) AreaOf(ByteRange range, bool isExclusive)
    {
        long first = range.Start / UnitBytes;
        long end = (range.End / UnitBytes) + (range.End % UnitBytes == 0 ? 0 : 1);
        return ((isExclusive ? WritersStart : ReadersStart) + first, Math.Max(end - first, 1));
    }
}
