// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Reads everything below a mount point through the kernel and compares it with the listing that upstream's
/// code made: type, mode, owner, links, size, times, inode number, contents, link target, device numbers.
/// </summary>
internal static class MountedTree
{
    private const int DifferencesShown = 20;
    private const long SeekBytesMin = 64 << 20;
    private const ulong DirectoryBytes = 1024;
    private const ulong MicrosecondsPerSecond = 1_000_000;
    private static readonly byte[] Zeros = new byte[1 << 20];

    /// <summary>Fails with a list of differences unless everything but the paths given is equal.</summary>
    /// <param name="manifest">What should be there.</param>
    /// <param name="root">Where it is mounted.</param>
    /// <param name="hurt">Paths whose contents or attributes must answer EIO.</param>
    public static void AssertEqual(Manifest manifest, string root, params string[] hurt)
    {
        var differences = new List<string>();
        var left = new Dictionary<string, ManifestEntry>(StringComparer.Ordinal);
        foreach (ManifestEntry entry in manifest.Entries) left.Add(entry.Path, entry);
        CompareDirectory("/", root, left, hurt, differences);
        foreach (string path in left.Keys) differences.Add($"{path}: missing");
        int shown = Math.Min(differences.Count, DifferencesShown);
        Assert.True(differences.Count == 0,
            $"{manifest.Image}@{manifest.Label}: {differences.Count} differences\n"
            + string.Join('\n', differences.GetRange(0, shown)));
    }

    private static void CompareDirectory(string path, string root, Dictionary<string, ManifestEntry> left,
        string[] hurt, List<string> differences)
    {
        CompareEntry(path, root, default, left, hurt, differences);
        string directory = path == "/" ? root : root + path;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (PosixEntry entry in PosixTree.Entries(directory))
        {
            if (!names.Add(entry.Name)) differences.Add($"{path}: {entry.Name} is listed twice");
            if (entry.Name is "." or "..") continue;
            string below = path == "/" ? "/" + entry.Name : path + "/" + entry.Name;
            if (entry.Type == 'd') CompareDirectory(below, root, left, hurt, differences);
            else CompareEntry(below, root, entry, left, hurt, differences);
        }
        if (!names.Contains(".") || !names.Contains("..")) differences.Add($"{path}: . or .. is missing");
    }

    private static void CompareEntry(string path, string root, PosixEntry listed,
        Dictionary<string, ManifestEntry> left, string[] hurt, List<string> differences)
    {
        if (!left.Remove(path, out ManifestEntry? expected))
        {
            differences.Add($"{path}: not in the listing");
            return;
        }
        string full = root + path;
        int error = PosixCalls.StatX(full, PosixCalls.SymlinkNoFollow, out PosixStatus found);
        bool isHurt = Array.IndexOf(hurt, path) >= 0;
        if (isHurt)
        {
            string value = error == 0 ? ValueOf(full, expected, found) : $"errno {-error}";
            if (value != "errno 5") differences.Add($"{path}: should answer EIO, is {value}");
            return;
        }
        Field("statx", error, 0);
        if (error != 0) return;
        CompareStatus(expected, found);
        if (listed.Name is not null) Field("d_ino", listed.Inode, found.Inode);
        if (listed.Name is not null) Field("d_type", listed.Type, expected.Type);
        Field("value", ValueOf(full, expected, found), expected.Value);

        void CompareStatus(ManifestEntry wanted, in PosixStatus status)
        {
            bool isDirectory = wanted.Type == 'd';
            Field("type", status.Type, wanted.Type);
            Field("mode", (uint)(status.Mode & UnixMode.PermissionBits), wanted.Mode);
            Field("uid", status.User, wanted.UserId);
            Field("gid", status.Group, wanted.GroupId);
            Field("nlink", status.LinkCount, isDirectory ? 1 : wanted.LinkCount);
            Field("size", status.Size, isDirectory ? DirectoryBytes : wanted.Size);
            ulong nanoseconds = status.ModifyNanoseconds;
            ulong mtime = (ulong)status.ModifySeconds * MicrosecondsPerSecond + nanoseconds / 1000;
            Field("mtime", mtime, wanted.ModifyTime);
            if (wanted.Extended is not { } more) return;
            Field("inum", status.Inode, more.Inum);
            Field("ctime", (ulong)status.ChangeSeconds, more.ChangeTime / MicrosecondsPerSecond);
            Field("btime", (ulong)status.BirthSeconds, more.BirthTime / MicrosecondsPerSecond);
            if (!isDirectory) Field("blocks", status.Blocks, more.DataCount / 512);
        }

        void Field<T>(string name, T value, T wanted)
        {
            if (!EqualityComparer<T>.Default.Equals(value, wanted))
                differences.Add($"{path}: {name} is {value}, should be {wanted}");
        }
    }

    private static string ValueOf(string path, ManifestEntry expected, in PosixStatus status)
    {
        switch (expected.Type)
        {
            case 'f':
                return HashOf(path, (long)status.Size);
            case 'l':
                Span<byte> target = stackalloc byte[4096];
                long bytes = PosixCalls.ReadLink(path, target);
                return bytes < 0 ? $"errno {-bytes}" : Encoding.Latin1.GetString(target[..(int)bytes]);
            case 'c' or 'b':
                return $"{status.DeviceMajor},{status.DeviceMinor}";
            default:
                return "-";
        }
    }

    // Large files are read from data to data, so that a hole of gigabytes costs only its hash.
    private static string HashOf(string path, long size)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int file = PosixCalls.Open(path, 0);
        if (file < 0) return $"errno {-file}";
        byte[] buffer = new byte[1 << 20];
        long position = 0;
        long error = 0;
        while (position < size && error == 0)
        {
            long data = size < SeekBytesMin ? position : PosixCalls.Seek(file, position, PosixCalls.SeekData);
            if (data == -6) data = size;                       // ENXIO: no data follows
            for (long gap = data - position; gap > 0; gap -= Math.Min(gap, Zeros.Length))
                sha.AppendData(Zeros, 0, (int)Math.Min(gap, Zeros.Length));
            long end = size < SeekBytesMin || data == size
                ? size
                : PosixCalls.Seek(file, data, PosixCalls.SeekHole);
            error = data < 0 ? -data : end < 0 ? -end : Append(file, data, end, buffer, sha);
            position = end;
        }
        Assert.Equal(0, PosixCalls.Close(file));
        return error == 0 ? Convert.ToHexStringLower(sha.GetHashAndReset()) : $"errno {error}";
    }

    private static long Append(int file, long position, long end, byte[] buffer, IncrementalHash sha)
    {
        while (position < end)
        {
            long got = PosixCalls.ReadAt(
                file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - position)), position);
            if (got < 0) return -got;
            if (got == 0) return 61;                           // ended too early: shows as ENODATA
            sha.AppendData(buffer, 0, (int)got);
            position += got;
        }
        return 0;
    }
}
