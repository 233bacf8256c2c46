// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>
/// Keeps two mounts from writing one device: readers hold a shared flock, a writer an exclusive one. The
/// lock belongs to the open file, so it ends with the process however that ends, and two opens in one
/// process exclude each other as two processes do.
/// </summary>
/// <remarks>
/// flock is what udev, mkfs and partition tools use on block specials, so they are excluded as well. A
/// loop device's backing file gets a shared lock too: whoever opens that file directly to write is refused,
/// while several loop devices over parts of one file go on working.
/// </remarks>
internal sealed class DeviceLock : IDisposable
{
    private const int PollMilliseconds = 50;
    private const uint LoopMajor = 7;

    private readonly SafeFileHandle? _backingFile;

    private DeviceLock(SafeFileHandle? backingFile) => _backingFile = backingFile;

    /// <summary>Takes the lock that fits the options on an open device.</summary>
    /// <exception cref="DeviceBusyException">It is held in a way that excludes ours.</exception>
    internal static DeviceLock Take(
        string path, SafeFileHandle file, FileStatus status, FileBlockDeviceOptions options)
    {
        int operation = options.IsReadOnly ? LinuxBlockIoctls.LockShared : LinuxBlockIoctls.LockExclusive;
        if (!TryLock(path, file, operation, options.LockWaitMilliseconds))
            throw Busy(path, status, options.IsReadOnly);
        return new DeviceLock(LockBackingFile(path, status, options));
    }

    /// <summary>Says who made the kernel refuse an exclusive open of a block special.</summary>
    internal static DeviceBusyException DescribeClaim(string path, FileStatus status)
    {
        string device = string.Create(
            CultureInfo.InvariantCulture, $"{status.Special.Major}:{status.Special.Minor}");
        string? mountPoint = FindMountPoint(device);
        if (mountPoint != null)
            return new DeviceBusyException(path, $"is mounted on {mountPoint}");
        string text = FindHolder(status);
        return new DeviceBusyException(path, $"is claimed for exclusive use by {text}");
    }

    /// <summary>Gives back what is not given back by closing the device itself.</summary>
    public void Dispose() => _backingFile?.Dispose();

    private static bool TryLock(string path, SafeFileHandle file, int operation, int waitMilliseconds)
    {
        using var pause = new ManualResetEventSlim();
        for (int waited = 0; ; waited += PollMilliseconds)
        {
            if (LinuxBlockIoctls.Lock(file, operation | LinuxBlockIoctls.LockNoWait) == 0)
                return true;
            int errorNumber = LinuxBlockIoctls.LastError;
            if (errorNumber == LinuxBlockIoctls.ErrorInterrupted)
                continue;
            if (errorNumber != LinuxBlockIoctls.ErrorWouldBlock)
            {
                throw new DeviceOpenException(
                    path, $"cannot be locked: {LinuxBlockIoctls.Describe(errorNumber)}");
            }
            if (waited >= waitMilliseconds)
                return false;
            _ = pause.Wait(PollMilliseconds); // nobody sets it: the kernel tells no one that a lock is free
        }
    }

    private static DeviceBusyException Busy(string path, FileStatus status, bool wantsToRead)
    {
        string text = FindHolder(status);
        string use = wantsToRead ? "is being written by" : "is in use by";
        string refusal = wantsToRead
            ? "it cannot be opened read-only meanwhile"
            : "a second writer is refused";
        return new DeviceBusyException(path, $"{use} {text}; {refusal}");
    }

    private static SafeFileHandle? LockBackingFile(
        string path, FileStatus status, FileBlockDeviceOptions options)
    {
        if (!status.IsBlock || status.Special.Major != LoopMajor)
            return null;
        string? backingPath = ReadFirstLine(string.Create(CultureInfo.InvariantCulture,
            $"/sys/dev/block/{status.Special.Major}:{status.Special.Minor}/loop/backing_file"));
        if (backingPath == null)
            return null;
        // The path may mean something else or nothing here (deleted, another mount namespace): then there
        // is no one to exclude by it either.
        SafeFileHandle? backing = LinuxBlockIoctls.TryStat(backingPath, out FileStatus kind) && kind.IsRegular
            ? LinuxBlockIoctls.TryOpen(backingPath, LinuxBlockIoctls.OpenReadOnly)
            : null;
        if (backing == null)
            return null;
        if (TryLock(backingPath, backing, LinuxBlockIoctls.LockShared, options.LockWaitMilliseconds))
            return backing;
        backing.Dispose();
        string text = FindHolder(kind);
        throw new DeviceBusyException(
            path, $"its backing file {backingPath} is being written by {text}");
    }

    private static string? FindMountPoint(string deviceNumber)
    {
        // Fields of mountinfo: mount id, parent id, major:minor, root, mount point, ...
        foreach (string line in ReadLines("/proc/self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            if (fields.Length > 4 && fields[2] == deviceNumber)
                return fields[4];
        }
        return null;
    }

    private static string FindHolder(FileStatus status)
    {
        string inode = string.Create(CultureInfo.InvariantCulture,
            $"{status.Device.Major:x2}:{status.Device.Minor:x2}:{status.Inode}");
        // "7: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF"; the pid is -1 or 0 when it is in another
        // namespace.
        foreach (string line in ReadLines("/proc/locks"))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 6 || fields[1] != "FLOCK" || fields[5] != inode)
                continue;
            if (!int.TryParse(fields[4], CultureInfo.InvariantCulture, out int processId) || processId <= 0)
                continue;
            string? command = ReadFirstLine($"/proc/{processId}/comm");
            return processId == Environment.ProcessId
                ? $"this process ({processId})"
                : command == null ? $"process {processId}" : $"process {processId} ({command})";
        }
        return "another process";
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return []; // only the wording of a message depends on it
        }
    }

    private static string? ReadFirstLine(string path)
    {
        string[] lines = ReadLines(path);
        return lines.Length == 0 ? null : lines[0];
    }
}
