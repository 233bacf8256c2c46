// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Benchmarks.Micro;

/// <summary>
/// Drives the vnode operations without a kernel, on images in a directory that should lie in memory: what the
/// write core itself costs. Prints a line for each workload, with the processor's time beside the clock's.
/// </summary>
internal sealed class WriteCommand
{
    private static readonly Credentials Owner = new(0, 0);

    private readonly VnodeOps _ops;
    private readonly TextWriter _output;
    private readonly double _scale;
    private readonly string _only;
    private readonly SeededRandom _random = new(1);
    private readonly byte[] _noise = new byte[4 << 20];
    private readonly byte[] _text = new byte[4 << 20];

    private WriteCommand(VnodeOps ops, TextWriter output, double scale, string only)
    {
        _only = only;
        _ops = ops;
        _output = output;
        _scale = scale;
        _random.Fill(_noise);
        FillText();
    }

    /// <summary>Runs it: DIRECTORY [nodes [scale [workers [part of a name]]]].</summary>
    public static int Run(string[] args, TextWriter output)
    {
        if (args.Length == 0) return 2;
        int nodes = args.Length > 1 ? int.Parse(args[1], null) : 1;
        double scale = args.Length > 2 ? double.Parse(args[2], null) : 1;
        string[] paths = [.. Enumerable.Range(0, nodes).Select(i => Path.Combine(args[0], $"write-bench.{i}"))];
        try
        {
            if (nodes == 1) NewVolume.InFile(paths[0], 64L << 30);
            else NewVolume.ClusterInFiles(paths, 64L << 30);
            var sets = new List<VolumeSet>();
            foreach (string path in paths) sets.Add(VolumeSet.Open([FileBlockDevice.Open(path)]));
            var options = new ClusterMountOptions(new MediaSourceOptions(), 256 << 20);
            string label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
            using ClusterMount mount = OpenFilesystems.MountAlone(sets, label, options, NullLoggerFactory.Instance);
            int workers = args.Length > 3 ? int.Parse(args[3], null) : Environment.ProcessorCount;
            var writing = new PfsWriteOptions { Workers = workers };
            if (mount.Pfs.OpenForWriting(writing) != Hammer2Error.None) return 1;
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            new WriteCommand(ops, output, scale, args.Length > 4 ? args[4] : "").RunAll();
        }
        finally
        {
            foreach (string path in paths) File.Delete(path);
        }
        return 0;
    }

    private void RunAll()
    {
        Measure("sequential, incompressible", "MB/s", Count(1024), () => Sequential("noise", _noise, Count(1024)));
        Measure("sequential, text", "MB/s", Count(1024), () => Sequential("text", _text, Count(1024)));
        Measure("rewrite, incompressible", "MB/s", Count(1024), () => Sequential("noise", _noise, Count(1024)));
        Measure("4 KiB appends, text", "MB/s", Count(512), () => Sequential("small", _text, Count(512), 4096));
        Measure("4 KiB random, 256 MiB", "ops/s", Count(40_000), () => RandomWrites("noise", Count(40_000)));
        Measure("4 KiB write + fsync", "ops/s", Count(2000), () => WriteAndSync("noise", Count(2000)));
        ulong directory = Make(VnodeOps.RootInum, "dir", ObjectType.Directory);
        Measure("create 1 KiB files", "files/s", Count(50_000), () => CreateFiles(directory, Count(50_000), 1024));
        ulong other = Make(VnodeOps.RootInum, "other", ObjectType.Directory);
        Measure("create 10 KiB files", "files/s", Count(20_000), () => CreateFiles(other, Count(20_000), 10240));
        Measure("create + fsync", "files/s", Count(2000), () => CreateAndSync(Count(2000)));
        Measure("rename", "ops/s", Count(50_000), () => RenameFiles(directory, Count(50_000)));
        Measure("delete", "files/s", Count(50_000), () => DeleteFiles(directory, Count(50_000)));
    }

    private int Count(int full) => Math.Max(1, (int)(full * _scale));

