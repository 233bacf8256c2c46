// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using Hammer2.Benchmarks.Mount;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Benchmarks.Write;

/// <summary>
/// The workloads on a new filesystem, in this order; later rows use files of earlier ones. Every row ends with
/// fsync(2), of the file or of the directory, so that delaying writes is no advantage.
/// </summary>
internal sealed class WriteWorkloads
{
    private const int ChunkBytes = 1 << 20;
    private const int PageBytes = 4096;
    private const int RandomFileBytes = 64 << 20;
    private const int RandomWrites = 4096;
    private const int SyncedWrites = 100;
    private readonly byte[] _random = new byte[ChunkBytes];
    private readonly byte[] _text = new byte[ChunkBytes];
    private readonly int _files;
    private readonly int _megabytes;
    private readonly string _archive;

    /// <summary>Prepares data from a fixed seed, and an archive of small files in a directory of its own.</summary>
    internal WriteWorkloads(int megabytes, int files, string scratch)
    {
        (_megabytes, _files) = (megabytes, files);
        var random = new Random(1);
        random.NextBytes(_random);
        var words = new StringBuilder();
        while (words.Length < ChunkBytes)
            words.Append("line ").Append(random.Next(100_000)).Append(" of a text; ");
        Encoding.ASCII.GetBytes(words.ToString().AsSpan(0, ChunkBytes), _text);
        _archive = MakeArchive(scratch);
        All =
        [
            new("seq-raw", "sequential write + fsync, incompressible", "MB/s",
                (root, _) => Sequential(root, "raw", _random)),
            new("seq-text", "sequential write + fsync, compressible", "MB/s",
                (root, _) => Sequential(root, "text", _text)),
            new("rand-4k", "random 4 KiB writes, fsync at the end", "IOPS",
                (root, round) => RandomWrite(root, round)),
            new("fsync-4k", "4 KiB write + fsync each", "IOPS", (root, _) => WriteAndSync(root)),
            new("create", "create files of 1 KiB", "IOPS", (root, _) => Create(root)),
            new("rename", "rename them", "IOPS", (root, _) => Rename(root)),
            new("delete", "delete them", "IOPS", (root, _) => Delete(root)),
            new("untar", "untar small files", "s", (root, _) => Untar(root)),
        ];
    }

    /// <summary>The rows.</summary>
    internal IReadOnlyList<Workload> All { get; }

    /// <summary>Bytes of user data that the first two rows write, each.</summary>
    internal long SequentialBytes => (long)_megabytes * ChunkBytes;

    /// <summary>Compares what the first two rows wrote with what they should have written.</summary>
    /// <exception cref="IOException">It is not the same.</exception>
    internal void Verify(string root)
    {
        foreach ((string name, byte[] chunk) in ((string, byte[])[])[("raw", _random), ("text", _text)])
        {
            using SafeFileHandle file = File.OpenHandle(Path.Combine(root, name));
            if (RandomAccess.GetLength(file) != SequentialBytes)
                throw new IOException($"{name} has another length");
            byte[] read = new byte[ChunkBytes];
            for (int index = 0; index < _megabytes; index++)
            {
                int got = RandomAccess.Read(file, read, (long)index * ChunkBytes);
                Stamp(chunk, index);
                if (got != ChunkBytes || !read.AsSpan().SequenceEqual(chunk))
                    throw new IOException($"{name} is not what was written");
            }
        }
    }

    // No two megabytes are the same, so that deduplication is no advantage.
    private static void Stamp(byte[] chunk, int index)
    {
        for (int page = 0; page < ChunkBytes; page += PageBytes)
            _ = BitConverter.TryWriteBytes(chunk.AsSpan(page), index);
    }

    private Outcome Sequential(string root, string name, byte[] chunk)
    {
        var clock = Stopwatch.StartNew();
        using SafeFileHandle file = Make(Path.Combine(root, name));
        for (int index = 0; index < _megabytes; index++)
        {
            Stamp(chunk, index);
            RandomAccess.Write(file, chunk, (long)index * ChunkBytes);
        }
        RandomAccess.FlushToDisk(file);
        return new Outcome(SequentialBytes / 1e6 / clock.Elapsed.TotalSeconds, SequentialBytes);
    }

