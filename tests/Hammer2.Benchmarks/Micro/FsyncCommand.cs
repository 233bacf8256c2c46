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
/// What one fsync costs without a kernel: appends 4 KiB to a file and commits it, and prints what each of them wrote,
/// allocated and took of the processor. Images lie in a directory that should be in memory.
/// </summary>
internal sealed class FsyncCommand
{
    private const int AppendBytes = 4096;
    private const int FilesInDirectory = 1000;
    private const long VolumeBytes = 64L << 30;

    private static readonly Credentials Owner = new(0, 0);

    private readonly VnodeOps _ops;
    private readonly List<CountedDevice> _devices;
    private readonly TextWriter _output;
    private readonly SeededRandom _random = new(1);
    private readonly byte[] _noise = new byte[1 << 20];
    private readonly int _calls;

    private FsyncCommand(VnodeOps ops, List<CountedDevice> devices, TextWriter output, int calls)
    {
        _ops = ops;
        _devices = devices;
        _output = output;
        _calls = calls;
        _random.Fill(_noise);
    }

    /// <summary>Runs it: DIRECTORY [nodes [files [calls]]].</summary>
    public static int Run(string[] args, TextWriter output)
    {
        if (args.Length == 0) return 2;
        int nodes = args.Length > 1 ? int.Parse(args[1], null) : 1;
        int files = args.Length > 2 ? int.Parse(args[2], null) : 100_000;
        int calls = args.Length > 3 ? int.Parse(args[3], null) : 1000;
        string[] paths = [.. Enumerable.Range(0, nodes).Select(i => Path.Combine(args[0], $"fsync-bench.{i}"))];
        try
        {
            if (nodes == 1) NewVolume.InFile(paths[0], VolumeBytes);
            else NewVolume.ClusterInFiles(paths, VolumeBytes);
            List<CountedDevice> devices = [.. paths.Select(path => new CountedDevice(FileBlockDevice.Open(path)))];
            var sets = new List<VolumeSet>();
            foreach (CountedDevice device in devices) sets.Add(VolumeSet.Open([device]));
            var options = new ClusterMountOptions(new MediaSourceOptions(), 256 << 20);
            string label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
            using ClusterMount mount = OpenFilesystems.MountAlone(sets, label, options, NullLoggerFactory.Instance);
            var writing = new PfsWriteOptions { Workers = Environment.ProcessorCount };
            if (mount.Pfs.OpenForWriting(writing) != Hammer2Error.None) return 1;
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            new FsyncCommand(ops, devices, output, calls).RunAll(files);
        }
        finally
        {
            foreach (string path in paths) File.Delete(path);
        }
        return 0;
    }

    private void RunAll(int files)
    {
        ulong log = Make(VnodeOps.RootInum, "log", ObjectType.RegularFile);
        Append(log, 0, _calls);
        Measure("fresh, one file", _ => log, _calls);
        ulong[] made = MakeTree(files);
        Measure($"{files} files, one of them", _ => made[files / 2], 0);
        Measure($"{files} files, at random", _ => made[_random.Below(files)], 0);
        MeasureGroup(made, "times of", inum => Must(_ops.SetAttributes(
            inum, new AttributeChange { ModifyTime = _random.NextUInt64() >> 16 }, out _)));
        MeasureGroup(made, "4 KiB of", inum => Must(
            _ops.Write(inum, 0, _noise.AsSpan(_random.Below(200) * AppendBytes, AppendBytes), false)));
        for (int i = 0; i < 20_000; i++)
        {
            ulong at = (ulong)_random.Below(16384) * AppendBytes;
            Must(_ops.Write(log, at, _noise.AsSpan(_random.Below(200) * AppendBytes, AppendBytes), false));
        }
        Measure("beside random writes", _ => made[files / 3], 0);
        Must(_ops.Commit(log));
        Measure("after random writes", _ => log, 16384);
    }

    private ulong[] MakeTree(int files)
    {
        ulong[] made = new ulong[files];
        ulong directory = 0;
        for (int i = 0; i < files; i++)
        {
            if (i % FilesInDirectory == 0)
                directory = Make(VnodeOps.RootInum, $"d{i / FilesInDirectory}", ObjectType.Directory);
            made[i] = Make(directory, $"file{i}", ObjectType.RegularFile);
            Must(_ops.Write(made[i], 0, _noise.AsSpan(_random.Below(200) * AppendBytes, 200), false));
        }
        Must(_ops.Sync());
        return made;
    }

    private void Append(ulong file, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            int at = _random.Below(200) * AppendBytes;
            BitConverter.TryWriteBytes(_noise.AsSpan(at), i);
            Must(_ops.Write(file, (ulong)i * AppendBytes, _noise.AsSpan(at, AppendBytes), false));
            Must(_ops.Commit(file));
        }
    }

    private void Measure(string name, Func<int, ulong> pick, int from)
    {
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long total = GC.GetTotalAllocatedBytes(), own = GC.GetAllocatedBytesForCurrentThread();
        long writes = Sum(static one => one.Writes), bytes = Sum(static one => one.WrittenBytes);
        long flushes = Sum(static one => one.Flushes), reads = Sum(static one => one.Reads);
        for (int i = 0; i < _calls; i++) Append(pick(i), from + i, 1);
        own = GC.GetAllocatedBytesForCurrentThread() - own;
        total = GC.GetTotalAllocatedBytes() - total;
        self.Refresh();
        double micros = (self.TotalProcessorTime - cpu).TotalMicroseconds / _calls;
        _output.WriteLine(FormattableString.Invariant(
            $"{name,-28} writes {Each(Sum(static one => one.Writes) - writes):F2} ")
            + FormattableString.Invariant($"({Each(Sum(static one => one.WrittenBytes) - bytes) / 1024:F1} KiB), ")
            + FormattableString.Invariant($"flushes {Each(Sum(static one => one.Flushes) - flushes):F2}, ")
            + FormattableString.Invariant($"reads {Each(Sum(static one => one.Reads) - reads):F2}, ")
            + FormattableString.Invariant($"allocated {Each(own) / 1024:F1} KiB own, {Each(total) / 1024:F1} KiB, ")
            + FormattableString.Invariant($"cpu {micros:F0} us"));
    }

    // One commit of many objects.
    private void MeasureGroup(ulong[] files, string what, Action<ulong> change)
    {
        int count = Math.Min(files.Length, 10 * _calls);
        int step = files.Length / count;
        for (int i = 0; i < count; i++) change(files[i * step]);
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long total = GC.GetTotalAllocatedBytes();
        Must(_ops.Sync());
        total = GC.GetTotalAllocatedBytes() - total;
        self.Refresh();
        double micros = (self.TotalProcessorTime - cpu).TotalMicroseconds / count;
        _output.WriteLine(FormattableString.Invariant(
            $"a commit of {what} {count} files: for each {total / 1024.0 / count:F2} KiB allocated, ")
            + FormattableString.Invariant($"cpu {micros:F1} us"));
    }

    private double Each(long amount) => (double)amount / _calls;

    private long Sum(Func<CountedDevice, long> count) => _devices.Sum(count);

    private ulong Make(ulong directory, string name, ObjectType type)
    {
        Must(_ops.Create(directory, Encoding.ASCII.GetBytes(name), new NewObject(type, UnixMode.O755), Owner,
            out VnodeAttributes made));
        return made.Inum;
    }

    private static void Must(Errno error)
    {
        if (error != Errno.None) throw new InvalidOperationException($"{error}");
    }
}
