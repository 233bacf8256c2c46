// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Hammer2.Devices;

/// <summary>Finds the processes that hold conflicting locks, for messages only.</summary>
internal static class LockHolders
{
    private const string Unknown = "another process";

    /// <summary>The holder of a whole-file lock (flock), or "another process" when the kernel does not name
    /// it.</summary>
    internal static string OfWhole(FileStatus status)
    {
        string inode = InodeText(status);
        // "7: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF"; the pid is -1 or 0 when it is in another
        // namespace.
        foreach (string line in ProcFile.Lines("/proc/locks"))
        {
            string[] fields = Words(line);
            if (fields.Length < 6 || fields[1] != "FLOCK" || fields[5] != inode)
                continue;
            if (int.TryParse(fields[4], CultureInfo.InvariantCulture, out int processId) && processId > 0)
                return Name(processId);
        }
        return Unknown;
    }

    /// <summary>The holder of a <see cref="RangeLock"/> that excludes one on a range. The kernel lists such locks only
    /// in the fdinfo of each process, which only its owner and root can read.</summary>
    internal static string OfRange(FileStatus status, ByteRange range, bool isExclusive)
    {
        string inode = InodeText(status);
        foreach (int processId in Processes())
        {
            foreach (string[] fields in RangeLocksOf(processId))
            {
                if (fields[6] == inode
                    && long.TryParse(fields[7], CultureInfo.InvariantCulture, out long first)
                    && long.TryParse(fields[8], CultureInfo.InvariantCulture, out long last)
                    && RangeLock.Excludes(first, last, range, isExclusive))
                {
                    return Name(processId);
                }
            }
        }
        return Unknown;
    }

    // "lock:   1: OFDLCK ADVISORY  READ -1 00:06:95 2305843009213693952 2305843009213694051"
    private static IEnumerable<string[]> RangeLocksOf(int processId)
    {
        foreach (string file in Entries($"/proc/{processId}/fdinfo"))
        {
            foreach (string line in ProcFile.Lines(file))
            {
                string[] fields = Words(line);
                if (fields.Length == 9 && fields[0] == "lock:" && fields[2] == "OFDLCK") yield return fields;
            }
        }
    }

    private static IEnumerable<int> Processes()
    {
        foreach (string directory in Entries("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                yield return id;
        }
    }

    private static string[] Entries(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return []; // the process has ended, or belongs to another user
        }
    }

    private static string Name(int processId)
    {
        if (processId == Environment.ProcessId) return $"this process ({processId})";
        string[] command = ProcFile.Lines($"/proc/{processId}/comm");
        return command.Length == 0 ? $"process {processId}" : $"process {processId} ({command[0]})";
    }

    private static string InodeText(FileStatus status) => string.Create(CultureInfo.InvariantCulture,
        $"{status.Device.Major:x2}:{status.Device.Minor:x2}:{status.Inode}");

    private static string[] Words(string line) =>
        line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
}