    private void Measure(string name, string unit, int amount, Action work)
    {
        if (!name.Contains(_only, StringComparison.Ordinal)) return;
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long allocated = GC.GetTotalAllocatedBytes();
        long start = Stopwatch.GetTimestamp();
        work();
        double beforeSync = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Must(_ops.Sync());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        self.Refresh();
        double used = (self.TotalProcessorTime - cpu).TotalSeconds;
        double kib = (GC.GetTotalAllocatedBytes() - allocated) / 1024.0 / amount;
        _output.WriteLine(FormattableString.Invariant(
            $"{name,-28} {amount / seconds,10:F0} {unit,-8} {seconds,7:F2} s ({beforeSync:F2} before sync), ")
            + FormattableString.Invariant(
                $"cpu {used:F2} s, {kib:F1} KiB allocated each, {self.PeakWorkingSet64 >> 20} MiB peak"));
    }

    private void Sequential(string name, byte[] content, int mebibytes, int requestBytes = 128 << 10)
    {
        ulong file = Open(name);
        long total = (long)mebibytes << 20;
        for (long at = 0; at < total; at += requestBytes)
        {
            int from = (int)(at % content.Length);
            // No two blocks are equal.
            BitConverter.TryWriteBytes(content.AsSpan(from), at);
            Must(_ops.Write(file, (ulong)at, content.AsSpan(from, requestBytes), false));
        }
    }

    private void RandomWrites(string name, int count)
    {
        ulong file = Open(name);
        while (count-- > 0)
        {
            ulong at = (ulong)_random.Below(65536) * 4096;
            Must(_ops.Write(file, at, _noise.AsSpan(_random.Below(1000) * 4096, 4096), false));
        }
    }

    private void WriteAndSync(string name, int count)
    {
        ulong file = Open(name);
        while (count-- > 0)
        {
            Must(_ops.Write(file, (ulong)_random.Below(262144) * 4096, _noise.AsSpan(0, 4096), false));
            Must(_ops.Sync());
        }
    }

    private void CreateFiles(ulong directory, int count, int bytes)
    {
        for (int i = 0; i < count; i++)
        {
            ulong inum = Make(directory, $"file{i}.txt", ObjectType.RegularFile);
            Must(_ops.Write(inum, 0, _text.AsSpan(_random.Below(1 << 20), bytes), false));
        }
    }

    private void CreateAndSync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = Make(VnodeOps.RootInum, $"sync{i}", ObjectType.RegularFile);
            Must(_ops.Sync());
        }
    }

    private void RenameFiles(ulong directory, int count)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] from = Encoding.ASCII.GetBytes($"file{i}.txt"), to = Encoding.ASCII.GetBytes($"renamed{i}.txt");
            Must(_ops.Rename(directory, from, directory, to, RenameFlags.None, out _));
        }
    }

    private void DeleteFiles(ulong directory, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Must(_ops.Unlink(directory, Encoding.ASCII.GetBytes($"renamed{i}.txt"), out ulong inum));
            Must(_ops.Forget(inum));
        }
    }

    private ulong Open(string name)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        return _ops.Lookup(VnodeOps.RootInum, bytes, out VnodeAttributes found) == Errno.None
            ? found.Inum : Make(VnodeOps.RootInum, name, ObjectType.RegularFile);
    }

    private ulong Make(ulong directory, string name, ObjectType type)
    {
        Must(_ops.Create(directory, Encoding.ASCII.GetBytes(name), new NewObject(type, UnixMode.O755), Owner,
            out VnodeAttributes made));
        return made.Inum;
    }

    // Compresses to about half.
    private void FillText()
    {
        string[] words = new string[150];
        for (int i = 0; i < words.Length; i++)
            words[i] = $"{_random.NextUInt64():x}"[.._random.Pick<int>([5, 8, 11])];
        int at = 0;
        while (at < _text.Length)
        {
            byte[] word = Encoding.ASCII.GetBytes(words[_random.Below(words.Length)] + " ");
            int length = Math.Min(word.Length, _text.Length - at);
            word.AsSpan(0, length).CopyTo(_text.AsSpan(at));
            at += length;
        }
    }

    private static void Must(Errno error)
    {
        if (error != Errno.None) throw new InvalidOperationException($"{error}");
    }
}
