// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Benchmarks.Mount;

/// <summary>Readers that do nothing but pread(2): what they cost is the same for every contender.</summary>
internal static class FileReaders
{
    private const int SequentialBytes = 1 << 20;
    private const int RandomBytes = 4096;

    /// <summary>Reads files from end to end, one thread each; MB/s of all together.</summary>
    internal static Outcome Sequential(string[] paths)
    {
        long[] bytes = new long[paths.Length];
        double seconds = InParallel(paths.Length, worker =>
        {
            using SafeFileHandle file = File.OpenHandle(paths[worker]);
            byte[] buffer = GC.AllocateUninitializedArray<byte>(SequentialBytes, pinned: true);
            int got;
            while ((got = RandomAccess.Read(file, buffer, bytes[worker])) > 0) bytes[worker] += got;
        });
        long total = 0;
        foreach (long count in bytes) total += count;
        return new Outcome(total / seconds / 1e6, total);
    }

    /// <summary>
    /// Reads blocks at seeded places, <paramref name="readsPerJob"/> from each of <paramref name="jobs"/>
    /// threads, with read-ahead off as a database would; reads a second of all together, and latencies.
    /// </summary>
    internal static Outcome Random(string path, int jobs, int readsPerJob, int round)
    {
        long blocks = new FileInfo(path).Length / RandomBytes;
        if (blocks == 0) throw new IOException($"{path} is too short for random reads");
        double[][] latencies = new double[jobs][];
        long[] bytes = new long[jobs];
        double seconds = InParallel(jobs, worker =>
        {
            var random = new Random((round * 64) + worker);
            double[] times = latencies[worker] = new double[readsPerJob];
            using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.RandomAccess);
            byte[] buffer = GC.AllocateUninitializedArray<byte>(RandomBytes, pinned: true);
            for (int i = 0; i < readsPerJob; i++)
            {
                long start = Stopwatch.GetTimestamp();
                bytes[worker] += RandomAccess.Read(file, buffer, random.NextInt64(blocks) * RandomBytes);
                times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
        });
        double[] all = new double[jobs * readsPerJob];
        long total = 0;
        for (int job = 0; job < jobs; job++)
        {
            latencies[job].CopyTo(all, job * readsPerJob);
            total += bytes[job];
        }
        Array.Sort(all);
        return new Outcome(all.Length / seconds, total, all[all.Length / 2], all[all.Length * 99 / 100]);
    }

    private static double InParallel(int workers, Action<int> work)
    {
        Exception? failure = null;
        var threads = new Thread[workers];
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < workers; i++)
        {
            int worker = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    work(worker);
                }
                catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
                {
                    failure = problem;
                }
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        double seconds = clock.Elapsed.TotalSeconds;
        return failure is null ? seconds : throw new IOException(failure.Message, failure);
    }
}
