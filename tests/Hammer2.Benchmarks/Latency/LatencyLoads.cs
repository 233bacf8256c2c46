// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Benchmarks.Latency;

/// <summary>One thing that a thread does again and again.</summary>
/// <param name="Name">Short.</param>
/// <param name="Bytes">What each call writes, for rates in MB/s; 0 for calls.</param>
/// <param name="Begin">Makes the call of a round, below a directory; what it opens for all rounds is added to the
/// list, and closed after the last.</param>
internal sealed record LatencyLoad(string Name, long Bytes, Func<string, List<SafeFileHandle>, Action<int>> Begin);

/// <summary>What one load did while it ran.</summary>
/// <param name="Load">The load.</param>
/// <param name="Seconds">For how long it ran.</param>
/// <param name="Calls">How long its calls took.</param>
internal sealed record LatencyResult(LatencyLoad Load, double Seconds, LatencyHistogram Calls)
{
    /// <summary>Calls, or megabytes, a second.</summary>
    internal double Rate => Calls.Count / Seconds * (Load.Bytes == 0 ? 1 : Load.Bytes / 1e6);
}

/// <summary>The loads, and how they run beside each other.</summary>
internal static class LatencyLoads
{
    private const int SmallFiles = 2000;
    private const int PageBytes = 4096;
    private const int ChunkBytes = 1 << 20;
    private const int SyncedBytes = 64 << 20;
    private const int RandomFileBytes = 64 << 20;
    private const int RandomWritesPerSync = 200;
    private const long StreamBytes = 512L << 20;

    /// <summary>open, read, close of small files.</summary>
    internal static readonly LatencyLoad Open = new("open+read+close", 0, (root, _) =>
    {
        byte[] buffer = new byte[PageBytes];
        var random = new Random(1);
        return _ =>
        {
            using SafeFileHandle file = File.OpenHandle(SmallFile(root, random.Next(SmallFiles)));
            _ = RandomAccess.Read(file, buffer, 0);
        };
    });

    /// <summary>create and unlink of an empty file.</summary>
    internal static readonly LatencyLoad Create = new("create+unlink", 0, (root, _) => round =>
    {
        string path = Path.Combine(root, "created", $"f{round}");
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write).Dispose();
        File.Delete(path);
    });

    /// <summary>4 KiB written over in a small file, and fsync.</summary>
    internal static readonly LatencyLoad Sync = new("4 KiB + fsync", 0, (root, opened) =>
    {
        SafeFileHandle file = OpenFile(root, "synced", opened);
        byte[] page = Noise(PageBytes, 3);
        return round =>
        {
            page[0] = (byte)round;
            RandomAccess.Write(file, page, (long)(round % 16) * PageBytes);
            RandomAccess.FlushToDisk(file);
        };
    });

    /// <summary>A stream of 1 MiB writes, over and over one file.</summary>
    internal static readonly LatencyLoad Stream = new("stream", ChunkBytes, (root, opened) =>
    {
        SafeFileHandle file = OpenFile(root, "stream", opened);
        byte[] chunk = Noise(ChunkBytes, 4);
        return round =>
        {
            chunk[round % ChunkBytes]++;
            RandomAccess.Write(file, chunk, (long)round * ChunkBytes % StreamBytes);
        };
    });

    /// <summary>64 MiB written and fsynced.</summary>
    internal static readonly LatencyLoad BigSync = new("64 MiB + fsync", SyncedBytes, (root, opened) =>
    {
        SafeFileHandle file = OpenFile(root, "big", opened);
        byte[] chunk = Noise(ChunkBytes, 5);
        return round =>
        {
            for (int at = 0; at < SyncedBytes; at += ChunkBytes)
            {
                chunk[(round + at) % ChunkBytes]++;
                RandomAccess.Write(file, chunk, at);
            }
            RandomAccess.FlushToDisk(file);
        };
    });

    /// <summary>Random 4 KiB writes, with fsync after each 200.</summary>
    internal static readonly LatencyLoad Random = new("random 4 KiB", 0, (root, opened) =>
    {
        SafeFileHandle file = OpenFile(root, "random", opened);
        byte[] page = Noise(PageBytes, 6);
        var random = new Random(2);
        return round =>
        {
            page[round % PageBytes]++;
            RandomAccess.Write(file, page, (long)random.Next(RandomFileBytes / PageBytes) * PageBytes);
            if (round % RandomWritesPerSync == RandomWritesPerSync - 1) RandomAccess.FlushToDisk(file);
        };
    });

    /// <summary>Makes the files that the loads need.</summary>
    internal static void Prepare(string root)
    {
        _ = Directory.CreateDirectory(Path.Combine(root, "created"));
        _ = Directory.CreateDirectory(Path.Combine(root, "small"));
        byte[] page = Noise(1024, 7);
        for (int i = 0; i < SmallFiles; i++) File.WriteAllBytes(SmallFile(root, i), page);
        byte[] chunk = Noise(ChunkBytes, 8);
        using SafeFileHandle file =
            File.OpenHandle(Path.Combine(root, "random"), FileMode.OpenOrCreate, FileAccess.Write);
        for (long at = 0; at < RandomFileBytes; at += ChunkBytes) RandomAccess.Write(file, chunk, at);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Runs loads side by side, a thread each.</summary>
    internal static List<LatencyResult> Run(string root, TimeSpan duration, params LatencyLoad[] loads)
    {
        var results = new LatencyResult[loads.Length];
        var threads = new List<Thread>();
        using var start = new Barrier(loads.Length);
        for (int i = 0; i < loads.Length; i++)
        {
            int index = i;
            var thread = new Thread(() => results[index] = RunOne(root, duration, loads[index], start));
            thread.Start();
            threads.Add(thread);
        }
        foreach (Thread thread in threads) thread.Join();
        return [.. results];
    }

    /// <summary>Creates many empty files in one directory.</summary>
    internal static LatencyResult CreateMany(string root, int files)
    {
        string directory = Path.Combine(root, "many");
        _ = Directory.CreateDirectory(directory);
        var calls = new LatencyHistogram();
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < files; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            File.OpenHandle(Path.Combine(directory, $"f{i}"), FileMode.CreateNew, FileAccess.Write).Dispose();
            calls.Add(begin);
        }
        return new LatencyResult(new LatencyLoad($"create {files} files", 0, (_, _) => _ => { }),
            clock.Elapsed.TotalSeconds, calls);
    }

    private static LatencyResult RunOne(string root, TimeSpan duration, LatencyLoad load, Barrier start)
    {
        var opened = new List<SafeFileHandle>();
        Action<int> call = load.Begin(root, opened);
        var calls = new LatencyHistogram();
        start.SignalAndWait();
        var clock = Stopwatch.StartNew();
        for (int round = 0; clock.Elapsed < duration; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            call(round);
            calls.Add(begin);
        }
        double seconds = clock.Elapsed.TotalSeconds;
        foreach (SafeFileHandle file in opened) file.Dispose();
        return new LatencyResult(load, seconds, calls);
    }

    private static SafeFileHandle OpenFile(string root, string name, List<SafeFileHandle> opened)
    {
        opened.Add(File.OpenHandle(Path.Combine(root, name), FileMode.OpenOrCreate, FileAccess.Write));
        return opened[^1];
    }

    private static string SmallFile(string root, int index) => Path.Combine(root, "small", $"f{index}");

    private static byte[] Noise(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
