// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>
/// Excludes all other users of a device while it is written, also when they open the same bytes under another name or
/// device: readers hold shared locks, a writer exclusive ones. The locks belong to open files, so they end with the
/// process even when it is killed, and two opens in one process exclude each other as two processes do.
/// </summary>
/// <remarks>
/// Two locks are taken. flock on the file or device node excludes udev, mkfs and partition tools, which use flock too.
/// A <see cref="RangeLock"/> on the origin of the bytes excludes processes that use them through another device:
/// partitions and their disk, loop devices and their backing file. The backing file gets a shared flock too, against
/// tools that write it under an exclusive one.
/// </remarks>
internal sealed class DeviceLock : IDisposable
{
    private readonly DeviceOrigin? _origin;

    private DeviceLock(DeviceOrigin? origin, string? note)
    {
        _origin = origin;
        Note = note;
    }

    /// <summary>A message when other devices with the same bytes could not be locked; null when all are.</summary>
    internal string? Note { get; }

    /// <summary>Acquires the locks on an open device, shared or exclusive as the options say. Does not wait.</summary>
    /// <exception cref="DeviceBusyException">Another open file holds a conflicting lock.</exception>
    /// <exception cref="DeviceOpenException">The device's filesystem does not lock files.</exception>
    internal static DeviceLock Acquire(
        string path, SafeFileHandle file, FileStatus status, FileBlockDeviceOptions options)
    {
        int operation = options.IsReadOnly ? LinuxBlockIoctls.LockShared : LinuxBlockIoctls.LockExclusive;
        if (!IsLocked(path, () => Flock(file, operation)))
            throw Busy(path, "", LockHolders.OfWhole(status), options.IsReadOnly);
        DeviceOrigin? origin = DeviceOrigin.Find(
            path, status, new BlockTopology(options.SystemDirectory), out string? note);
        try
        {
            if (origin is not null) LockOrigin(path, origin, options.IsReadOnly);
            return new DeviceLock(origin, note);
        }
        catch (MediaException)
        {
            origin?.Dispose();
            throw;
        }
    }

    /// <summary>Makes the exception for a block device that the kernel refused to open exclusively; names the process
    /// or mount point that uses it.</summary>
    internal static DeviceBusyException DescribeClaim(string path, FileStatus status)
    {
        string device = string.Create(
            CultureInfo.InvariantCulture, $"{status.Special.Major}:{status.Special.Minor}");
        string? mountPoint = FindMountPoint(device);
        if (mountPoint != null)
            return new DeviceBusyException(path, $"is mounted on {mountPoint}");
        return new DeviceBusyException(path, $"is claimed for exclusive use by {LockHolders.OfWhole(status)}");
    }

    /// <summary>Makes shared locks on the origin exclusive, without a moment in between. The flock on the device is the
    /// caller's.</summary>
    /// <exception cref="DeviceBusyException">Another open file has one, too; the lock is shared as before.</exception>
    internal void MakeExclusive(string path) => Change(path, isExclusive: true);

    /// <summary>Makes exclusive locks on the origin shared again.</summary>
    internal void MakeShared(string path) => Change(path, isExclusive: false);

    /// <summary>Releases the locks that are not released by closing the device itself.</summary>
    public void Dispose() => _origin?.Dispose();

    private void Change(string path, bool isExclusive)
    {
        if (_origin is null) return;
        LockOrigin(path, _origin, isReadOnly: !isExclusive);
        RangeLock.Release(_origin.File, _origin.Range, !isExclusive);
    }

    private static void LockOrigin(string path, DeviceOrigin origin, bool isReadOnly)
    {
        string what = origin.Kind switch
        {
            OriginKind.BackingFile => $"its backing file {origin.Path} ",
            OriginKind.Disk => $"its disk {origin.Path} ",
            _ => "",
        };
        bool isBackingFile = origin.Kind == OriginKind.BackingFile && origin.Status.IsRegular;
        if (isBackingFile && !IsLocked(path, () => Flock(origin.File, LinuxBlockIoctls.LockShared)))
            throw new DeviceBusyException(path, $"{what}is being written by {LockHolders.OfWhole(origin.Status)}");
        if (IsLocked(path, () => RangeLock.Acquire(origin.File, origin.Range, !isReadOnly))) return;
        string holder = LockHolders.OfRange(origin.Status, origin.Range, !isReadOnly);
        string way = origin.Kind == OriginKind.Itself ? ", which opened it under another name or device" : "";
        throw Busy(path, what, holder + way, isReadOnly);
    }

    private static int Flock(SafeFileHandle file, int operation) =>
        LinuxBlockIoctls.Lock(file, operation | LinuxBlockIoctls.LockNoWait) == 0 ? 0 : LinuxBlockIoctls.LastError;

    /// <summary>Tries to lock, without waiting.</summary>
    /// <param name="path">The device, for messages.</param>
    /// <param name="tryLock">Acquires the lock and returns 0, or returns an error number.</param>
    /// <returns>False when another open file holds a conflicting lock.</returns>
    private static bool IsLocked(string path, Func<int> tryLock)
    {
        int errorNumber = tryLock();
        while (errorNumber == LinuxBlockIoctls.ErrorInterrupted) errorNumber = tryLock();
        if (errorNumber is 0 or LinuxBlockIoctls.ErrorWouldBlock) return errorNumber == 0;
        throw new DeviceOpenException(path, $"cannot be locked: {LinuxBlockIoctls.Describe(errorNumber)}");
    }

    private static DeviceBusyException Busy(string path, string what, string holder, bool wantsToRead)
    {
        string use = wantsToRead ? "is being written by" : "is in use by";
        string refusal = wantsToRead
            ? "it cannot be opened read-only meanwhile"
            : "a second writer is refused";
        return new DeviceBusyException(path, $"{what}{use} {holder}; {refusal}");
    }

    private static string? FindMountPoint(string deviceNumber)
    {
        // Fields of mountinfo: mount id, parent id, major:minor, root, mount point, ...
        foreach (string line in ProcFile.Lines("/proc/self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            if (fields.Length > 4 && fields[2] == deviceNumber)
                return fields[4];
        }
        return null;
    }
}
