// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Text;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>Trees of small files: <c>s0/d0/f0</c>, 1,000 files in each directory <c>d</c>, and 10^6 in each
/// <c>s</c>.</summary>
internal static class ScaleTree
{
    private const int FilesPerDirectory = 1000;
    private const long FilesPerTop = 1_000_000;

    /// <summary>The path of a file below the root of the tree.</summary>
    public static string FileAt(long number) => Invariant(
        $"s{number / FilesPerTop}/d{number % FilesPerTop / FilesPerDirectory}/f{number % FilesPerDirectory}");

    /// <summary>Makes a source of files for <c>newfs --populate</c>, or finds it. More than 10^6 files are the same
    /// ones, seen through bind mounts: the source needs no more than 1 GiB.</summary>
    /// <param name="directory">Where it is made.</param>
    /// <param name="files">Number of files, a multiple of 1,000.</param>
    /// <returns>The root of the source.</returns>
    public static string Source(string directory, long files)
    {
        string root = Path.Combine(directory, Invariant($"source{files}"));
        if (Directory.Exists(root)) return root;
        _ = Directory.CreateDirectory(root);
        if (files <= FilesPerTop)
        {
            Make(root, 0, files);
            return root;
        }
        string inside = Path.Combine(Source(directory, FilesPerTop), "s0");
        for (long top = 0; top < files / FilesPerTop; top++)
        {
            string target = Path.Combine(root, Invariant($"s{top}"));
            _ = Directory.CreateDirectory(target);
            _ = ScaleRun.Execute($"mount --bind {inside} {target}");
        }
        return root;
    }

    /// <summary>Makes files with a few bytes each, and their directories.</summary>
    public static void Make(string root, long first, long count)
    {
        for (long number = first; number < first + count; number++)
        {
            string path = Path.Combine(root, FileAt(number));
            if (number == first || number % FilesPerDirectory == 0)
                _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Encoding.ASCII.GetBytes(Invariant($"file {number}\n")));
        }
    }

    /// <summary>Removes files.</summary>
    public static void Remove(string root, long first, long count)
    {
        for (long number = first; number < first + count; number++) File.Delete(Path.Combine(root, FileAt(number)));
    }

    /// <summary>Ten changes: seven files appended to, one made, one renamed, one removed.</summary>
    /// <param name="root">Of the tree.</param>
    /// <param name="round">Another number for each call; from 1 to 400.</param>
    public static void Change(string root, int round)
    {
        for (int file = 1; file <= 7; file++) File.AppendAllText(Path.Combine(root, FileAt(file)), "changed\n");
        string directory = Path.Combine(root, "s0", "d0");
        File.WriteAllText(Path.Combine(directory, Invariant($"new{round}")), "new\n");
        File.Move(Path.Combine(root, FileAt(99 + round)), Path.Combine(root, "s0", "d1", Invariant($"moved{round}")));
        File.Delete(Path.Combine(root, FileAt(499 + round)));
    }

    /// <summary>Asks for the attributes of files drawn from a seed.</summary>
    public static void Stat(string root, long files, int count, int seed, Func<long, string> pathOf)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            if (!File.Exists(Path.Combine(root, pathOf(random.NextInt64(files)))))
                throw new IOException("a file is missing");
        }
    }

    /// <summary>Counts the names below a directory.</summary>
    public static long Find(string root)
    {
        long found = 0;
        foreach (string _ in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)) found++;
        return found;
    }

    /// <summary>Asks for the attributes of everything below a directory.</summary>
    public static long StatAll(string root)
    {
        long found = 0;
        foreach (FileSystemInfo info in new DirectoryInfo(root).EnumerateFileSystemInfos(
            "*", SearchOption.AllDirectories))
        {
            if (info.LastWriteTimeUtc.Ticks > 0) found++;
        }
        return found;
    }

    /// <summary>Writes 4 KiB to the end of a file and fsyncs it, again and again.</summary>
    public static void AppendAndSync(string path, int count)
    {
        byte[] page = new byte[4096];
        var random = new Random(7);
        using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 1);
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(page);
            file.Write(page);
            file.Flush(flushToDisk: true);
        }
    }

    /// <summary>Deletes a scratch directory; what is mounted there is unmounted first.</summary>
    public static void Delete(string scratch)
    {
        foreach (string line in File.ReadAllLines("/proc/mounts"))
        {
            string target = line.Split(' ')[1];
            if (target.StartsWith(scratch + "/", StringComparison.Ordinal)) _ = ScaleRun.Execute($"umount {target}");
        }
        Directory.Delete(scratch, recursive: true);
    }
}
