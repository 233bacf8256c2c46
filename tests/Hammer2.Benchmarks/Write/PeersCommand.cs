// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using Hammer2.Benchmarks.Mount;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Write;

/// <summary><c>peers</c>: makes each filesystem afresh on loop devices, writes to it, and prints the
/// medians.</summary>
internal static class PeersCommand
{
    private const string Usage = """
        usage: peers --program FILE [options]      (root; needs mke2fs, fuse2fs, mkntfs, ntfs-3g, mkfs.btrfs, losetup)
          --program FILE      the program (out/hammer2)
          --scratch DIR       where images are made (default /dev/shm/hammer2-write)
          --megabytes N       bytes of a sequential row in MiB (default 256)
          --files N           files of the rows of small files (default 2000)
          --contender A,B     contenders to run: hammer2, hammer2-nowb, hammer2-3, btrfs, btrfs-zstd1, ntfs-3g, fuse2fs
          --runs N            rounds (default 3); contenders alternate within a round
          --json FILE, --markdown FILE   where to write results besides the screen
        """;

    private static readonly string[] s_options =
        ["program", "scratch", "megabytes", "files", "contender", "runs", "json", "markdown"];

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs the command; answers the exit code: 1 when a run failed, 2 when it was not
    /// understood.</summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            return Compare(new CommandArguments(arguments, s_options), output);
        }
        catch (UsageException problem)
        {
            errors.WriteLine(problem.Message.Length == 0 ? Usage : problem.Message + "\n" + Usage);
            return 2;
        }
    }

    private static int Compare(CommandArguments line, TextWriter output)
    {
        string program = Path.GetFullPath(line.Text("program") ?? throw new UsageException("give --program"));
        string scratch = line.Text("scratch") ?? "/dev/shm/hammer2-write";
        Directory.CreateDirectory(scratch);
        var workloads = new WriteWorkloads(
            (int)line.Number("megabytes", 256, 1, 4096), (int)line.Number("files", 2000, 10, 100_000), scratch);
        List<WriteContender> contenders = WriteContender.All(program);
        List<string> chosen = line.Names("contender");
        if (chosen.Count > 0) contenders.RemoveAll(contender => !chosen.Contains(contender.Name));
        var comparison = new Comparison(
            contenders.ConvertAll(one => new Contender(one.Name, "", "", "", one.Process)), workloads.All);
        int runs = (int)line.Number("runs", 3, 1, 100);
        bool failed = false;
        for (int round = 0; round < runs; round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                WriteContender contender = contenders[round % 2 == 0 ? i : contenders.Count - 1 - i];
                failed |= !RunOne(comparison, contender, workloads, scratch, round, output);
            }
        }
        Directory.Delete(scratch, recursive: true);
        Report(comparison, line, runs, output);
        return failed ? 1 : 0;
    }

    private static void Report(Comparison comparison, CommandArguments line, int runs, TextWriter output)
    {
        string machine = Machine.Describe();
        string method = string.Create(CultureInfo.InvariantCulture,
            $"medians of {runs} alternating runs on fresh filesystems on loop devices over tmpfs");
        string markdown = ComparisonWriter.Markdown(comparison, machine, method);
        output.Write("\n" + markdown);
        if (line.Text("markdown") is { } markdownFile) File.WriteAllText(markdownFile, markdown);
        if (line.Text("json") is not { } jsonFile) return;
        using FileStream file = File.Create(jsonFile);
        ComparisonWriter.Json(comparison, machine, method, file);
    }

    private static bool RunOne(Comparison comparison, WriteContender contender, WriteWorkloads workloads,
        string scratch, int round, TextWriter output)
    {
        string current = "make";
        try
        {
            using var target = new WriteTarget(contender, scratch);
            target.Mount();
            foreach (Workload workload in workloads.All)
            {
                current = workload.Name;
                Measurement run = Measure(target, contender, workload, round, out double writtenMiB);
                string? error = comparison.Add(run);
                string figure = ComparisonWriter.Digits(run.Outcome.Figure);
                output.WriteLine(Invariant($"{round + 1} {contender.Name,-12} {workload.Name,-9} ")
                    + Invariant($"{figure,8} {workload.Unit,-5} cpu {run.DaemonCpuSeconds:f2} s ")
                    + Invariant($"peak {run.DaemonPeakMiB:f0} MiB written {writtenMiB:f0} MiB {error}"));
            }
            current = "verify";
            target.Unmount();
            target.Mount();
            workloads.Verify(target.MountPoint);
            return true;
        }
        catch (IOException problem)
        {
            output.WriteLine($"{round + 1} {contender.Name} {current}: {problem.Message}");
            comparison.Add(new Measurement(contender.Name, current, round, default, 0, 0, 0, problem.Message));
            return false;
        }
    }

    private static Measurement Measure(WriteTarget target, WriteContender contender, Workload workload,
        int round, out double writtenMiB)
    {
        _ = ProcessRecord.TryRead(target.DaemonId, out ProcessRecord before); // zeros without a daemon
        long writtenBefore = target.WrittenBytes();
        double ownBefore = ProcessRecord.OwnCpuSeconds();
        double busyBefore = Machine.BusySeconds();
        var clock = Stopwatch.StartNew();
        Outcome outcome = workload.Run(target.MountPoint, round);
        double capacity = clock.Elapsed.TotalSeconds * Environment.ProcessorCount;
        writtenMiB = (target.WrittenBytes() - writtenBefore) / 1048576.0;
        if (!ProcessRecord.TryRead(target.DaemonId, out ProcessRecord after) && target.DaemonId != 0)
            throw new IOException("the daemon died");
        double daemon = after.CpuSeconds - before.CpuSeconds;
        double busy = Machine.BusySeconds() - busyBefore - (ProcessRecord.OwnCpuSeconds() - ownBefore);
        double foreign = Math.Clamp((busy - daemon) / capacity, 0, 1);
        return new Measurement(
            contender.Name, workload.Name, round, outcome, daemon, after.PeakMiB, foreign, null);
    }

    /// <summary>A filesystem that was made afresh, with its devices.</summary>
    private sealed class WriteTarget : IDisposable
    {
        private const long ImageBytes = 3L << 30;
        private readonly WriteContender _contender;
        private readonly List<string> _images = [];
        private readonly List<string> _devices = [];

        public WriteTarget(WriteContender contender, string scratch)
        {
            _contender = contender;
            MountPoint = Path.Combine(scratch, "mnt");
            Directory.CreateDirectory(MountPoint);
            for (int index = 0; index < contender.Devices; index++)
            {
                string image = Path.Combine(scratch, Invariant($"{contender.Name}-{index}.img"));
                using (FileStream file = File.Create(image)) file.SetLength(ImageBytes);
                _images.Add(image);
                _devices.Add(Run($"losetup -f --show {Shell.Quote(image)}").Trim());
            }
            _ = Run(Fill(contender.Make));
        }

        public string MountPoint { get; }

        public int DaemonId { get; private set; }

        public void Mount()
        {
            string log = Path.Combine(Path.GetTempPath(), $"hammer2-write-{Environment.ProcessId}.log");
            using Process process = Shell.StartDetached(Fill(_contender.Mount), log);
            if (!process.WaitForExit(s_limit)) throw new IOException("mount stays in foreground");
            if (process.ExitCode != 0) throw new IOException($"mount failed: {File.ReadAllText(log).Trim()}");
            File.Delete(log);
            if (_contender.Process.Length > 0) DaemonId = ProcessRecord.Find(_contender.Process, _devices[0]);
            if (_contender.Process.Length > 0 && DaemonId == 0) throw new IOException("no daemon found");
        }

        public void Unmount()
        {
            _ = Run($"umount {Shell.Quote(MountPoint)}");
            for (int wait = 0; wait < 6000 && ProcessRecord.TryRead(DaemonId, out _); wait++) Thread.Sleep(10);
            DaemonId = 0;
        }

        /// <summary>Bytes that reached the devices so far.</summary>
        public long WrittenBytes()
        {
            const int SectorsWritten = 6;
            long sectors = 0;
            foreach (string device in _devices)
            {
                string text = File.ReadAllText($"/sys/block/{Path.GetFileName(device)}/stat");
                string[] fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                sectors += long.Parse(fields[SectorsWritten], CultureInfo.InvariantCulture);
            }
            return sectors * 512;
        }

        public void Dispose()
        {
            if (Shell.Run($"mountpoint -q {Shell.Quote(MountPoint)}", "/", s_limit).ExitCode == 0) Unmount();
            foreach (string device in _devices) _ = Shell.Run($"losetup -d {device}", "/", s_limit);
            foreach (string image in _images) File.Delete(image);
        }

        private string Fill(string command) => command
            .Replace("{devices}", string.Join(' ', _devices), StringComparison.Ordinal)
            .Replace("{mountpoint}", Shell.Quote(MountPoint), StringComparison.Ordinal);

        private static string Run(string command)
        {
            ShellResult result = Shell.Run(command, "/", s_limit);
            if (result.ExitCode == 0) return result.Output;
            throw new IOException($"'{command}' ended with {result.ExitCode}: {result.Errors.Trim()}");
        }
    }
}