    private Outcome RandomWrite(string root, int round)
    {
        using SafeFileHandle file = Make(Path.Combine(root, "random"));
        for (int at = 0; at < RandomFileBytes; at += ChunkBytes) RandomAccess.Write(file, _random, at);
        RandomAccess.FlushToDisk(file);
        var random = new Random(round);
        var clock = Stopwatch.StartNew();
        for (int index = 0; index < RandomWrites; index++)
        {
            long page = random.Next(RandomFileBytes / PageBytes);
            int from = random.Next(ChunkBytes - PageBytes);
            RandomAccess.Write(file, _random.AsSpan(from, PageBytes), page * PageBytes);
        }
        RandomAccess.FlushToDisk(file);
        return new Outcome(RandomWrites / clock.Elapsed.TotalSeconds, RandomWrites);
    }

    private Outcome WriteAndSync(string root)
    {
        using SafeFileHandle file = Make(Path.Combine(root, "log"));
        var clock = Stopwatch.StartNew();
        for (int index = 0; index < SyncedWrites; index++)
        {
            int at = index * PageBytes;
            RandomAccess.Write(file, _random.AsSpan(at, PageBytes), at);
            RandomAccess.FlushToDisk(file);
        }
        return new Outcome(SyncedWrites / clock.Elapsed.TotalSeconds, SyncedWrites);
    }

    private Outcome Create(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, "many"));
        return Each(root, "many", index =>
        {
            using SafeFileHandle file = Make(Path.Combine(root, "many", $"file-{index}"));
            RandomAccess.Write(file, _random.AsSpan(index % 1000, 1024), 0);
        });
    }

    private Outcome Rename(string root) => Each(root, "many", index =>
        File.Move(Path.Combine(root, "many", $"file-{index}"), Path.Combine(root, "many", $"renamed-{index}")));

    private Outcome Delete(string root) => Each(root, "many", index =>
        File.Delete(Path.Combine(root, "many", $"renamed-{index}")));

    private static SafeFileHandle Make(string path) =>
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);

    private Outcome Each(string root, string directory, Action<int> act)
    {
        var clock = Stopwatch.StartNew();
        for (int index = 0; index < _files; index++) act(index);
        Run($"sync {Shell.Quote(Path.Combine(root, directory))}");
        return new Outcome(_files / clock.Elapsed.TotalSeconds, _files);
    }

    private Outcome Untar(string root)
    {
        string directory = Path.Combine(root, "tree");
        Directory.CreateDirectory(directory);
        var clock = Stopwatch.StartNew();
        Run($"tar xf {Shell.Quote(_archive)} -C {Shell.Quote(directory)} && sync {Shell.Quote(directory)}");
        double seconds = clock.Elapsed.TotalSeconds;
        return new Outcome(seconds, Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Length);
    }

    private string MakeArchive(string scratch)
    {
        string tree = Path.Combine(scratch, "small");
        for (int index = 0; index < _files; index++)
        {
            string directory = Path.Combine(tree, $"d{index / 100}");
            Directory.CreateDirectory(directory);
            int start = index * 7 % (ChunkBytes / 2);
            int length = 500 + (index * 37 % 8000);
            File.WriteAllBytes(Path.Combine(directory, $"f{index}"), _text[start..(start + length)]);
        }
        string archive = Path.Combine(scratch, "small.tar");
        Run($"tar cf {Shell.Quote(archive)} -C {Shell.Quote(tree)} .");
        return archive;
    }

    private static void Run(string command)
    {
        ShellResult result = Shell.Run(command, "/", TimeSpan.FromMinutes(5));
        if (result.ExitCode == 0) return;
        throw new IOException($"'{command}' ended with {result.ExitCode}: {result.Errors.Trim()}");
    }
}
